"""The pump links what it numbers: each entry once, whoever pumps and whenever it began."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmcore import Person
from crmcore.adapters.clock import Uuid7Ids
from crmcore.application import feeding
from crmcore.crm import Crm
from crmcore.domain.audit import FIRST, entry_text, link_digest
from crmcore.domain.errors import StorageBusy
from crmcore.ports.auditing import Link
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.application.auditing.tampering import lived_in
from tests.application.test_running import side_by_side
from tests.databases import storages
from tests.shared import SharedCrm


def links(crm: Crm) -> list[Link]:
    """All links."""
    transaction = crm.storage.begin()
    try:
        return transaction.auditing.links(0, 100_000)
    finally:
        transaction.rollback()


def add(crm: Crm, count: int, actor: str = "sara") -> None:
    """Leave so many entries in the log."""
    with crm.work(actor) as work:
        work.customers.add_many(Person(f"person {n}") for n in range(count))


def check_whole(crm: Crm) -> None:
    """Each entry has its link, made from the one before."""
    digest = FIRST
    entries, made = crm.feed(limit=1_000), links(crm)
    assert [link.position for link in made] == [entry.position for entry in entries]
    for entry, link in zip(entries, made, strict=True):
        digest = link_digest(digest, entry_text(entry))
        assert link.digest == digest


def test_every_numbered_entry_has_its_link(shared: SharedCrm) -> None:
    """Otherwise some of the history would be proven and some not."""
    crm = shared.fresh()
    assert crm.audit.anchor().position == 0 and crm.audit.verify(crm.audit.anchor()).ok
    for count in (3, 0, 4):
        add(crm, count)
        crm.pump(jobs=False)
        check_whole(crm)
    assert len(links(crm)) == crm.audit.anchor().entries == crm.audit.length() == 7


def test_batches_go_on_where_the_last_one_ended(shared: SharedCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pump that works off a great many would leave out or double what lies at a border."""
    monkeypatch.setattr(feeding, "BATCH", 3)
    crm = shared.fresh()
    for count in (2, 3, 7):
        add(crm, count)
        crm.pump(jobs=False)
        check_whole(crm)


def test_all_kinds_of_entries_verify(shared: SharedCrm) -> None:
    """AUD-07: erasures leave a history that holds, and are told apart; the progress adds up."""
    crm = shared.fresh()
    anchor = lived_in(crm)
    read: list[int] = []
    finding = crm.audit.verify(anchor, progress=read.append)
    assert finding.ok, finding.problems
    assert finding.checked == finding.covered == anchor.entries == sum(read)
    assert finding.erased == 5 and finding.waiting == 0
    add(crm, 2)
    assert crm.audit.verify(anchor).waiting == 2
    assert crm.audit.verify(anchor, crm.audit.anchor()).ok


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_a_log_of_an_older_release_is_linked_from_its_start(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entries have positions and no links."""
    with make_crm(fresh_url, plugins=[specimens]) as crm:
        anchor = lived_in(crm)
        engine = sa.create_engine(fresh_url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM crm_chain"))
        finding = crm.audit.verify()
        assert finding.first is not None and finding.first.position == 1 and "crm worker --once" in finding.first.what
        monkeypatch.setattr(feeding, "BATCH", 4)
        add(crm, 6)
        crm.pump(jobs=False)
        check_whole(crm)
        assert crm.audit.verify(anchor).ok


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_pumps_side_by_side(fresh_url: str) -> None:
    """Two would make two links for one entry, or leave one without."""
    with make_crm(fresh_url, ids=Uuid7Ids()) as one, make_crm(fresh_url, ids=Uuid7Ids()) as other:

        def write_and_pump(crm: Crm, actor: str) -> Callable[[], None]:
            def work() -> None:
                for _ in range(10):
                    patiently(lambda: add(crm, 3, actor))
                    patiently(lambda: crm.pump(jobs=False))

            return work

        side_by_side(write_and_pump(one, "sara"), write_and_pump(other, "reza"))
        patiently(lambda: one.pump(jobs=False))
        check_whole(one)
        assert len(links(one)) == 60 and one.audit.verify(one.audit.anchor()).ok


def patiently(work: Callable[[], object]) -> None:
    """Again where another writer is in the way."""
    for _ in range(100):
        try:
            work()
        except StorageBusy:
            continue
        return
    raise AssertionError("another writer was in the way a hundred times")


@pytest.mark.parametrize("fresh_url", storages("sqlite", "postgres"), indirect=True)
def test_an_entry_that_cannot_be_read_is_found(fresh_url: str) -> None:
    """AUD-01: otherwise a value that no driver reads would end the verification instead of being found."""
    with make_crm(fresh_url, plugins=[specimens]) as crm:
        anchor = lived_in(crm)
        engine = sa.create_engine(fresh_url, poolclass=NullPool)
        for position in (4, 5):
            with engine.begin() as connection:
                connection.execute(sa.text(f"UPDATE crm_change SET at = 'infinity' WHERE position = {position}"))
        finding = crm.audit.verify(anchor)
        assert [each.position for each in finding.problems if "cannot be read" in each.what] == [4, 5]
        assert finding.first is not None and finding.first.position == 4
