"""Undoing an import takes back what it did, and nothing that anybody did since."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Opportunity, Person, Pipeline
from crmcore.application.importing import entries, undoing
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import ImportRefused, NotFound
from crmcore.domain.link import Link
from crmcore.testing.contract.case import NOON
from crmcore.testing.specimens import Profile
from tests.application.importing.interrupting import Killed, batches, chunks, contents, killer
from tests.shared import SharedCrm

FIRST = "external_id,name,email,city,specimen.card,specimen.points\n" + "".join(
    f"{n},Person {n},p{n}@example.com,Cairo,C{n},{n}\n" for n in range(9)
)
SECOND = "external_id,name,email,city,specimen.card,specimen.motto\n" + "".join(
    f"{n},New {n},n{n}@example.com,Rome,D{n},Onwards\n" for n in range(6, 12)
)


class Desk:
    """Imports texts in small chunks."""

    def __init__(self, crm: Crm, folder: Path) -> None:
        self.crm = crm
        self._folder = folder

    def take(self, text: str, record: str = "customer", map: str = "", **more: Any) -> Any:
        """The report."""
        file = self._folder / "rows.csv"
        file.write_text(text)
        if map:
            more["map"] = self._folder / "map.toml"
            more["map"].write_text(map)
        return self.crm.import_file(file, record, **{"actor": "importer", "source": "s", "chunk": 3, **more})

    def undo(self, report: Any) -> Any:
        """The report of undoing that import."""
        return self.crm.undo_import(report.batch, actor="sara")

    def found(self, work: UnitOfWork, number: str) -> Any:
        """The customer of that number."""
        return work.customers.find(external_id=number, source="s", with_=[Profile])


@pytest.fixture
def desk(shared: SharedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk over an empty database, on each storage."""
    monkeypatch.setattr(entries, "BATCH", 3)
    monkeypatch.setattr(undoing, "ENTRIES", 7)
    return Desk(shared.fresh(), tmp_path)


def test_what_was_added_is_gone(desk: Desk) -> None:
    """Records of a wrong file would stay, or the same file never come in again."""
    desk.take("name\nStays\n")
    before = contents(desk.crm)
    report = desk.take(FIRST)
    undone = desk.undo(report)
    assert (undone.removed, undone.restored, undone.kept) == (9, 0, ())
    assert contents(desk.crm) == before
    assert undone.plain() == {"batch": report.batch, "removed": 9, "restored": 0, "kept": ()}
    with desk.crm.work("reader") as work:
        assert work.customers.find(email="p3@example.com") is None
    again = desk.take(FIRST)
    assert again.created == 9


def test_a_second_undo_says_so(desk: Desk) -> None:
    """Undoing twice would look like a success, or take back what others have made of the values since."""
    report = desk.take(FIRST)
    desk.undo(report)
    with pytest.raises(ImportRefused, match="undone already"):
        desk.undo(report)
    with pytest.raises(ImportRefused, match="was undone"):
        desk.take(FIRST, resume=report.batch)
    with pytest.raises(NotFound):
        desk.crm.undo_import(UUID(int=5), actor="sara")
    batch = next(each for each in batches(desk.crm) if str(each.id) == report.batch)
    assert (batch.status, batch.removed, batch.kept) == ("undone", 9, 0)


def test_what_was_changed_gets_its_values_back(desk: Desk) -> None:
    """An update by a wrong file could not be taken back, or only without its facets, parts and external ids."""
    desk.take(FIRST)
    before = contents(desk.crm)
    report = desk.take(SECOND, on_duplicate="update")
    assert (report.updated, report.created) == (3, 3)
    undone = desk.undo(report)
    assert (undone.removed, undone.restored, undone.kept) == (3, 3, ())
    with desk.crm.work("reader") as work:
        eight = desk.found(work, "8")
        assert (eight.name, [p.value for p in eight.contact_points], eight.addresses[0].city) == (
            "Person 8",
            ["p8@example.com"],
            "Cairo",
        )
        profile = eight.facet(Profile)
        assert (profile.card, profile.motto, profile.points) == ("C8", None, 8)
        assert work.customers.find(email="n8@example.com") is None
    assert {name: sum(held.values()) for name, held in contents(desk.crm).items()} == {
        name: sum(held.values()) for name, held in before.items()
    }


def test_a_facet_that_the_import_made_goes_again(desk: Desk) -> None:
    """A customer would keep an empty card of a plugin that never knew him."""
    desk.take("external_id,name\n1,Ann\n")
    report = desk.take("external_id,name,specimen.card\n1,Ann,X\n", on_duplicate="update")
    assert desk.undo(report).restored == 1
    with desk.crm.work("reader") as work:
        assert desk.found(work, "1").facet_or_none(Profile) is None


def test_what_somebody_has_changed_since_is_kept_and_named(desk: Desk) -> None:
    """A colleague's work would be lost with the import, and nobody be told."""
    report = desk.take(FIRST)
    with desk.crm.work("omid") as work:
        ids = [desk.found(work, str(n)).id for n in range(3)]
        work.customers.change(ids[0], name="Omid's friend", note="met")
        work.customers.change(ids[1], {"specimen.motto": "Mine"})
        work.customers.remove(ids[2])
    undone = desk.undo(report)
    assert undone.removed == 6
    reasons = {each.id: each.reason for each in undone.kept}
    assert set(reasons) == {str(ids[0]), str(ids[1])}
    assert reasons[str(ids[0])].startswith("changed since: name, note by omid at 2")
    assert "specimen.motto by omid" in reasons[str(ids[1])]


def test_of_what_was_changed_only_the_disputed_fields_are_kept(desk: Desk) -> None:
    """One later edit would keep a whole wrong update, or be overwritten by what was there before."""
    desk.take(FIRST)
    report = desk.take(SECOND, on_duplicate="update")
    with desk.crm.work("omid") as work:
        id = desk.found(work, "8").id
        work.customers.change(id, {"name": "Omid's", "specimen.motto": "His"}, note="new")
    undone = desk.undo(report)
    assert (undone.removed, undone.restored) == (3, 3)
    [kept] = undone.kept
    assert kept.id == str(id)
    assert "name by omid" in kept.reason and "specimen.motto by omid" in kept.reason and "note" not in kept.reason
    with desk.crm.work("reader") as work:
        eight = desk.found(work, "8")
        assert (eight.name, eight.note, eight.addresses[0].city) == ("Omid's", "new", "Cairo")
        assert (eight.facet(Profile).card, eight.facet(Profile).motto) == ("C8", "His")


def test_what_others_refer_to_is_kept(desk: Desk) -> None:
    """References of others would dangle, or one call would keep a whole file."""
    report = desk.take(FIRST)
    with desk.crm.work("omid") as work:
        called, linked = (desk.found(work, n).id for n in "25")
        call = work.interactions.add(Interaction(NOON, "call", customer=called))
        work.links.add(Link("interaction", call.id, "customer", linked, "about"))
    undone = desk.undo(report)
    assert undone.removed == 7
    assert {each.id for each in undone.kept} == {str(called), str(linked)}
    assert all("refer to it" in each.reason for each in undone.kept)


def test_references_inside_the_batch_do_not_count(desk: Desk) -> None:
    """Users would be kept for each other's sake, and customers for that of calls in the same file."""
    team = "external_id,name,manager\n" + "".join(f"{n},User {n},{n + 1 if n < 9 else ''}\n" for n in range(10))
    assert desk.undo(desk.take(team, "user")).removed == 10
    map = '[columns]\ncustomer = { field = "customer", missing = "create" }\n'
    calls = "at,channel,customer\n" + "".join(f"2025-01-01,phone,Caller {n // 2}\n" for n in range(10))
    undone = desk.undo(desk.take(calls, "interaction", map))
    assert (undone.removed, undone.kept) == (15, ())
    assert not any(contents(desk.crm).values())


def test_records_that_the_file_changed_once_more_go_as_well(desk: Desk) -> None:
    """A record that two rows of the file are about would be taken for one that somebody has changed since."""
    rows = "external_id,name,note\n1,Ann,a\n2,Bob,\n3,Cid,\n4,Dan,\n1,Ann,b\n"
    report = desk.take(rows, on_duplicate="update")
    assert (report.created, report.updated) == (4, 1)
    undone = desk.undo(report)
    assert (undone.removed, undone.restored, undone.kept) == (4, 0, ())


def test_an_interrupted_import_can_be_undone(desk: Desk) -> None:
    """The half of a file could neither be used nor be got rid of."""
    with pytest.raises(Killed):
        desk.take(FIRST, progress=killer(5))
    [batch] = batches(desk.crm)
    undone = desk.crm.undo_import(batch.id, actor="sara")
    assert undone.removed == 3
    assert not any(contents(desk.crm).values())


def test_an_interrupted_undoing_goes_on(desk: Desk) -> None:
    """After a crash, half of a batch would be left for ever, or the report tell of the second half only."""
    report = desk.take(FIRST)
    with desk.crm.work("omid") as work:
        work.customers.change(desk.found(work, "8").id, name="Kept")
    with pytest.raises(Killed):
        desk.crm.undo_import(report.batch, actor="sara", progress=killer(1))
    [batch] = batches(desk.crm)
    assert (batch.status, len(chunks(desk.crm, "undo"))) == ("undoing", 1)
    with pytest.raises(ImportRefused, match="is being undone"):
        desk.take(FIRST, resume=report.batch)
    undone = desk.undo(report)
    assert (undone.removed, len(undone.kept)) == (8, 1)


def test_the_undoing_is_in_the_log(desk: Desk) -> None:
    """Nobody could tell who took the records away, or what they held."""
    report = desk.take("external_id,name\n1,Ann\n")
    with desk.crm.work("reader") as work:
        id = desk.found(work, "1").id
    desk.undo(report)
    with desk.crm.work("reader") as work:
        removed = work.customers.history(id)[-1]
    assert (removed.operation, removed.actor, removed.source) == ("remove", "sara", "s")
    assert removed.values()["name"] == ["Ann", None]


def test_rows_of_logs_go_with_their_record_alone(desk: Desk) -> None:
    """An opportunity that somebody moved since would stay, but lose the history of its stages."""
    with desk.crm.work("omid") as work:
        customer = work.customers.add(Person("Ann")).id
        work[Opportunity].add(Opportunity("First", customer=customer))
        assert work[Pipeline].count() == 1
    before = contents(desk.crm)
    report = desk.take("external_id,name,stage\n1,Deal,proposal\n2,Other,proposal\n", "opportunity")
    with desk.crm.work("omid") as work:
        deal = work[Opportunity].find(external_id="1", source="s")
        assert deal is not None
        work[Opportunity].change(deal.id, stage="negotiation")
        rows = work.records("stage_change").count(f'opportunity = "{deal.id}"')
    undone = desk.undo(report)
    assert (undone.removed, [each.id for each in undone.kept]) == (1, [str(deal.id)])
    with desk.crm.work("omid") as work:
        assert work.records("stage_change").count(f'opportunity = "{deal.id}"') == rows
        work[Opportunity].remove(deal.id)
    assert contents(desk.crm) == before
