"""An import that was interrupted goes on: its end is that of one that never was."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crmcore import Person, Product, User
from crmcore.adapters import files
from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.application.importing import ImportPlan, entries
from crmcore.application.importing.file_import import ImportRequest, import_file
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import ImportRefused, InvalidSetting, InvalidValue, NotFound, StorageBusy
from tests.application.importing.interrupting import Killed, batches, chunks, contents, killer, outcome
from tests.shared import SharedCrm

PEOPLE = "external_id,name,email,specimen.card\n" + "".join(
    f"{n},Person {n},{'bad' if n % 7 == 3 else f'p{n}'}@example.com{' x' if n % 7 == 3 else ''},C{n % 9}\n"
    for n in range(24)
)
"""Some rows are refused: for an address, or for a card that another one has."""
ANONYMOUS = "name,note\n" + "".join(f"Person {n % 4},same\n" for n in range(20))
TEAM = "external_id,name,manager\n" + "".join(f"{n},User {n},{n + 5 if n < 18 else ''}\n" for n in range(20))
"""Everyone is managed by somebody further down; two by nobody who is there."""
ORDERS = "external_id,ordered_at,customer,product,quantity\n" + "".join(
    f"{n % 6},2025-01-01,{'Nobody' if n == 13 else ''},Tea,{n}\n" for n in range(24)
)
"""Rows of six orders, one here and one there; one row is of another customer."""
CALLS = "at,channel,customer\n" + "".join(f"2025-01-01,phone,Caller {n // 2}\n" for n in range(20))
CREATING = '[columns]\ncustomer = { field = "customer", missing = "create" }\n'
FILES = {
    "people": (PEOPLE, "customer", ""),
    "anonymous": (ANONYMOUS, "customer", ""),
    "team": (TEAM, "user", '[columns]\nmanager = { field = "manager", missing = "leave" }\n'),
    "orders": (ORDERS, "order", ""),
    "calls": (CALLS, "interaction", CREATING),
}


class Office:
    """Imports one file, in chunks of three rows."""

    def __init__(self, crm: Crm, folder: Path, name: str, plan: dict[str, Any]) -> None:
        content, self.record, map = FILES[name]
        self.crm, self.plan = crm, dict(plan)
        self.file, self.rejects = folder / "rows.csv", folder / "rejects.csv"
        self.file.write_text(content)
        if map:
            self.plan["map"] = folder / "map.toml"
            self.plan["map"].write_text(map)

    def prepare(self) -> None:
        """What was there before: a product, and some of the records in an older form."""
        with self.crm.work("before") as work:
            work.products.add(Product("Tea"))
            work.customers.add_many(Person(f"Old {n}", external_id=str(n), source="s") for n in range(0, 24, 4))
            work.users.add_many(User(f"Old {n}", external_id=str(n), source="s") for n in range(0, 20, 4))

    def take(self, **more: Any) -> Any:
        """The report."""
        given = {"actor": "importer", "chunk": 3, "source": "s", "rejects": self.rejects, **self.plan, **more}
        return self.crm.import_file(self.file, self.record, **given)


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three records."""
    monkeypatch.setattr(entries, "BATCH", 3)


@pytest.mark.parametrize("on_duplicate", ["skip", "update", "create"])
@pytest.mark.parametrize("name", list(FILES))
def test_resumed_as_if_never_interrupted(
    shared: SharedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, on_duplicate: str
) -> None:
    """A killed import would leave records that are there twice, half or not at all, or a report that counts wrongly."""
    small(monkeypatch)
    if name == "people" and on_duplicate == "create":
        name = "anonymous"  # numbers are unique
    office = Office(shared.fresh(), tmp_path, name, {"on_duplicate": on_duplicate})
    office.prepare()
    whole = outcome(office.take(), office.rejects)
    expected, pieces = contents(office.crm), len(chunks(office.crm))
    assert pieces > 3
    for rows in {1, 4, 8, 14, 19}:
        office.crm = shared.fresh()
        office.rejects.unlink(missing_ok=True)
        office.prepare()
        with pytest.raises(Killed):
            office.take(progress=killer(rows))
        assert not office.rejects.exists()
        resume = str(batches(office.crm)[0].id) if batches(office.crm) else None
        if rows == 8:  # and once more
            with pytest.raises(Killed):
                office.take(resume=resume, progress=killer(rows + 6))
        again = office.take(resume=resume)
        assert outcome(again, office.rejects) == whole
        assert contents(office.crm) == expected
        [batch] = batches(office.crm)
        assert (batch.status, batch.rows, batch.rejected) == ("done", again.rows, again.rejected)


def test_the_batch_tells_where_records_come_from(shared: SharedCrm, tmp_path: Path) -> None:
    """Nobody could tell afterwards which file a record came from, who took it in, or when."""
    office = Office(shared.fresh(), tmp_path, "people", {})
    report = office.take()
    [batch], pieces = batches(office.crm), chunks(office.crm)
    assert (str(batch.id), batch.record, batch.file, batch.status) == (report.batch, "customer", "rows.csv", "done")
    assert (batch.source, batch.size, len(batch.sha256)) == ("s", office.file.stat().st_size, 64)
    counted = {
        name: getattr(batch, name) for name in ("rows", "created", "updated", "unchanged", "rejected", "records")
    }
    assert counted == {name: getattr(report, name) for name in counted}
    with office.crm.work("reader") as work:
        customer = work.customers.query(limit=1).items[0]
        [added] = work.customers.history(customer.id)
        assert (added.actor, str(added.work)) == ("importer", pieces[0].work)
        work[type(batch)].remove(batch.id)
        assert [each.operation for each in work[type(batch)].history(batch.id)][-1] == "remove"
    assert chunks(office.crm) == []


@pytest.fixture
def interrupted(shared_memory: SharedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office in which an import was interrupted."""
    small(monkeypatch)
    office = Office(shared_memory.fresh(), tmp_path, "people", {})
    with pytest.raises(Killed):
        office.take(progress=killer(10))
    return office


def test_only_its_own_file_can_be_resumed(interrupted: Office) -> None:
    """Rows of another file would be skipped as settled, and its own never come in."""
    batch = str(batches(interrupted.crm)[0].id)
    content = interrupted.file.read_text()
    interrupted.file.write_text(content + "99,Late,,\n")
    with pytest.raises(ImportRefused, match="another file"):
        interrupted.take(resume=batch)
    interrupted.file.write_text(content)
    interrupted.record = "user"
    with pytest.raises(ImportRefused, match="of type customer, not user"):
        interrupted.take(resume=batch)


def test_it_goes_on_as_it_began(interrupted: Office) -> None:
    """Half of a file would be skipped and the other half update, or amounts be read in two ways."""
    batch = str(batches(interrupted.crm)[0].id)
    with pytest.raises(ImportRefused, match="another on_duplicate: leave that out"):
        interrupted.take(resume=batch, on_duplicate="update")
    with pytest.raises(ImportRefused, match="another encoding"):
        interrupted.take(resume=batch, encoding="cp1256")
    with pytest.raises(InvalidSetting, match="dry run"):
        interrupted.take(resume=batch, dry_run=True)
    report = interrupted.crm.import_file(interrupted.file, "customer", actor="other", resume=batch)
    with interrupted.crm.work("reader") as work:
        assert {each.source for each in work.customers.stream()} == {"s"}
    with pytest.raises(ImportRefused, match="is finished"):
        interrupted.take(resume=report.batch)


def test_what_is_no_batch(interrupted: Office) -> None:
    """A mistyped id would end in a traceback, or begin a new import."""
    with pytest.raises(InvalidValue, match="'x'"):
        interrupted.take(resume="x")
    with pytest.raises(NotFound):
        interrupted.take(resume="01a2011f-3d7b-75fa-a7ad-ca80d36a3c62")


def test_the_plain_command_names_what_can_be_resumed(interrupted: Office) -> None:
    """After a crash nobody would know that there is a batch to go on with."""
    before = str(batches(interrupted.crm)[0].id)
    report = interrupted.take()
    assert report.unfinished == (before,)
    assert report.unchanged > 0
    assert "unfinished" not in report.plain()


def test_a_dry_run_keeps_no_batch(shared: SharedCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview would leave a batch that nobody made, or count otherwise than the run."""
    small(monkeypatch)
    for name in FILES:
        office = Office(shared.fresh(), tmp_path, name, {})
        office.prepare()
        before = contents(office.crm)
        preview = outcome(office.take(dry_run=True), office.rejects)
        assert (contents(office.crm), batches(office.crm)) == (before, [])
        assert outcome(office.take(), office.rejects) == preview


def test_very_many_refused_rows(shared: SharedCrm, tmp_path: Path) -> None:
    """What is remembered of a chunk would not fit into its record, and the import fail at its end."""
    crm = shared.fresh()
    file = tmp_path / "bad.csv"
    file.write_text("name,birth_date\n" + f"{'n' * 90},{'x' * 150}\n" * 9_000)
    report = crm.import_file(file, "customer", actor="x", chunk=9_000, ignore_unknown=True)
    assert (report.rejected, len(report.rejects)) == (9_000, 1_000)
    assert len(chunks(crm)) > 1


def with_begin(office: Office, batch: str, meanwhile: dict[int, Callable[[], object]]) -> Any:
    """The report of resuming a batch, where other things happen before the units of work of these numbers begin."""
    numbers = count(1)

    def begin(*, source: str | None = None, dry: bool = False) -> UnitOfWork:
        meanwhile.get(next(numbers), lambda: None)()
        return office.crm.work("second", source=source, dry=dry)

    request = ImportRequest(path=office.file, plan=ImportPlan(record=office.record), resume=batch, chunk=3)
    return import_file(begin, files, RowSchemas(office.crm.catalogue), request)


def test_two_do_not_go_on_with_one_batch(interrupted: Office) -> None:
    """Two processes that resume the same batch would each take the rows in."""
    batch = str(batches(interrupted.crm)[0].id)
    with pytest.raises(ImportRefused, match="another one goes on with it"):
        with_begin(interrupted, batch, {5: lambda: interrupted.take(resume=batch)})
    whole = contents(interrupted.crm)
    assert interrupted.take().created == 0
    assert contents(interrupted.crm) == whole


def test_a_busy_database_is_tried_again(interrupted: Office) -> None:
    """Another writer who is in the way for a moment would end a long import, or have rows of it left out."""
    batch = str(batches(interrupted.crm)[0].id)

    def busy() -> None:
        raise StorageBusy("somebody else is writing")

    report = with_begin(interrupted, batch, {5: busy, 6: busy})
    assert report.rows == 24
    with pytest.raises(StorageBusy):
        with_begin(interrupted, batch, {1: busy})
