"""Customers become one: nothing is lost, what cannot follow is named, and what may not be one is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Link, Money, Opportunity, Order, Organisation, Person, Product, Relationship
from crmcore.crm import Crm
from crmcore.domain.errors import (
    DuplicateValue,
    InvalidRecord,
    MergeRefused,
    NotFound,
    UnknownName,
)
from crmcore.domain.leads.lead import Lead
from crmcore.domain.merging.not_duplicate import NotDuplicate
from crmcore.domain.order import OrderLine
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry, Piece, Profile, Sample
from tests.application.merging.worlds import dump
from tests.shared import SharedCrm

NOW = dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC)


def call(customer: UUID, subject: str) -> Interaction:
    """A call with a customer."""
    return Interaction(at=NOW, channel="phone", subject=subject, customer=customer)


def add(crm: Crm, *people: Any) -> list[UUID]:
    """Customers."""
    with crm.work("root") as work:
        return [work.customers.add(each).id for each in people]


def refused(crm: Crm, survivor: UUID, *others: UUID, **how: Any) -> list[str]:
    """Why a merge is refused, which leaves everything as it was; the preview says the same."""
    before = dump(crm)
    with crm.work("root") as work:
        with pytest.raises(MergeRefused) as error:
            work.merges.merge(survivor, others, **how)
        assert work.customers.count() == len([c for c in before["customer"].values() if c.merged_into is None])
    assert dump(crm) == before
    reasons = error.value.details["reasons"]
    assert isinstance(reasons, list)
    assert all(reason in str(error.value) for reason in reasons)
    return reasons


def test_nothing_is_lost(shared: SharedCrm) -> None:
    """MRG-01, INV-8: records of every type, with the values that they have beside the reference, parts and rows of
    ledgers: all are there afterwards, and lead to the survivor."""
    crm = shared.fresh()
    a, b, company = add(crm, Person("Leila"), Person("Leila Hosseini"), Organisation("Zagros"))
    with crm.work("root") as work:
        product = work.products.add(Product("Samovar", code="S"))
        order = work.orders.add(
            Order(ordered_at=NOW, customer=b, lines=(OrderLine(product.id, unit_price=Money("5", "EUR")),))
        )
        made = {
            "interaction": work.interactions.add(call(b, "Hello")),
            "order": order,
            "opportunity": work.opportunities.add(Opportunity("Plan", customer=b)),
            "relationship": work.relationships.add(Relationship(company, b, "employs", from_date=dt.date(2020, 1, 1))),
            "link": work.links.add(Link("customer", b, "order", order.id, "complained about")),
            "specimen.sample": work[Sample].add(Sample("S", NOW, customer=company, pieces=(Piece("P", maker=b),))),
            "specimen.entry": work[Entry].add(Entry(b, NOW, 5)),
            "lead": work.leads.add(Lead(customer=b)),
        }
        other = work.interactions.add(call(a, "Hi"))
    with crm.work("root") as work:
        done = work.merges.merge(a, [b])
        assert done.stays == ()
        counts = {**dict.fromkeys(made, 1), "stage_change": 1}
        assert {name: done.repointed.get(name) for name in counts} == counts
        assert done.merge.repointed == done.repointed
        for name, before in made.items():
            after: Any = work.records(name).get(before.id)
            told = after.pieces[0].maker if name == "specimen.sample" else getattr(after, FIELDS.get(name, "customer"))
            assert told == a
            assert (after.version, after.changed_at) == (before.version, before.changed_at)
        stored: Any = work.orders.get(order.id)
        assert stored.lines == order.lines
        assert {each.id for each in work.interactions.query().items} == {made["interaction"].id, other.id}
        assert work.relationships.get(made["relationship"].id).from_date == dt.date(2020, 1, 1)
        assert work.customers.get(b).id == work.customers.get(a).id == a
        assert [each.id for each in work.search("Hosseini")] == [a]


FIELDS = {"relationship": "to_customer", "link": "from_id"}


def test_one_with_itself(shared: SharedCrm) -> None:
    """MRG-02: a customer would be gone."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("B"))
    assert refused(crm, a, a) == [f"{a} cannot be merged with itself"]
    assert refused(crm, a, b, b) == [f"{b} is named twice"]
    assert len(refused(crm, a, a, b, b)) == 2
    assert refused(crm, a) == ["there is nobody to merge into the survivor"]
    assert "at most 500" in refused(crm, a, *(UUID(int=n) for n in range(501)))[0]


def test_what_cannot_follow_stays_and_is_named(shared: SharedCrm) -> None:
    """MRG-04: a relationship with itself, or what there may be once only, would abort the merge, or be lost."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("B"), Person("C"))
    with crm.work("root") as work:
        married = work.relationships.add(Relationship(a, b, "spouse_of"))
        leads = [
            work.leads.add(Lead(customer=id, business_line=line)) for id, line in ((a, ""), (b, ""), (c, "x"), (b, "x"))
        ]
        link = work.links.add(Link("customer", c, "customer", a, "like"))
        entry = work[Entry].add(Entry(c, NOW, 1))
    with crm.work("root") as work:
        done = work.merges.merge(a, [b, c])
        stays = {each.id: each for each in done.stays}
        assert stays.keys() == {married.id, leads[1].id, leads[2].id, link.id}
        assert stays[married.id].reason == "to_customer: a customer has no relationship with itself"
        assert "customer and business_line" in stays[leads[1].id].reason
        assert stays[link.id].reason == "it would refer to the survivor on both sides"
        assert [each.customer for each in (stays[married.id], stays[leads[2].id])] == [b, c]
        assert [work.leads.get(each.id).customer for each in leads] == [a, b, c, a]
        assert work.relationships.get(married.id) == married and work.links.get(link.id) == link
        assert work[Entry].get(entry.id).customer == a
        assert [each["id"] for each in done.merge.stays] == [str(each.id) for each in done.stays]


def test_only_the_other_moves(shared: SharedCrm) -> None:
    """MRG-08: colleagues and family of the one who is merged would move along."""
    crm = shared.fresh()
    a, b, sibling, company = add(crm, Person("A"), Person("B"), Person("C"), Organisation("Zagros"))
    with crm.work("root") as work:
        own = work.relationships.add(Relationship(company, b, "employs"))
        others = work.relationships.add(Relationship(company, sibling, "employs"))
        household = work.relationships.add(Relationship(b, sibling, "household_with"))
    with crm.work("root") as work:
        work.merges.merge(a, [b])
        assert (work.relationships.get(own.id).to_customer, work.relationships.get(household.id).from_customer) == (
            a,
            a,
        )
        assert work.relationships.get(others.id) == others
        assert work.customers.get(sibling).version == work.customers.get(company).version == 1


def test_every_reason_at_once(shared: SharedCrm) -> None:
    """Whoever mends one reason would learn of the next one only then."""
    crm = shared.fresh()
    a, b, c, d, old = add(crm, Person("A"), Person("B"), Person("C"), Organisation("D"), Person("E"))
    with crm.work("root") as work:
        work.merges.merge(c, [old])
        work.relationships.add(Relationship(b, a, "referred"))
        work.relationships.add(Relationship(a, d, "owns", to_date=dt.date(2020, 1, 1)))
        work.relationships.add(Relationship(d, b, "owns", from_date=dt.date(2019, 5, 1)))
        work.merges.set_apart(a, c, "twins")
    reasons = refused(crm, a, b, c, d, old)
    assert f"{old} is a part of {c} since they were merged: name that one" in reasons
    assert f"{d} is of kind organisation, and {a} is of kind person" in reasons
    assert f"{b} referred {a}: who brings a customer and who is brought are not one" in reasons
    assert any("somebody decided" in reason and str(c) in reason for reason in reasons)
    assert len(reasons) == 4  # the way over D is none, since D is one of them
    assert refused(crm, a, b, overrule=True)[1:] == [
        "owns would go in a circle on 2019-05-01: as one they would stand above themselves"
    ]
    with crm.work("root") as work:
        assert list(work.merges.preview(a, [b, c, d, old]).reasons) == reasons


def test_old_ids_and_merging_again(shared: SharedCrm) -> None:
    """INV-7: a customer would be a part of two, or of itself, or a chain of merges would lead nowhere."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("B"), Person("C"))
    with crm.work("root") as work:
        work.merges.merge(b, [c])
        work.merges.merge(a, [b])
        assert {work.customers.get(id).id for id in (a, b, c)} == {a}
        assert [each.merged_into for each in work.customers.query("merged_into is not missing").items] == [a, a]
        assert [each.others for each in work.merges.of(c)] == [[str(c)]]
        assert [each.others for each in work.merges.of(b)] == [[str(c)], [str(b)]]
    assert refused(crm, a, b) == [f"{b} is a part of {a} since they were merged: name that one"]
    assert len(refused(crm, c, a)) == 1


def test_apart(shared: SharedCrm) -> None:
    """What somebody decided would be asked again, or a merge would go over it unasked."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("B"), Person("C"))
    with crm.work("sara") as work:
        made = work.merges.set_apart(b, a, "twins")
        assert work.merges.set_apart(a, b) == made
        assert (made.one, made.other, made.by, made.reason) == (a, b, "sara", "twins")
        assert work.merges.apart(a) == (b,) and work.merges.apart(b) == (a,) and work.merges.apart(c) == ()
        with pytest.raises(NotFound):
            work.merges.set_apart(a, UUID(int=5))
        with pytest.raises(InvalidRecord, match="no duplicate of itself"):
            work.merges.set_apart(a, a)
    with crm.work("root") as work:
        work.merges.merge(c, [b])  # who was merged is as much not the other one
    assert len(refused(crm, a, c)) == 1
    with crm.work("root") as work:
        done = work.merges.merge(a, [c], overrule=True)
        assert [each.reason for each in done.stays] == ["other: a customer is no duplicate of itself"]
        assert work[NotDuplicate].count() == 1


def test_facets_go_with_what_is_unique_in_them(shared: SharedCrm) -> None:
    """A card number that only the other has would be lost, or stand in the way."""
    crm = shared.fresh(clock := FrozenClock())
    a, b, c = add(
        crm,
        Person("A").with_facets(Profile(motto="old", points=3)),
        Person("B").with_facets(Profile(card="K1", likes=frozenset("x"))),
        Person("C"),
    )
    clock.advance(days=1)
    with crm.work("root") as work:
        work.customers.change(b, {"specimen.motto": "new"})
    with crm.work("root") as work:
        done = work.merges.merge(a, [b, c])
        assert done.survivor.facet(Profile) == Profile(
            motto="new", card="K1", points=3, likes=frozenset("x"), version=2
        )
        [merged] = work.customers.query(f'merged_into = "{a}" and name = "B"', with_=[Profile]).items
        assert merged.facet_or_none(Profile) is None
        with pytest.raises(DuplicateValue), work.savepoint():
            work.customers.add(Person("D").with_facets(Profile(card="K1")))


def test_the_log_tells_it(shared: SharedCrm) -> None:
    """Who was merged with whom, when and by whom, and what was before, could be read nowhere."""
    crm = shared.fresh(clock := FrozenClock())
    a, b = add(
        crm, Person("A", emails=["a@example.com"]), Person("Anna", emails=["b@example.com"]).with_facets(Profile())
    )
    clock.advance(days=1)
    with crm.work("sara") as work:
        made = work.merges.merge(a, [b]).merge
        entries = [work.customers.history(a)[-1], work.transaction.history("customer", b)[-1]]
        assert [(e.operation, e.version, e.actor, e.at) for e in entries] == [("merge", 2, "sara", made.at)] * 2
        values = [entry.values() for entry in entries]
        assert values[0]["name"] == ["A", "Anna"] and values[1]["merged_into"] == [None, str(a)]
        assert (made.by, made.status, made.survivor, made.others) == ("sara", "merged", a, [str(b)])
        assert made.origins["name"]["from"] == str(b)
        assert work.customers.get(a, as_of=clock.now(), with_=[Profile]) == work.customers.get(a, with_=[Profile])
        before = work.customers.get(a, as_of=clock.now() - dt.timedelta(hours=1))
        assert (before.name, before.version) == ("A", 1)


def test_rules_and_values_chosen_by_hand(shared: SharedCrm) -> None:
    """What somebody knows better than a rule would not count."""
    crm = shared.fresh()
    a, b = add(crm, Person("A B", note="longer than this", language="fa"), Person("Ann", note="short", language="en"))
    with crm.work("root") as work:
        shown = work.merges.preview(a, [b], rules={"language": "pin"}, keep={"name": b, "note": b})
        told = {each.field: (each.before, each.after, each.source, each.rule) for each in shown.fields}
        assert told["name"] == ("A B", "Ann", b, "keep")
        assert told["note"] == ("longer than this", "short", b, "keep")
        assert told["language"][1:] == ("fa", a, "pin")
        done = work.merges.merge(a, [b], rules={"language": "pin"}, keep={"name": b, "note": b})
        assert (done.survivor.name, done.survivor.note, done.survivor.language) == ("Ann", "short", "fa")
        for wrong in ({"rules": {"nmae": "pin"}}, {"rules": {"name": "best"}}, {"keep": {"nmae": a}}):
            with pytest.raises(UnknownName):
                work.merges.preview(a, [b], **wrong)


def test_a_preview_writes_nothing_and_tells_all(shared: SharedCrm) -> None:
    """What a merge then does would differ from what was shown."""
    crm = shared.fresh()
    a, b = add(crm, Person("A", tags=frozenset("x")), Person("Anna", phones=["+20100"], tags=frozenset("y")))
    with crm.work("root") as work:
        work.relationships.add(Relationship(a, b, "spouse_of"))
        work[Sample].add(Sample("S", NOW, customer=b, pieces=(Piece("P", maker=b), Piece("Q", maker=b))))
    before = dump(crm)
    with crm.work("root") as work:
        shown = work.merges.preview(a, [b])
    assert dump(crm) == before
    with crm.work("root") as work:
        done = work.merges.merge(a, [b])
        assert (shown.moves, shown.stays, shown.reasons) == (done.repointed, done.stays, ())
        assert shown.moves["specimen.sample"] == 3
        told = {each.field: each.after for each in shown.fields}
        assert (told["name"], told["tags"]) == (done.survivor.name, ["x", "y"])
        assert [each["value"] for each in told["contact_points"]] == ["+20100"]
