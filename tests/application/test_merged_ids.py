"""Ids from before a merge lead to the survivor, for every way of reading and writing, on every storage."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from uuid import UUID

import attrs
import pytest

from crmcore import Crm, Interaction, Person, Relationship
from crmcore.application.unit import UnitOfWork
from crmcore.domain.copying import evolve
from crmcore.domain.errors import ErasedPerson, InvalidRecord, NotFound
from crmcore.domain.link import Link
from crmcore.domain.merging.merge import Merge
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import Restricted
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm

NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)


@attrs.frozen
class Family:
    """Two who became one: `old` is a part of `survivor` now."""

    crm: Crm
    survivor: UUID
    old: UUID
    merge: UUID


@pytest.fixture
def family(shared: SharedCrm) -> Family:
    """Leila, who was there twice."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        survivor = work.customers.add(Person("Leila Hosseini", emails=["leila@example.com"])).id
        twin = Person("لیلا حسینی", emails=["l.hosseini@example.org"], source="web", external_id="7")
        old = work.customers.add(twin).id
        work.interactions.add(Interaction(NOON, "call", customer=old))
        made = work.merges.merge(survivor, [old]).merge
    return Family(crm, survivor, old, made.id)


def test_an_old_id_is_read_as_the_survivor(family: Family) -> None:
    """A host that kept the id would find nothing, or half a customer."""
    with family.crm.work("sara") as work:
        assert work.customers.get(family.old).id == family.survivor
        assert work.whole_view(family.old).customer.id == family.survivor
        told = work.timeline(family.old).items
        assert len(told) == 1
        assert told == work.timeline(family.survivor).items


def test_what_only_the_other_was_known_by_finds_the_survivor(family: Family) -> None:
    """A search by an old name, an old address or an id of another system would lead nowhere."""
    with family.crm.work("sara") as work:
        for found in (
            work.customers.find(email="l.hosseini@example.org"),
            work.customers.find(external_id="7", source="web"),
        ):
            assert found is not None
            assert found.id == family.survivor
        assert {hit.id for hit in work.search("لیلا")} == {family.survivor}


def test_lists_and_counts_leave_the_other_out(family: Family) -> None:
    """The same person would be counted twice; who asks for what was merged sees it."""
    with family.crm.work("sara") as work:
        assert work.customers.count('name ~ "leila" or name ~ "لیلا"') == 1
        [merged] = work.customers.query(f'merged_into = "{family.survivor}"').items
        assert merged.id == family.old


def test_a_change_of_an_old_id_changes_the_survivor(family: Family) -> None:
    """A colleague's edit would go to a row that nobody sees any more."""
    with family.crm.work("sara") as work:
        assert work.customers.change(family.old, note="Prefers letters").id == family.survivor
        assert work.customers.get(family.survivor).note == "Prefers letters"


def test_a_new_reference_goes_to_the_survivor(family: Family) -> None:
    """What a host adds under an old id would never stand on the timeline."""
    with family.crm.work("sara") as work:
        call = work.interactions.add(Interaction(NOON, "call", customer=family.old))
        work.interactions.add_many([Interaction(NOON, "chat", customer=family.old) for _ in range(3)])
        assert call.customer == family.survivor
        assert work.interactions.get(call.id).customer == family.survivor
        assert work.interactions.history(call.id)[0].values()["customer"] == [None, str(family.survivor)]
        assert work.interactions.count(f'customer = "{family.survivor}"') == 5
        link = work.links.add(Link("interaction", call.id, "customer", family.old, "about"))
        assert work.links.get(link.id).to_id == family.survivor


def test_what_is_added_while_a_merge_goes_on_goes_to_the_survivor(shared: SharedCrm) -> None:
    """Of two at once, the one that adds would refer to a customer whom the other has merged."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        survivor, old = (work.customers.add(Person("Leila")).id for _ in range(2))
    added, merged = threading.Event(), threading.Event()
    calls: list[UUID] = []

    def add(work: UnitOfWork) -> None:
        calls.append(work.interactions.add(Interaction(NOON, "call", customer=old)).id)

    def first() -> None:
        with crm.work("sara") as work:
            add(work)
            added.set()
            merged.wait(0.5)  # the merge waits for this, or this does not see it

    def second() -> None:
        added.wait(30)
        with crm.work("omar") as work:
            work.merges.merge(survivor, [old])
            merged.set()

    def third() -> None:
        merged.wait(30)
        crm.run(add, actor="ali")

    side_by_side(first, second, third)
    with crm.work("sara") as work:
        assert {work.interactions.get(id).customer for id in calls} == {survivor}
        assert len(calls) >= 2


def test_a_reference_that_is_changed_goes_to_the_survivor(family: Family) -> None:
    """Assigning an interaction to an old id would lose it."""
    with family.crm.work("sara") as work:
        call = work.interactions.add(Interaction(NOON, "call"))
        assert work.interactions.change(call.id, customer=family.old).customer == family.survivor
        assert work.interactions.history(call.id)[-1].values()["customer"] == [None, str(family.survivor)]


def test_a_relationship_with_ones_old_self_is_refused(family: Family) -> None:
    """A customer would be related to themselves by a way round."""
    wrong = Relationship(family.survivor, family.old, "spouse_of")
    with family.crm.work("sara") as work:
        with pytest.raises(InvalidRecord, match="no relationship with itself"), work.savepoint():
            work.relationships.add(wrong)
        assert work.relationships.count() == 0


def test_the_other_is_not_removed(family: Family) -> None:
    """The survivor would go in its place, or the way back would be gone."""
    with family.crm.work("sara") as work:
        with pytest.raises(InvalidRecord, match="undo the merge first"):
            work.customers.remove(family.old)
        assert work.customers.get(family.survivor).id == family.survivor


def test_nobody_sets_by_hand_what_merges_and_erasures_set(family: Family) -> None:
    """A customer could be hidden, or made anonymous, by a simple change."""
    with family.crm.work("sara") as work:
        for name, value in (("merged_into", family.survivor), ("erased_at", NOON)):
            with pytest.raises(InvalidRecord, match="set by crmcore"):
                work.customers.change(family.survivor, {name: value})
            with pytest.raises(InvalidRecord, match="set by crmcore"):
                work.customers.add(evolve(Person("Nobody"), **{name: value}))
        with pytest.raises(InvalidRecord, match="crmcore alone"):
            work[Merge].add(Merge(at=NOON, by="sara"))
        with pytest.raises(InvalidRecord, match="crmcore alone"):
            work[Merge].change(family.merge, status="undone")
        with pytest.raises(InvalidRecord, match="crmcore alone"):
            work[Merge].remove(family.merge)


def test_the_past_of_the_other_stays_its_own(family: Family) -> None:
    """The history of the row that was merged would be lost behind the survivor's."""
    with family.crm.work("sara") as work:
        entries = work.customers.history(family.old)
        assert [entry.operation for entry in entries] == ["add", "merge"]
        assert work.customers.get(family.old, as_of=entries[0].at).name == "لیلا حسینی"


def test_who_may_not_see_the_survivor_sees_nothing_of_it() -> None:
    """An old id would be a way round the policy."""
    with make_crm(policy=Restricted(rows={"customer": 'name != "Leila Hosseini"'})) as crm:
        with crm.work("root") as work:
            survivor = work.customers.add(Person("Leila Hosseini")).id
            old = work.customers.add(Person("Leila")).id
            work.merges.merge(survivor, [old])
        with crm.work("guest") as work:
            for ask in (work.customers.get, work.whole_view, work.timeline):
                with pytest.raises(NotFound, match=str(old)):
                    ask(old)
            assert work.search("Leila") == []


def test_nothing_personal_is_attached_to_an_erased_person_again(shared: SharedCrm) -> None:
    """GDP-06: a host that still knows the id would bring a person's data back in silence."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        id, old = (work.customers.add(Person("Leila")).id for _ in range(2))
        work.merges.merge(id, [old])
        work.subjects.erase(id, "asked for it")
    with crm.work("sara") as work:
        for each in (id, old):
            with pytest.raises(ErasedPerson, match=f"{each} was erased on 2025-01-15"), work.savepoint():
                work.interactions.add(Interaction(NOON, "mail", customer=each, subject="Leila again"))
        assert work.interactions.add(Interaction(NOON, "call", customer=old)).customer == id


def test_a_file_that_is_imported_again_finds_the_survivor(shared: SharedCrm, tmp_path: Path) -> None:
    """MRG-01: the row of a customer who was merged since would be refused, or bring the duplicate back."""
    crm, file = shared.fresh(), tmp_path / "customers.csv"
    file.write_text("external_id,name\n1,Leila\n2,Leila Hosseini\n3,Omar\n")
    crm.import_file(file, "customer", actor="sara", source="erp")
    with crm.work("sara") as work:
        found = [work.customers.find(external_id=number, source="erp") for number in "12"]
        one, two = (each.id for each in found if each is not None)
        work.merges.merge(one, [two])
    for way, unchanged in (("skip", 3), ("update", 1)):
        report = crm.import_file(file, "customer", actor="sara", source="erp", on_duplicate=way)
        assert (report.created, report.rejected, report.unchanged) == (0, 0, unchanged)
    file.write_text(f"id,name\n{two},Leila H.\n")
    assert crm.import_file(file, "customer", actor="sara", on_duplicate="update").updated == 1
    with crm.work("sara") as work:
        assert work.customers.get(one).name == "Leila H."
        assert work.customers.count() == 2
