"""Who reads fields that are declared sensitive stands in the log, where the host wants it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crmcore import Interaction, Person
from crmcore.application.auditing.audit import Audit
from crmcore.application.exporting import export_columns
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.change import LogEntry
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError
from crmcore.plugins import Observed, Plugin, hookimpl, on
from crmcore.testing.contract.case import NOON
from crmcore.testing.crm import make_crm
from tests.databases import storages
from tests.shared import SharedCrm

BORN = dt.date(1990, 5, 17)


@pytest.fixture
def logging(shared: SharedCrm) -> Iterator[Crm]:
    """A Crm that logs reads."""
    crm = shared.fresh()
    crm.kernel.log_reads = True
    yield crm
    crm.kernel.log_reads = False


@pytest.fixture
def leila(logging: Crm) -> UUID:
    """A customer with a date of birth and a note, and without a gender."""
    with logging.work("sara") as work:
        return work.customers.add(Person("Leila", birth_date=BORN, note="likes blue")).id


def reads(crm: Crm, record: str = "customer") -> list[LogEntry]:
    """The reads of records of a type in the log, oldest first."""
    crm.pump(jobs=False)
    return [entry for entry in crm.feed() if entry.operation == "read" and entry.record == record]


def names(entry: LogEntry) -> Any:
    """What was read."""
    return entry.values()["read"][1]


def test_a_read_is_logged_once_with_names_and_no_values(logging: Crm, leila: UUID) -> None:
    """Otherwise nobody could tell a person who looked at what they told in confidence."""
    with logging.work("reza", source="desk") as work:
        work.customers.get(leila)
        work.customers.find(id=str(leila))
        [shown] = work.customers.query("birth_date is not missing").items
    [entry] = reads(logging)
    assert (entry.actor, entry.source, entry.id, entry.subject) == ("reza", "desk", leila, leila)
    assert entry.work == work.id and entry.version == shown.version == 1
    assert names(entry) == ["birth_date", "note"]
    assert "blue" not in entry.changes and "1990" not in entry.changes


def test_what_has_no_sensitive_value_is_not_logged(logging: Crm) -> None:
    """Otherwise the log would be full of what nobody asks for."""
    with logging.work("sara") as work:
        plain = work.customers.add(Person("Omid")).id
    with logging.work("reza") as work:
        work.customers.get(plain)
    assert reads(logging) == []


@pytest.mark.parametrize("snapshot", [True, False])
def test_a_read_of_which_nothing_is_kept_is_logged(logging: Crm, leila: UUID, snapshot: bool) -> None:
    """A read that is not committed was a read."""
    with logging.work("reza", snapshot=snapshot, dry=not snapshot) as work:
        work.customers.get(leila)
    assert [each.actor for each in reads(logging)] == ["reza"]


def test_a_read_before_an_error_is_logged(logging: Crm, leila: UUID) -> None:
    """Otherwise whoever reads would only have to fail afterwards."""
    with pytest.raises(KeyError), logging.work("reza") as work:
        work.customers.change(leila, archived=True)
        work.customers.get(leila)
        raise KeyError
    assert [each.actor for each in reads(logging)] == ["reza"]
    with logging.work("sara") as work:
        assert not work.customers.get(leila).archived


def test_the_past_the_history_and_exports_are_reads(logging: Crm, leila: UUID) -> None:
    """Otherwise there would be a way around."""
    at = logging.kernel.clock.now()
    ways: dict[str, Callable[[UnitOfWork], object]] = {
        "as_of": lambda work: work.customers.get(leila, as_of=at),
        "history": lambda work: work.customers.history(leila),
        "stream": lambda work: list(work.customers.stream()),
        "view": lambda work: work.whole_view(leila),
    }
    for actor, read in ways.items():
        with logging.work(actor) as work:
            read(work)
    assert {each.actor: names(each) for each in reads(logging)} == {way: ["birth_date", "note"] for way in ways}


def change_nothing(work: UnitOfWork, leila: UUID) -> None:
    """As she is already."""
    assert work.customers.change(leila, archived=False).birth_date == BORN


def change_in_vain(work: UnitOfWork, leila: UUID) -> None:
    """In a savepoint that is rolled back, in a unit of work that is kept."""
    work.customers.change(leila, city="Isfahan")
    with pytest.raises(KeyError), work.savepoint():
        assert work.customers.change(leila, archived=True).birth_date == BORN
        raise KeyError


def change_and_fail(work: UnitOfWork, leila: UUID) -> None:
    """All of it is rolled back."""
    assert work.customers.change(leila, archived=True).birth_date == BORN
    raise KeyError


@pytest.mark.parametrize("dry", [True, False])
@pytest.mark.parametrize("way", [change_nothing, change_in_vain, change_and_fail])
def test_a_change_of_which_nothing_is_kept_is_a_read(
    logging: Crm, leila: UUID, way: Callable[[UnitOfWork, UUID], None], dry: bool
) -> None:
    """Whoever changes a record is handed it: otherwise a change to be rolled back would be a way to read unseen."""
    with suppress(KeyError), logging.work("reza", dry=dry) as work:
        way(work, leila)
    assert [(each.actor, names(each)) for each in reads(logging)] == [("reza", ["birth_date", "note"])]


def test_what_an_interaction_says_is_sensitive_of_the_person(logging: Crm, leila: UUID) -> None:
    """It is about the customer, who may ask who read it."""
    with logging.work("sara") as work:
        work.interactions.add(Interaction(customer=leila, at=NOON, channel="call", body="she is ill"))
    with logging.work("reza", snapshot=True) as work:
        work.timeline(leila)
    [entry] = reads(logging, "interaction")
    assert (entry.subject, names(entry)) == (leila, ["body"])


def test_what_crmcore_reads_for_itself_is_not_logged(logging: Crm, leila: UUID) -> None:
    """Whoever changes a record stands in the log with the change; a search shows names alone."""
    with logging.work("sara") as work:
        work.customers.change(leila, archived=True)
        work.lock(Customer, leila)
        assert work.search("leila")
        assert export_columns(work, "customer", "csv")
    assert reads(logging) == []


def test_reads_are_no_changes(logging: Crm, leila: UUID) -> None:
    """A read must not look like a version, nor change what was known at a time."""
    with logging.work("sara") as work:
        work.customers.get(leila)
    with logging.work("sara") as work:
        assert [each.operation for each in work.customers.history(leila)] == ["add", "read"]
        past = work.customers.get(leila, as_of=logging.kernel.clock.now())
        now = work.customers.get(leila)
        assert (past.version, past.changed_at, past.note) == (1, now.changed_at, now.note)


def test_a_host_that_does_not_ask_for_it_has_no_reads_logged(shared: SharedCrm) -> None:
    """It costs an entry for each record that is read."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila", birth_date=BORN)).id
    with crm.work("reza") as work:
        work.customers.get(leila)
        assert not work.course.reads
    assert reads(crm) == []


def test_reads_are_linked_as_changes_are(logging: Crm, leila: UUID) -> None:
    """Otherwise who read could be taken out of the log."""
    with logging.work("reza") as work:
        work.customers.get(leila)
    anchor = Audit(logging.workers).anchor()
    assert anchor.entries == 2 and Audit(logging.workers).verify(anchor).ok


def test_observers_are_not_told_of_reads(tmp_path: Path) -> None:
    """Each of them would have to know that these are no changes; and what they read would be the next thing to read."""
    seen: list[str] = []

    @hookimpl
    @on("*", from_start=True)
    def observe_changes(context: Observed) -> None:
        seen.extend(event.operation for event in context.events)

    watching = SimpleNamespace(plugin=Plugin("watching"), observe_changes=observe_changes)
    with make_crm(f"sqlite:///{tmp_path}/crm.db", plugins=[watching]) as crm:
        crm.kernel.log_reads = True
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila", birth_date=BORN)).id
        for _ in range(3):
            with crm.work("reza") as work:
                work.customers.get(leila)
            crm.pump(jobs=False)
        with crm.work("sara") as work:
            work.customers.change(leila, archived=True)
        crm.pump(jobs=False)
        assert seen == ["add", "change"] and len(crm.feed()) == 5
        assert crm.workers.put_aside() == []


def test_what_was_read_since_can_still_be_undone(logging: Crm, tmp_path: Path) -> None:
    """Somebody who only looked at an import would keep it from being taken back; and an import shows its records to
    nobody."""
    (tmp_path / "people.csv").write_text("name,birth_date\nLeila,1990-05-17\n", encoding="utf-8")
    batch = logging.import_file(tmp_path / "people.csv", "customer", actor="sara").batch
    again = logging.import_file(tmp_path / "people.csv", "customer", actor="sara", match="name")
    assert again.unchanged == 1 and reads(logging) == []
    with logging.work("reza") as work:
        assert len(list(work.customers.stream())) == 1
    (tmp_path / "people.csv").write_text("name,birth_date,city\nLeila,1990-05-17,Isfahan\n", encoding="utf-8")
    for dry in (True, False):
        logging.import_file(tmp_path / "people.csv", "customer", actor="omid", match="name", dry_run=dry)
    assert {each.actor for each in reads(logging)} == {"reza"}
    undone = logging.undo_import(batch, actor="sara")
    assert (undone.removed, list(undone.kept)) == (1, [])


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_aud_05_what_cannot_be_logged_is_not_done(fresh_url: str) -> None:
    """AUD-05: whoever writes or reads while the log takes nothing would leave no trace."""
    with make_crm(fresh_url) as crm:
        crm.kernel.log_reads = True
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila", birth_date=BORN)).id
        with refusing(fresh_url):
            with pytest.raises(CrmError), crm.work("reza") as work:
                work.customers.change(leila, archived=True)
            for snapshot in (False, True):
                with pytest.raises(CrmError), crm.work("reza", snapshot=snapshot) as work:
                    work.customers.get(leila)
        with crm.work("sara") as work:
            assert not work.customers.get(leila).archived
            work.customers.change(leila, archived=True)
        assert [each.operation for each in reads(crm)] == ["read"]


@contextmanager
def refusing(url: str) -> Iterator[None]:
    """Meanwhile the log takes no more: its column of actors is another."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE crm_change RENAME COLUMN actor TO actor_of_before"))
    yield
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE crm_change RENAME COLUMN actor_of_before TO actor"))
