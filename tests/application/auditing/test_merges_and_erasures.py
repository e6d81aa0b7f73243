"""The history of persons who were merged and erased is as whole as any other."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmcore import Interaction, Person
from crmcore.crm import Crm
from crmcore.testing import specimens
from crmcore.testing.contract.case import NOON
from crmcore.testing.crm import make_crm
from crmcore.testing.specimens import Profile
from tests.databases import storages
from tests.shared import SharedCrm


def merged_and_erased(crm: Crm) -> None:
    """Merge two of three customers, take it back, merge them again, and erase them."""
    with crm.work("sara") as work:
        leila, again, other = (
            work.customers.add(Person(name, emails=[f"{name}@example.com"], birth_date=dt.date(1990, 5, 17))).id
            for name in ("leila", "lejla", "omid")
        )
        for customer in (leila, again, other):
            work.interactions.add(Interaction(customer=customer, at=NOON, channel="call", body="about a ring"))
        work.customers.put_facet(again, Profile(motto="blue", card="c-1"))
    with crm.work("sara") as work:
        merge = work.merges.merge(leila, [again]).merge
    crm.pump(jobs=False)
    with crm.work("sara") as work:
        work.merges.undo(merge.id)
    with crm.work("sara") as work:
        work.merges.merge(leila, [again])
        work.customers.change(leila, note="likes blue")
    crm.pump(jobs=False)
    with crm.work("dpo") as work:
        work.subjects.erase(leila, "asked for it")


def test_aud_07_an_erased_person_leaves_a_whole_history(shared: SharedCrm) -> None:
    """AUD-07: values are gone, the entries stay and the chain still holds, against anchors of before too, whether or
    not the erasure itself has positions yet."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        work.customers.add(Person("somebody"))
    before = crm.audit.anchor()
    merged_and_erased(crm)
    early = crm.audit.verify(before)
    assert early.ok, early.problems
    assert early.waiting and early.erased
    finding = crm.audit.verify(before, crm.audit.anchor())
    assert finding.ok, finding.problems
    assert finding.erased == early.erased and not finding.waiting
    assert "lejla" not in "".join(entry.changes for entry in crm.feed())


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_what_an_erasure_left_cannot_be_changed(fresh_url: str) -> None:
    """AUD-01: otherwise an entry that was emptied could be filled with anything."""
    with make_crm(fresh_url, plugins=[specimens]) as crm:
        merged_and_erased(crm)
        anchor = crm.audit.anchor()
        engine = sa.create_engine(fresh_url, poolclass=NullPool)
        before = {entry.position: entry.changes for entry in crm.feed()}
        for position, text in before.items():
            with engine.begin() as connection:
                said = {"position": position, "text": '{"name":[null,"somebody else"]}'}
                connection.execute(sa.text("UPDATE crm_change SET changes = :text WHERE position = :position"), said)
            assert not crm.audit.verify(anchor).ok, position
            with engine.begin() as connection:
                said["text"] = text
                connection.execute(sa.text("UPDATE crm_change SET changes = :text WHERE position = :position"), said)
        assert crm.audit.verify(anchor).ok
