"""Fields that change while other processes and threads work, and processes that are killed in the middle of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest

import crmcore
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import CrmError, DuplicateValue, InvalidDeclaration
from crmcore.testing.contract.altering import change
from crmcore.testing.crm import make_crm

READER: Final = """
import sys
import crmcore
crm = crmcore.open(sys.argv[1])
for line in sys.stdin:
    try:
        with crm.work("reader") as work:
            print(work.customers.count(line.strip()), flush=True)
    except crmcore.CrmError as error:
        print(type(error).__name__, flush=True)
"""
"""Runs on, and counts what it is asked for, each time in a unit of work of its own."""

KILLED: Final = """
import os, signal, sys
import sqlalchemy as sa
import crmcore
from crmcore.adapters.sql.engine import own_engine
from crmcore.crm import Crm
engine, left = own_engine(sys.argv[1]), int(sys.argv[2])
def count(connection, cursor, statement, *_):
    global left
    if statement.split()[0] in ("ALTER", "CREATE", "DROP"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(engine, "after_cursor_execute", count)
fields = Crm(engine).fields
if sys.argv[3] == "add":
    fields.add("customer", "shop", "reference", target="customer", index=True, unique=True)
elif sys.argv[3] == "sets":
    fields.add("customer", "likes", "choices")
else:
    fields.purge("customer", "shop")
"""
"""Changes fields, and is killed after the given number of statements that alter tables."""


@pytest.fixture
def place(fresh_url: str) -> Iterator[tuple[str, Crm]]:
    """The URL of a database and a Crm over it, on each."""
    with make_crm(fresh_url) as crm:
        yield fresh_url, crm


def test_another_process_sees_a_field_at_its_next_unit_of_work(place: tuple[str, Crm]) -> None:
    """Without being told, and though it has been running since before; and no longer when the field is removed."""
    url, crm = place
    with subprocess.Popen(
        [sys.executable, "-c", READER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def asked(where: str) -> str:
            assert process.stdin is not None and process.stdout is not None
            print(where, file=process.stdin, flush=True)
            return process.stdout.readline().strip()

        assert asked("custom.size > 40") == "PredicateError"
        crm.fields.add("customer", "size", "integer", index=True)
        with crm.work("sara") as work:
            work.customers.add(Person("Leila").with_facets(crm.fields.facet("customer")(size=42)))
        assert asked("custom.size > 40") == "1"
        crm.fields.add("customer", "motto", "text")
        assert asked("custom.size > 40 and custom.motto is missing") == "1"
        crm.fields.remove("customer", "size")
        assert asked("custom.size > 40") == "PredicateError"
        process.communicate()


def killed_until_done(url: str, what: str, crm: Crm) -> int:
    """Let processes do it, each killed one step later than the one before; how many were killed."""
    for steps in range(20):
        done = subprocess.run([sys.executable, "-c", KILLED, url, str(steps), what], capture_output=True, text=True)
        if done.returncode == 0:
            return steps
        assert done.returncode == -9, done.stderr
        with crm.work("sara") as work:  # whoever is left works on, and sees nothing half done
            names = work.catalogue.names(work.catalogue.of(crmcore.Customer))
            assert "custom.shop" not in names and "custom.likes" not in names
            work.customers.add(Person("meanwhile"))
    raise AssertionError("it never ended")


def test_killed_between_steps(place: tuple[str, Crm]) -> None:
    """What was begun is ended by doing it again; nothing that is there is lost, and nobody is kept from working."""
    url, crm = place
    crm.fields.add("customer", "stays", "text")
    with crm.work("sara") as work:
        omar = work.customers.add(Person("Omar").with_facets(crm.fields.facet("customer")(stays="x"))).id
    assert killed_until_done(url, "add", crm) > 1
    with crm.work("sara") as work:
        change(work, omar, {"custom.shop": omar})
        other = work.customers.add(Person("Nora")).id
        with pytest.raises(DuplicateValue), work.savepoint():
            change(work, other, {"custom.shop": omar})
    assert killed_until_done(url, "sets", _removed(crm)) >= 1
    assert killed_until_done(url, "purge", _removed(crm, "likes")) >= 1
    crm.fields.add("customer", "shop", "integer")
    with crm.work("sara") as work:
        assert work.customers.count('custom.stays = "x" and custom.shop is missing') == 1


def _removed(crm: Crm, name: str = "shop") -> Crm:
    crm.fields.remove("customer", name)
    return crm


def test_what_was_coming_is_not_mistaken_for_something_else(mariadb_url: str) -> None:
    """MariaDB keeps a column whose adding was interrupted: the same field is completed, another kind refused."""
    with make_crm(mariadb_url) as crm:
        done = subprocess.run([sys.executable, "-c", KILLED, mariadb_url, "1", "add"], check=False)
        assert done.returncode == -9
        assert [field.name for _, field in crm.fields.removed("customer")] == ["shop"]
        with pytest.raises(InvalidDeclaration, match="purge it first"):
            crm.fields.add("customer", "shop", "integer")
        assert crm.fields.purge("customer", "shop") == 0
        crm.fields.add("customer", "shop", "integer")


def test_two_administrators_at_once(place: tuple[str, Crm]) -> None:
    """One adds the field, the other is told that it is there; of different fields each is added."""
    url, _ = place
    told: list[str] = []

    def administrate(number: int) -> None:
        crm = crmcore.open(url)
        for name in ("same", f"own_{number}"):
            try:
                crm.fields.add("customer", name, "integer")
                told.append(name)
            except CrmError as error:
                told.append(type(error).__name__)
        crm.close()

    threads = [threading.Thread(target=administrate, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["InvalidDeclaration", "InvalidDeclaration", "own_0", "own_1", "own_2", "same"]
    crm = crmcore.open(url)
    facet = crm.catalogue.facet(crm.catalogue.record("customer"), "custom")
    assert facet is not None and len(facet.fields) == 4
    crm.close()


def test_what_others_changed_meanwhile_is_not_passed_over(sqlite_url: str) -> None:
    """Whoever adds a field without having looked sees what another process has done since."""
    with make_crm(sqlite_url) as crm:
        other = crmcore.open(sqlite_url)
        other.fields.add("customer", "first", "integer")
        crm.fields.add("customer", "second", "integer")
        facet = crm.catalogue.facet(crm.catalogue.record("customer"), "custom")
        assert facet is not None and [f.name for f in facet.fields] == ["first", "second"]
        assert other.fields.remove("customer", "second").name == "second"
        other.close()


def test_threads_work_on_while_fields_change(place: tuple[str, Crm]) -> None:
    """Each unit of work goes on with the fields that it began with; none fails."""
    _, crm = place
    crm.fields.add("customer", "size", "integer")
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(crm.fields.facet("customer")(size=1))).id
    wrong: list[Exception] = []
    over = threading.Event()

    def write(number: int) -> None:
        while not over.is_set():
            try:
                crm.run(lambda work: grow(work, number), actor=f"thread {number}", retries=20)
            except Exception as error:
                wrong.append(error)
                return

    def grow(work: Any, number: int) -> None:
        size = work.customers.count("custom.size > 0")
        work.customers.change(leila, **{"custom.size": size + number})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for name in ("a", "b", "c"):
        crm.fields.add("customer", name, "text")
    crm.fields.remove("customer", "a")
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
