"""A merge that leaves the survivor as it was is taken back as any other."""

from __future__ import annotations

from crmcore import Person
from tests.shared import SharedCrm


def test_a_survivor_that_a_merge_left_as_it_was_is_no_erased_one(shared: SharedCrm) -> None:
    """Its entry in the log has no values because there was nothing to tell, and the merge could never be undone."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        one, other = (work.customers.add(Person("Leila", emails=["leila@example.com"])) for _ in range(2))
        merged = work.merges.merge(one.id, [other.id])
    with crm.work("sara") as work:
        entry = work.customers.history(one.id)[-1]
        assert (entry.operation, entry.values()) == ("merge", {})
        work.merges.undo(merged.merge.id)
        assert work.customers.get(other.id).id == other.id
        assert work.customers.get(other.id).merged_into is None
