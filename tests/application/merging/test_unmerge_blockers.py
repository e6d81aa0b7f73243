"""What is in the way of taking a merge back: named, all of it at once, and nothing is done then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest

from crmcore import Person, User
from crmcore.application.unit import UnitOfWork
from crmcore.domain.customer import ContactPoint
from crmcore.domain.errors import MergeRefused
from crmcore.testing.specimens import Profile
from tests.application.merging.test_merging import add
from tests.application.merging.test_unmerging import blockers, merge, passes
from tests.shared import SharedCrm

Step = Callable[[UnitOfWork, UUID, UUID], object]


def rename(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A field that the merge had set."""
    return work.customers.change(a, name="Other")


def drop_point(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A part that came from the other."""
    held = work.customers.get(a).contact_points
    return work.customers.change(a, contact_points=tuple(each for each in held if each.value != "b@example.com"))


def mark_point(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A part that came from the other, changed."""
    points = [ContactPoint(p.kind, p.value, usage="work", no=p.no) for p in work.customers.get(a).contact_points]
    return work.customers.change(a, contact_points=tuple(points))


def change_facet(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A value of a facet that the merge brought."""
    return work.customers.change(a, {"specimen.motto": "other"})


def drop_facet(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """The facet that the merge brought."""
    work.customers.drop_facet(a, Profile)
    return None


def take_card(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """The unique value of the other, taken by somebody else."""
    work.customers.drop_facet(a, Profile)
    return work.customers.add(Person("D").with_facets(Profile(card="K")))


def merge_again(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A later merge of the survivor, and an edit."""
    work.customers.change(a, {"specimen.motto": "other"})
    return work.merges.merge(a, [work.customers.add(Person("D")).id])


def merge_away(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """A later merge that made the survivor a part of another."""
    return work.merges.merge(work.customers.add(Person("D")).id, [a])


def remove_owner(work: UnitOfWork, a: UUID, b: UUID) -> object:
    """Whom the survivor referred to before the merge."""
    [owner] = work.users.query('name = "old"').items
    work.users.remove(owner.id)
    return None


IN_THE_WAY: dict[Step, set[str]] = {
    rename: {"name"},
    drop_point: {"contact_points[2]"},
    mark_point: {"contact_points[1]", "contact_points[2]"},
    change_facet: {"specimen.motto"},
    drop_facet: {"specimen"},
    take_card: {"specimen", "specimen.card"},
    merge_again: {"survivor", "specimen.motto"},
    merge_away: {"others"},
    remove_owner: {"owner"},
}


@pytest.mark.parametrize("step", IN_THE_WAY, ids=lambda step: step.__name__)
def test_what_is_in_the_way_is_named(shared: SharedCrm, step: Step) -> None:
    """Something would be guessed, or taken back by halves."""
    crm = shared.fresh()
    with crm.work("root") as work:
        old, new = (work.users.add(User(name)).id for name in ("old", "new"))
    [a] = add(crm, Person("A", emails=["a@example.com"], owner=old))
    passes(crm)
    [b] = add(crm, Person("Anna", emails=["b@example.com"], owner=new).with_facets(Profile(card="K", motto="m")))
    done = merge(crm, a, b)
    with crm.work("sara") as work:
        step(work, a, b)
    passes(crm)
    found = blockers(crm, done)
    assert {each["field"] for each in found} == IN_THE_WAY[step]
    if step is rename:
        at = (crm.kernel.clock.now() - dt.timedelta(hours=1)).isoformat()
        why = "it was changed since the merge"
        assert found == [{"record": "customer", "id": str(a), "field": "name", "why": why, "at": at, "by": "sara"}]


def test_everything_in_the_way_at_once(shared: SharedCrm) -> None:
    """Whoever mends one would learn of the next one only then."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("Anna", note="n", phones=["+20100"]).with_facets(Profile(motto="m")))
    done = merge(crm, a, b)
    with crm.work("root") as work:
        rename(work, a, b)
        change_facet(work, a, b)
        work.customers.change(a, note=None, phone="+20111")
    assert [each["field"] for each in blockers(crm, done)] == ["name", "note", "contact_points[1]", "specimen.motto"]
    with crm.work("root") as work:
        work.customers.change(a, {"name": "Anna", "note": "n", "phone": "+20100", "specimen.motto": "m"})
        work.merges.undo(done.merge.id)
        assert (work.customers.get(a).name, work.customers.get(b).name) == ("A", "Anna")


def test_who_was_erased_is_not_taken_back(shared: SharedCrm) -> None:
    """GDP: the data of an erased person would come back out of the log, or by a merge with another."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("Anna", emails=["anna@example.com"]), Person("C"))
    done = merge(crm, a, b)
    with crm.work("sara") as work:
        work.subjects.erase(b, reason="she asked for it")
    found = blockers(crm, done)
    assert {(each["id"], each["why"]) for each in found} == {
        (str(id), "the data of this person was erased") for id in (a, b)
    }
    with crm.work("root") as work:
        reasons = work.merges.preview(c, [a]).reasons
        assert reasons == (f"the data of {a} was erased",)
        with pytest.raises(MergeRefused):
            work.merges.merge(a, [c])
