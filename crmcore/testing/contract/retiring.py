"""The contract of tables of plugins: put aside, brought back exactly, dropped, and never half of it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import attrs
import pytest

from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.dormant import Belongings, belongings
from crmcore.domain.errors import CrmError
from crmcore.ports.stamp import KnownPlugin, Stamp
from crmcore.testing import specimens
from crmcore.testing.contract.case import StorageCase, customer_id, full_profile, full_sample, plain_sample
from crmcore.testing.specimens import Profile, Sample

NAME: Final = "specimen"
SAMPLE: Final = {
    "label": "Sample",
    "taken_at": "9999-12-30T23:59:59.999999Z",
    "number": 2**63 - 1,
    "ratio": "999999999999.999999",
    "fine": "-999999.999999999999",
    "price": "99999999999999.9999",
    "price_currency": "JPY",
    "active": False,
    "checked": True,
    "taken_on": "9999-12-31",
    "colour": "blue",
    "data": {"text": "‌x", "list": [1, 2, []], "no": None, "yes": True},
    "source": "shop",
}
"""What an archive says of `full_sample`, among other things."""


class RetiringContract(StorageCase):
    """What is a plugin's own, while there are rows."""

    def test_a_stamp_is_changed_as_a_whole_or_not_at_all(self, crm: Crm) -> None:
        """Two processes would undo what the other did, or nobody would notice."""
        before, tables = _stamp(crm), crm.storage.plugin_tables
        other = attrs.evolve(before, known={**before.known, "other": KnownPlugin("disabled", requires=("a",))})
        assert tables.restamp(lambda stamp: attrs.evolve(stamp, known=other.known)) == other
        assert _stamp(crm).known["other"] == KnownPlugin("disabled", requires=("a",))
        assert int(_stamp(crm).epoch) == int(before.epoch or 0) + 1
        with pytest.raises(ZeroDivisionError):
            tables.restamp(lambda stamp: attrs.evolve(stamp, keys=1 // 0))
        assert (_stamp(crm), int(_stamp(crm).epoch)) == (other, int(before.epoch or 0) + 1)
        tables.restamp(lambda stamp: before)
        assert _stamp(crm).known == before.known

    def test_retired_tables_come_back_as_they_were(self, crm: Crm) -> None:
        """Values at the edges of their kinds would change, or a table be forgotten."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            omar = work.customers.add(Person("Omar").with_facets(full_profile())).id
            sample = work[Sample].add(full_sample(leila)).id
        before = _rows(crm, sample, omar)
        crm.plugins.disable(NAME, actor="root")
        crm.plugins.retire(NAME, actor="root")
        own, tables = _own(crm), crm.storage.plugin_tables
        told = {name: list(rows) for name, rows in tables.contents(own)}
        assert {name: len(rows) for name, rows in told.items()} == {
            "specimen_sample": 1,
            "specimen_sample_piece": 2,
            "specimen_sample_tags": 6,
            "specimen_sample_marks": 2,
            "specimen_entry": 0,
            "specimen_customer": 1,
            "specimen_customer_likes": 2,
        }
        assert {**told["specimen_sample"][0], **SAMPLE} == told["specimen_sample"][0]
        assert told["specimen_sample"][0]["customer"] == str(leila)
        assert sorted(each["tags"] for each in told["specimen_sample_tags"]) == sorted(
            ("a", "A", "á", "a b", "ی", "🙂")
        )
        assert told["specimen_customer"][0]["seen_at"] == "2025-01-15T12:00:00Z"
        crm.plugins.enable(specimens, actor="root")
        assert _rows(crm, sample, omar) == before

    def test_what_lost_its_owner_is_given_out_before_it_goes(self, crm: Crm) -> None:
        """It would be gone without a trace; and who does not want that must find everything as it was."""
        leila, omar = customer_id(crm), customer_id(crm, "Omar")
        with crm.work("sara") as work:
            work.customers.put_facet(omar, full_profile())
            sample = work[Sample].add(plain_sample("of Omar", customer=omar)).id
            work[Sample].add(plain_sample("of Leila", customer=leila))
        crm.plugins.disable(NAME, actor="root")
        crm.plugins.retire(NAME, actor="root")
        with crm.work("sara") as work:
            work.customers.remove(omar)
        own, tables, lost = _own(crm), crm.storage.plugin_tables, list[Any]()

        def refuse(rows: Any) -> None:
            raise CrmError("keep them")

        for _ in range(2):
            with pytest.raises(CrmError, match="keep them"):
                tables.restore(own, lambda stamp: stamp, refuse)
            assert {name: len(list(rows)) for name, rows in tables.contents(own)}["specimen_sample"] == 2
        tables.restore(own, _disabled, lost.extend)
        names = ["specimen_customer", "specimen_customer_likes", "specimen_customer_likes", "specimen_sample"]
        assert sorted(name for name, _ in lost) == names
        assert [row["id"] for name, row in lost if name == "specimen_sample"] == [str(sample)]
        crm.plugins.enable(specimens, actor="root")
        with crm.work("sara") as work:
            assert work[Sample].get(sample).customer is None
            assert work.customers.count("specimen.points is not missing") == 0

    def test_what_is_purged_is_gone_and_can_be_made_anew(self, crm: Crm) -> None:
        """Something of it would be in the way of the next one."""
        with crm.work("sara") as work:
            work[Sample].add(plain_sample("Nothing"))
        crm.plugins.disable(NAME, actor="root")
        crm.plugins.retire(NAME, actor="root")
        own, tables = _own(crm), crm.storage.plugin_tables
        went = tables.purge(own, lambda stamp: attrs.evolve(stamp, known={}, fingerprints=_others(stamp)))
        assert len(went) >= 3
        assert [name for name, _ in tables.contents(own)] == []
        with crm.work("sara") as work:
            assert work.transaction.find_keys("name", "nothing", None, ["specimen.sample"], 9) == []
        crm.plugins.enable(specimens, actor="root")
        with crm.work("sara") as work:
            work[Sample].add(plain_sample("New"))
            assert work[Sample].count() == 1


def _stamp(crm: Crm) -> Stamp:
    stamp = crm.storage.stamp()
    assert stamp is not None
    return stamp


def _own(crm: Crm) -> Belongings:
    return belongings(NAME, _stamp(crm).known[NAME].described)


def _disabled(stamp: Stamp) -> Stamp:
    return attrs.evolve(stamp, known={**stamp.known, NAME: attrs.evolve(stamp.known[NAME], state="disabled")})


def _others(stamp: Stamp) -> dict[str, str]:
    return {name: each for name, each in stamp.fingerprints.items() if name != NAME}


def _rows(crm: Crm, sample: UUID, customer: UUID) -> tuple[Sample, Profile]:
    with crm.work("reader") as work:
        return work[Sample].get(sample), work.customers.get(customer, with_=[Profile]).facet(Profile)
