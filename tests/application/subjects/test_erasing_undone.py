"""Erasing after a mistake was put right: two who were one for a while, calls that were tied late, and what was said of
a person at the far end."""

from __future__ import annotations

from uuid import UUID

import pytest

from crmcore import Interaction, Opportunity, Party, Person, Pipeline, Relationship, Stage
from crmcore.application.subjects.ledger import refusals
from crmcore.crm import Crm
from crmcore.domain.errors import ErasedPerson
from crmcore_loyalty import LoyaltyMember
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.dumps import dump
from tests.application.subjects.persons import NOON, opened
from tests.application.subjects.test_erasing import erase, url_of


def person(crm: Crm, word: str) -> UUID:
    """Somebody with tokens."""
    with crm.work("root") as work:
        made = Person(f"{word}0!", note=f"{word}1!", tags=frozenset((f"{word}2!",)), emails=[f"{word}3!@example.com"])
        return work.customers.add(made).id


def merged_and_undone(crm: Crm, survivor: UUID, *others: UUID) -> None:
    """Somebody takes them for one, and sees that they are not."""
    with crm.work("root") as work:
        merge = work.merges.merge(survivor, others).merge
    with crm.work("root") as work:
        work.merges.undo(merge.id)


def left(crm: Crm, url: str | None, word: str) -> set[str]:
    """Which tokens of somebody still stand anywhere."""
    text = dump(crm, url)
    return {f"{word}{n}!" for n in range(10) if f"{word}{n}!" in text}


@EVERYWHERE
@pytest.mark.parametrize("who", ["ann", "bob"])
def test_each_of_two_who_were_one_is_erased_alone(storage: str, who: str, request: pytest.FixtureRequest) -> None:
    """INV-19: nothing of the one is left with the other, and the other keeps everything, in the past too."""
    url = url_of(storage, request)
    with opened(storage, request) as crm:
        ids = {word: person(crm, word) for word in ("ann", "bob")}
        with crm.work("root") as work:
            work.customers.put_facet(ids["bob"], LoyaltyMember(card_number="bob4!"))
            call = work.interactions.add(Interaction(NOON, "call", customer=ids["bob"], body="bob5!")).id
            gone = work.interactions.add(Interaction(NOON, "call", customer=ids["bob"], body="bob6!")).id
        with crm.work("root") as work:
            merge = work.merges.merge(ids["ann"], [ids["bob"]]).merge
        with crm.work("root") as work:
            work.interactions.change(call, body="bob7!")
            work.interactions.remove(gone)
        with crm.work("root") as work:
            work.merges.undo(merge.id)
        crm.pump()
        other = "bob" if who == "ann" else "ann"
        before = left(crm, url, other)
        erase(crm, ids[who])
        assert left(crm, url, who) == set()
        assert left(crm, url, other) == before
        with crm.work("root") as work:
            standing = work.customers.get(ids[other])
            assert (standing.name, standing.note) == (f"{other}0!", f"{other}1!")
            assert work.customers.get(ids[other], as_of=NOON).name == f"{other}0!"
            assert work.interactions.get(call).body == ("bob7!" if who == "ann" else None)
        assert erase(crm, ids[who]).log == 0


def test_through_two_merges(request: pytest.FixtureRequest) -> None:
    """Whom they became a part of became a part of another: taken back one after the other."""
    with opened("memory", request) as crm:
        ann, bob, zoe = (person(crm, word) for word in ("ann", "bob", "zoe"))
        with crm.work("root") as work:
            work.customers.change(bob, note="bob1! is the longest of all notes")
        with crm.work("root") as work:
            first = work.merges.merge(ann, [bob]).merge
        with crm.work("root") as work:
            second = work.merges.merge(zoe, [ann]).merge
        for merge in (second, first):
            with crm.work("root") as work:
                work.merges.undo(merge.id)
        before = [left(crm, None, word) for word in ("ann", "zoe")]
        erase(crm, bob)
        assert left(crm, None, "bob") == set()
        assert [left(crm, None, word) for word in ("ann", "zoe")] == before


def test_a_former_address_of_another_is_not_in_the_ledger(request: pytest.FixtureRequest) -> None:
    """Who was one with somebody by mistake is not known by the other's address."""
    with opened("memory", request) as crm:
        ann, bob = person(crm, "ann"), person(crm, "bob")
        merged_and_undone(crm, ann, bob)
        erase(crm, ann)
        with crm.work("root") as work:
            assert refusals(work, [(None, work.customers.get(bob))]) == {}
            with pytest.raises(ErasedPerson):
                work.customers.add(Person("A.", emails=["ann3!@example.com"]))


@EVERYWHERE
def test_who_was_erased_is_known_by_former_addresses(storage: str, request: pytest.FixtureRequest) -> None:
    """GDP-03: of the customer and of those merged into it, also where they stand in the history alone."""
    with opened(storage, request) as crm:
        with crm.work("root") as work:
            ann = work.customers.add(Person("Ann", emails=["first@example.com"], phones=["+98 21 1234 5678"])).id
            old = work.customers.add(Person("Anne", emails=["second@example.com"])).id
            work.customers.change(ann, contact_points=())
            work.customers.change(old, contact_points=())
        with crm.work("root") as work:
            work.merges.merge(ann, [old])
        erase(crm, ann)
        known = [{"emails": ["first@example.com"]}, {"emails": ["second@example.com"]}, {"phones": ["+982112345678"]}]
        for each in known:
            with pytest.raises(ErasedPerson), crm.work("root") as work:
                work.customers.add(Person("A.", **each))


@EVERYWHERE
def test_a_call_that_was_tied_late_goes_whole(storage: str, request: pytest.FixtureRequest) -> None:
    """What was noted before anybody knew of whom, and of a call that is gone."""
    url = url_of(storage, request)
    with opened(storage, request) as crm:
        ann = person(crm, "ann")
        with crm.work("root") as work:
            call = work.interactions.add(Interaction(NOON, "call", body="ann4!")).id
            work.interactions.change(call, body="ann5!")
            work.interactions.change(call, customer=ann)
            work.interactions.remove(call)
        erase(crm, ann)
        assert left(crm, url, "ann") == set()


@EVERYWHERE
def test_what_was_said_at_the_far_end_goes(storage: str, request: pytest.FixtureRequest) -> None:
    """Of a relationship that is gone, which the log has under who stood at its beginning."""
    url = url_of(storage, request)
    with opened(storage, request) as crm:
        crm.fields.add("relationship", "remark", "text", personal=True)
        crm.fields.add("link", "remark", "text", personal=True)
        ann, bob, zoe = (person(crm, word) for word in ("ann", "bob", "zoe"))
        with crm.work("root") as work:
            for one, two, token in ((bob, ann, "ann4!"), (bob, zoe, "zoe4!"), (ann, bob, "ann5!")):
                known = work.relationships.add(Relationship(one, two, "influences")).id
                work.relationships.change(known, {"custom.remark": token})
                work.relationships.remove(known)
        erase(crm, ann)
        assert left(crm, url, "ann") == set()
        assert "zoe4!" in left(crm, url, "zoe")


@EVERYWHERE
def test_a_party_without_a_name_goes(storage: str, request: pytest.FixtureRequest) -> None:
    """A party has to be somebody: of an erased person's opportunity who is no customer goes, the sale stays."""
    url = url_of(storage, request)
    with opened(storage, request) as crm:
        ann, bob = person(crm, "ann"), person(crm, "bob")
        with crm.work("root") as work:
            line = work.pipelines.add(Pipeline("sales", stages=(Stage("new"),))).id
            parties = (Party("competitor", name="ann4!"), Party("partner", name="bob4!", customer=bob))
            deal = work.opportunities.add(
                Opportunity("ann5!", customer=ann, pipeline=line, stage="new", parties=parties)
            ).id
        erase(crm, ann)
        assert left(crm, url, "ann") == set()
        with crm.work("root") as work:
            assert [each.name for each in work.opportunities.get(deal).parties] == ["bob4!"]
