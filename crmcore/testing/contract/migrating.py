"""The contract of migrating: revisions are run in order, once, recorded with their fingerprints, and keep the rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import SchemaMismatch
from crmcore.ports.migration import FIRST, Chain, Operations, Revision
from crmcore.ports.stamp import Stamp
from crmcore.testing.contract.case import StorageCase, full_profile, full_sample
from crmcore.testing.specimens import Profile, Sample

NAME = "specimen"


def nothing(op: Operations) -> None:
    """A revision that leaves the tables as they are: a storage has them as they are declared already."""


def chain(*ids: str) -> Chain:
    """Revisions that follow on each other, each with a fingerprint of its own."""
    made = (Revision(id, down, f"shape {id}", nothing) for down, id in zip((FIRST, *ids), ids, strict=False))
    return Chain(NAME, tuple(made))


class MigratingContract(StorageCase):
    """A plugin's tables go from revision to revision."""

    @pytest.fixture
    def before(self, crm: Crm) -> Iterator[Stamp]:
        """What the database was made by; it is so again at the end."""
        stamp = crm.storage.stamp()
        assert stamp is not None
        yield stamp
        crm.storage.create(stamp, [NAME])
        crm.readiness.look()

    def test_revisions_are_recorded(self, crm: Crm, before: Stamp) -> None:
        """What was run would be run again, or a start would refuse a database that fits."""
        crm.storage.migrate(chain("0002", "0003"), lambda step: None)
        after = crm.storage.stamp()
        assert after is not None
        assert after.revisions == {**before.revisions, NAME: "0003"}
        assert after.fingerprints == {**before.fingerprints, NAME: "shape 0003"}
        assert (after.plugins, after.fold, after.keys) == (before.plugins, before.fold, before.keys)

    def test_what_was_run_is_not_run_again(self, crm: Crm, before: Stamp) -> None:
        """A step that counts something up would count twice."""
        crm.storage.migrate(chain("0002"), lambda step: None)
        told: list[str] = []
        once = crm.storage.stamp()
        crm.storage.migrate(chain("0002"), told.append)
        assert (crm.storage.stamp(), told) == (once, [])
        crm.storage.migrate(chain("0002", "0003"), told.append)
        assert crm.storage.stamp() != once

    def test_a_revision_of_a_newer_version_is_refused(self, crm: Crm, before: Stamp) -> None:
        """An older version would take a newer database for one of its own."""
        crm.storage.migrate(chain("0002"), lambda step: None)
        once = crm.storage.stamp()
        with pytest.raises(SchemaMismatch):
            crm.storage.migrate(Chain(NAME), lambda step: None)
        assert crm.storage.stamp() == once

    def test_rows_stay(self, crm: Crm, before: Stamp) -> None:
        """An upgrade would lose what people have entered."""
        with crm.work("sara") as work:
            customer = work.customers.add(Person("Leila").with_facets(full_profile()))
            sample = work[Sample].add(full_sample(customer.id))
        crm.storage.migrate(chain("0002"), lambda step: None)
        crm.storage.create(before, [NAME])
        with crm.work("sara", snapshot=True) as work:
            assert work[Sample].get(sample.id) == sample
            assert work.customers.get(customer.id, with_=[Profile]).facet(Profile) == customer.facet(Profile)
