"""A merge is taken back exactly; what was done since stays, goes where it belongs, or stands in the way by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Organisation, Person, Relationship
from crmcore.crm import Crm
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.domain.errors import Denied, InvalidValue, NotFound, UnmergeBlocked
from crmcore.domain.leads.lead import Lead
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import Merged
from crmcore.testing.fakes import FrozenClock, Restricted
from crmcore.testing.specimens import Piece, Profile, Sample
from tests.application.merging.test_merging import NOW, add, call
from tests.application.merging.worlds import dump
from tests.shared import SharedCrm


def merge(crm: Crm, survivor: UUID, *others: UUID, **how: Any) -> Merged:
    """The merge, an hour after what was before."""
    passes(crm)
    with crm.work("root") as work:
        done: Merged = work.merges.merge(survivor, others, **how)
    passes(crm)
    return done


def passes(crm: Crm) -> None:
    """An hour passes."""
    assert isinstance(crm.kernel.clock, FrozenClock)
    crm.kernel.clock.advance(hours=1)


def blockers(crm: Crm, merge: Merged) -> list[dict[str, Any]]:
    """What is in the way of taking it back, which leaves everything as it is."""
    before = dump(crm)
    with crm.work("root") as work, pytest.raises(UnmergeBlocked) as error:
        work.merges.undo(merge.merge.id)
    assert dump(crm) == before
    found = error.value.details["blockers"]
    assert isinstance(found, list)
    return found


def test_everything_is_as_it_was(shared: SharedCrm) -> None:
    """MRG-06, INV-5: values, parts, facets with their versions, references and keys of both."""
    crm = shared.fresh()
    a, b, company = add(
        crm,
        Person("A", emails=["a@example.com"], tags=frozenset("x")).with_facets(Profile(points=1)),
        Person("Anna", emails=["b@example.com"], phones=["+20100"]).with_facets(Profile(card="1", motto="m")),
        Organisation("Zagros"),
    )
    with crm.work("root") as work:
        work.customers.change(b, {"specimen.points": 4})
        work.relationships.add(Relationship(company, b, "employs"))
        work.relationships.add(Relationship(a, b, "spouse_of"))
        work[Sample].add(Sample("S", NOW, customer=b, pieces=(Piece("P", maker=b), Piece("Q", maker=a))))
        work.interactions.add(call(b, "Hello"))
    before = dump(crm)
    done = merge(crm, a, b)
    assert dump(crm) != before
    with crm.work("sara") as work:
        taken = work.merges.undo(done.merge.id)
        assert (taken.given_back, taken.review, taken.assigned) == (done.repointed, (), {})
        assert [(each.id, each.version) for each in taken.customers] == [(a, 3), (b, 3)]
        merge_ = work[Merge].get(done.merge.id)
        assert (merge_.status, merge_.undone_by, merge_.undone_at) == ("undone", "sara", work.now())
        assert [work.customers.get(id).id for id in (a, b)] == [a, b]
        assert [e.operation for e in work.customers.history(b)] == ["add", "facet", "merge", "unmerge"]
        both = [work.customers.get(b, with_=[Profile], as_of=at) for at in (work.now(), done.merge.at)]
        assert both[0] == work.customers.get(b, with_=[Profile]) and both[1].facet_or_none(Profile) is None
    assert dump(crm) == before
    again = merge(crm, a, b)
    with crm.work("root") as work:
        work.merges.undo(again.merge.id)
    assert dump(crm) == before


def test_what_was_made_since_goes_where_it_points(shared: SharedCrm) -> None:
    """MRG-06: what came in by the address of one of them would stay with the other, or be nobody's in silence."""
    crm = shared.fresh()
    a, b, c = add(
        crm,
        Person("A", emails=["a@example.com"], source="erp", external_id="1"),
        Person("B", emails=["B@example.com"], phones=["+20 100 200 300"], source="shop", external_id="2"),
        Person("C", emails=["c@example.com"], phones=["+20 100 200 300"]),
    )
    done = merge(crm, a, b, c)
    with crm.work("root") as work:
        texts = ("b@EXAMPLE.com", "c@example.com", "+20100200300", "Hello", "a@example.com")
        calls = [work.interactions.add(call(a, text)).id for text in texts]
        order = work.interactions.add(Interaction(at=NOW, channel="web", customer=a, source="shop", external_id="9")).id
        torn = work[Sample].add(Sample("b@example.com", NOW, customer=a, note="c@example.com")).id
        part = work[Sample].add(Sample("S", NOW, pieces=(Piece("b@example.com", maker=a),))).id
    with crm.work("root") as work:
        taken = work.merges.undo(done.merge.id)
        assert [work.interactions.get(id).customer for id in (*calls, order)] == [b, c, a, a, a, b]
        assert taken.assigned == {"interaction": 3}
        review = {each.id: each for each in taken.review}
        assert review.keys() == {calls[2], calls[3], torn, part} and taken.to_review == 4
        assert "nothing in it tells" in review[calls[3]].why
        assert work.interactions.get(calls[0]).version == 2


def test_what_was_changed_since_stays_as_it_is(shared: SharedCrm) -> None:
    """A later edit that is not in the way would be lost, or a reference be turned that somebody had set."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("Anna", note="n"), Person("C"))
    with crm.work("root") as work:
        calls = [work.interactions.add(call(b, text)).id for text in ("1", "2", "3")]
    done = merge(crm, a, b)
    with crm.work("root") as work:
        work.customers.change(a, job_title="Doctor", phone="+20100")
        work.interactions.change(calls[0], customer=c)
        work.interactions.remove(calls[1])
        work.interactions.change(calls[2], outcome="done")
    with crm.work("root") as work:
        taken = work.merges.undo(done.merge.id)
        now = work.customers.get(a)
        assert (now.name, now.note, now.job_title) == ("A", None, "Doctor")
        assert [each.value for each in now.contact_points] == ["+20100"]
        assert {(each.record, each.id) for each in taken.review} == {("interaction", id) for id in calls[:2]}
        assert work.interactions.get(calls[0]).customer == c
        kept = work.interactions.get(calls[2])
        assert (kept.customer, kept.outcome, kept.version) == (b, "done", 2)


def test_once(shared: SharedCrm) -> None:
    """Taken back twice, it would undo what was done since."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("B"))
    done = merge(crm, a, b)
    with crm.work("root") as work:
        work.merges.undo(done.merge.id)
    assert [each["why"] for each in blockers(crm, done)] == ["it was taken back already"]
    with crm.work("root") as work:
        for id in (a, UUID(int=3)):
            with pytest.raises(NotFound):
                work.merges.undo(id)


def test_some_leave_and_the_others_stay_one(shared: SharedCrm) -> None:
    """EX-10: without R2, the survivor is again what R1 and R3 say."""
    crm = shared.fresh()
    r1, r2, r3 = add(
        crm,
        Person("A", emails=["a@x.example"], phones=["+20100"], source="erp", external_id="1"),
        Person("Anna", phones=["+20111"], source="web", external_id="2"),
        Person("A", emails=["b@x.example"], source="manual", external_id="3"),
    )
    with crm.work("root") as work:
        calls = [work.interactions.add(call(id, "Hello")).id for id in (r2, r3)]
    apart = {id: customer(crm, id) for id in (r2, r3)}
    done = merge(crm, r1, r2, r3, rules={"email": "source_priority"}, keep={"name": r2}, sources=("erp", "manual"))
    with crm.work("root") as work:
        with pytest.raises(InvalidValue):
            work.merges.undo(done.merge.id, only=[r1])
        taken = work.merges.undo(done.merge.id, only=[r2])
        assert taken.again is not None and taken.again.merge.others == [str(r3)]
        assert taken.again.merge.choices == {"rules": {"email": "source_priority"}, "sources": ["erp", "manual"]}
        now = work.customers.get(r1)
        assert [each.value for each in now.contact_points] == ["a@x.example", "+20100", "b@x.example"]
        assert (now.name, now.contact_points[0].preferred) == ("A", True)
        assert [work.interactions.get(id).customer for id in calls] == [r2, r1]
        assert [each.merged_into for each in taken.customers] == [None, None, r1]
    assert customer(crm, r2) == apart[r2]
    with crm.work("root") as work:
        work.merges.undo(taken.again.merge.id)
    assert customer(crm, r3) == apart[r3]


def customer(crm: Crm, id: UUID) -> Customer:
    """A row, without what goes on with merges."""
    found: Customer = dump(crm)["customer"][id]
    return found


def test_a_place_that_was_taken_since(shared: SharedCrm) -> None:
    """What followed, and would break a unique key on its way back, stays and is listed."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("B"))
    with crm.work("root") as work:
        work.leads.add(Lead(customer=a))
        stays, moves = (work.leads.add(Lead(customer=b, business_line=line)).id for line in ("", "pumps"))
    done = merge(crm, a, b)
    with crm.work("root") as work:
        assert [each.id for each in done.stays] == [stays]
        work.leads.remove(work.leads.query(f'customer = "{a}" and business_line = ""').items[0].id)
        work.leads.change(moves, business_line="")
    with crm.work("root") as work:
        taken = work.merges.undo(done.merge.id)
        assert [(each.id, "taken by another" in each.why) for each in taken.review] == [(moves, True)]
        assert [work.leads.get(id).customer for id in (stays, moves)] == [b, a]


def test_who_may_not_take_it_back(shared: SharedCrm) -> None:
    """What one may not write would be written by undoing, and what one may not see be listed."""

    def refuse(change: Change) -> str | None:
        return "not yours" if change.operation == "unmerge" and getattr(change.after, "name", "") == "B" else None

    crm = shared.fresh(
        policy=Restricted(rows={"interaction": 'channel = "mail"', "customer": 'name != "C"'}, refuse=refuse)
    )
    a, b, c, d = add(crm, Person("A"), Person("B"), Person("C"), Person("D"))
    kept, unseen = merge(crm, a, b), merge(crm, c, d)
    before = dump(crm)
    with crm.work("sara") as work:
        with pytest.raises(Denied):
            work.merges.undo(kept.merge.id)
        with pytest.raises((NotFound, UnmergeBlocked)):
            work.merges.undo(unseen.merge.id)
    assert dump(crm) == before
    with crm.work("root") as work:
        work.merges.undo(kept.merge.id)
        work.interactions.add(call(a, "canary"))
    [e] = add(crm, Person("E"))
    done = merge(crm, a, e)
    with crm.work("root") as work:
        work.interactions.add(call(a, "canary"))
    with crm.work("sara") as work:
        taken = work.merges.undo(done.merge.id)
        assert (taken.review, taken.to_review) == ((), 0)
