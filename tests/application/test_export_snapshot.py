"""An export is one moment of the database, whatever others write while it runs."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

import crmcore
from crmcore import Person
from crmcore.adapters.files import open_sink
from crmcore.application.exporting import export_columns, export_records
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidSetting, SchemaMismatch
from crmcore.ports.exchange import RowSink
from tests.databases import storages

ROWS = 20_000


@pytest.fixture
def two(fresh_url: str) -> Iterator[tuple[Crm, Crm]]:
    """Two hosts of one database."""
    first, second = crmcore.open(fresh_url, plugins=[]), crmcore.open(fresh_url, plugins=[])
    first.upgrade()
    yield first, second
    first.close()
    second.close()


class Interrupted:
    """A sink that lets somebody else write, after its first thousand rows."""

    def __init__(self, sink: RowSink, at: int, other: threading.Thread) -> None:
        self._sink, self._left, self._other = sink, at, other

    def write(self, values: Mapping[str, object]) -> None:
        """Write a row; start the other writer when it is time, and give it a while."""
        self._left -= 1
        if self._left == 0:
            self._other.start()
            self._other.join(timeout=5)
        self._sink.write(values)


@pytest.mark.parametrize("fresh_url", storages("sqlite", "postgres", "mariadb"), indirect=True)
def test_an_export_is_of_one_moment(two: tuple[Crm, Crm], tmp_path: Path) -> None:
    """EXP-01: some customers would be as before a change and others as after it, or a name beside another's address."""
    crm, other = two
    with crm.work("seeder") as work:
        work.customers.add_many(Person(f"old {n}", emails=[f"old{n}@example.com"]) for n in range(ROWS))
        last = work.customers.query(limit=50).items

    def rewrite() -> None:
        with other.work("writer") as work:
            for each in last:
                work.customers.change(each.id, name="new", email="new@example.com")
            work.customers.add_many(Person("new", emails=["new@example.com"]) for _ in range(50))

    path = tmp_path / "customers.csv"
    writer = threading.Thread(target=rewrite)
    with crm.work("exporter", snapshot=True) as work:
        columns = export_columns(work, "customer", "csv", ["name", "email"])
        with open_sink(path, columns) as sink:
            total = export_records(work, "customer", None, columns, Interrupted(sink, 1_000, writer), "csv")  # type: ignore[arg-type]
            assert not path.exists()
    writer.join()
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["name"], row["email"]) for row in csv.DictReader(file)]
    assert total == len(rows) == ROWS
    assert sorted(rows) == sorted((f"old {n}", f"old{n}@example.com") for n in range(ROWS))
    with crm.work("reader") as work:
        assert work.customers.count('name = "new"') == 100


@pytest.mark.parametrize("fresh_url", storages("sqlite", "postgres", "mariadb"), indirect=True)
def test_a_snapshot_only_reads_and_the_next_unit_of_work_writes(fresh_url: str) -> None:
    """What is written in a snapshot would be lost, or its connection never write again."""
    with closing(crmcore.open(fresh_url, plugins=[])) as crm:
        crm.upgrade()
        with crm.work("reader", snapshot=True) as work:
            assert work.customers.count() == 0
            with pytest.raises(SchemaMismatch, match="only reads"):
                work.customers.add(Person("Leila"))
        with crm.work("writer") as work:
            work.customers.add(Person("Omid"))
            with pytest.raises(InvalidSetting, match="a transaction of its own"):
                crm.work("reader", snapshot=True, dbapi=object())
        with crm.work("reader", snapshot=True) as work:
            assert work.customers.count() == 1
