"""Every operation does what it says on each database, is left alone where it is done, and leaves what is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from crmcore.adapters.sql import creating
from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.migrating.shapes import Naming, Shape, table_of
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.adapters.sql.types import backend_of
from crmcore.crm import Crm
from crmcore.domain.errors import CrmError, InvalidDeclaration, SchemaMismatch, StorageFailed
from crmcore.ports.migration import Chain, Operations, Revision
from tests.adapters.sql.migrating.schema import described

STATION = Shape("station", {"id": ("id", False), "name": ("text(50)", False)}, ("id",), compact=False)
LINE = Shape(
    "line",
    {
        "id": ("id", False),
        "open": ("boolean", False),
        "name": ("text(40)", False),
        "name_fold": ("text(40)", False),
        "from_station": ("id", True),
        "length": ("decimal(4)", True),
        "since": ("date", True),
    },
    ("id",),
    unique=(("name",),),
    indexes=(("name_fold", "id"), ("since", "id")),
    references={"from_station": "station"},
)
STOP = Shape("stop", {"owner": ("id", False), "no": ("integer", False)}, ("owner", "no"), references={"owner": "line"})
A, B = "a" * 32, "b" * 32


@pytest.fixture
def engine(fresh_url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    made = own_engine(fresh_url)
    yield made
    made.dispose()


def make(engine: sa.Engine, *shapes: Shape, prefix: str = "crm_") -> None:
    """Make tables and put rows into them."""
    with engine.begin() as connection:
        for shape in shapes:
            table = table_of(shape, Naming(prefix), sa.MetaData())
            creating.make_table(connection, backend_of(engine.dialect), table, table.foreign_key_constraints)


def prepared(engine: sa.Engine) -> SqlStorage:
    """A database with a line between stations, in the name of the core."""
    crm = Crm(engine)
    crm.upgrade()
    make(engine, STATION, LINE, STOP)
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run(f"INSERT INTO crm_station (id, name) VALUES ('{A}', 'Köln')")
        for id, name, fold, station, true in ((A, "Rhein", "rh", f"'{A}'", 1), (B, "Straße", "x", "NULL", 0)):
            flag = bool(true) if engine.dialect.name == "postgresql" else true
            columns = "id, open, name, name_fold, from_station"
            run(f"INSERT INTO crm_line ({columns}) VALUES ('{id}', {flag}, '{name}', '{fold}', {station})")
        run(f"INSERT INTO crm_stop (owner, no) VALUES ('{A}', 1)")
    assert isinstance(crm.storage, SqlStorage)
    return crm.storage


def migrate(storage: SqlStorage, *upgrades: Callable[[Operations], None]) -> list[str]:
    """Run revisions of the core; gives what was told."""
    told: list[str] = []
    revisions = [Revision(f"{n:04}", f"{n - 1:04}", "", each) for n, each in enumerate(upgrades, 2)]
    storage.migrate(Chain("core", tuple(revisions)), told.append)
    return told


def rows(engine: sa.Engine, sql: str) -> list[tuple[Any, ...]]:
    """What a query gives."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def every_operation(op: Operations) -> None:
    """From a line between stations to a route without any."""
    op.drop_reference("stop", "owner")
    op.drop_reference("line", "from_station")
    op.drop_unique("line", "name")
    op.drop_index("line", "name_fold", "id")
    op.drop_index("line", "since", "id")
    op.rename_table("line", "route")
    op.create_reference("stop", "owner", "route")
    op.rename_column("route", "open", "running")
    op.allow_missing("route", "running")
    op.retype("route", "name", "text(90)")
    op.retype("route", "name_fold", "text(90)")
    op.fold("route", "name", 90, cut=3)
    op.create_index("route", "name_fold", "id")
    op.drop_column("route", "since")
    op.add_column("route", "night", "boolean")
    op.fill("route", "night", "boolean", lambda row: row["from_station"] is not None)
    op.require("route", "night")
    op.add_column("route", "code", "code(3)")
    op.fill("route", "code", "code(3)", lambda row: str(row["name"])[:3])
    op.create_unique("route", "code")
    op.drop_column("route", "from_station")
    op.drop_table("station")
    op.create_table("depot", [("id", "id"), ("route", "id", True)], key=["id"], references={"route": "route"})
    op.execute("INSERT INTO {depot} (id, route) SELECT id, id FROM {route} WHERE name <> ':x %'")


ROUTE = Shape(
    "route",
    {
        "id": ("id", False),
        "running": ("boolean", True),
        "name": ("text(90)", False),
        "name_fold": ("text(90)", False),
        "length": ("decimal(4)", True),
        "night": ("boolean", False),
        "code": ("code(3)", True),
    },
    ("id",),
    unique=(("code",),),
    indexes=(("name_fold", "id"),),
)
DEPOT = Shape("depot", {"id": ("id", False), "route": ("id", True)}, ("id",), references={"route": "route"})
GOAL = (ROUTE, Shape("stop", STOP.columns, STOP.key, references={"owner": "route"}), DEPOT)


def test_every_operation_leaves_what_would_be_declared(engine: sa.Engine) -> None:
    """A table would end laxer than declared, under names that errors cannot be read by, or without its rows."""
    storage = prepared(engine)
    make(engine, *GOAL, prefix="goal_")
    assert len(migrate(storage, every_operation)) == 24
    with engine.connect() as connection:
        goal, all = described(connection, "goal_"), described(connection, "crm_")
        assert {name: all[name] for name in goal} == goal
    assert not {"line", "station"} & set(all)
    assert rows(engine, "SELECT name, name_fold, code FROM crm_route ORDER BY name") == [
        ("Rhein", "rhein", "Rhe"),
        ("Straße", "x", "Str"),
    ]
    flags = rows(engine, "SELECT running, night FROM crm_route ORDER BY name")
    assert [tuple(map(bool, each)) for each in flags] == [(True, True), (False, False)]
    assert rows(engine, "SELECT count(*) FROM crm_depot") == [(2,)]
    assert rows(engine, "SELECT no FROM crm_stop") == [(1,)]


def test_what_is_done_already_is_left_alone(engine: sa.Engine) -> None:
    """A revision that was interrupted on MariaDB could not be run again."""
    storage = prepared(engine)

    def half(op: Operations) -> None:
        op.drop_reference("stop", "owner")
        op.drop_index("line", "since", "id")
        op.add_column("line", "code", "code(3)")
        op.create_unique("line", "code")
        op.rename_column("line", "length", "kilometres")
        op.create_table("depot", [("id", "id")], key=["id"])
        op.drop_column("line", "since")
        op.create_reference("stop", "owner", "line")
        op.create_index("line", "kilometres")

    migrate(storage, half)
    with engine.connect() as connection:
        once = described(connection, "crm_")
    migrate(storage, half, half)
    with engine.connect() as connection:
        assert described(connection, "crm_") == once


@pytest.mark.parametrize(
    ("step", "error", "text"),
    [
        (lambda op: op.undecided("is b the old a?"), SchemaMismatch, "is b the old a"),
        (lambda op: op.retype("line", "length", "integer"), InvalidDeclaration, "only the length of a text"),
        (lambda op: op.add_column("line", "x", "varchar"), InvalidDeclaration, "no type of a column"),
        (lambda op: op.add_column("tunnel", "x", "integer"), StorageFailed, "tunnel"),
        (lambda op: op.require("line", "since"), StorageFailed, "since"),
    ],
)
@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
def test_a_step_that_fails_leaves_nothing(
    engine: sa.Engine, step: Callable[[Any], None], error: type[CrmError], text: str
) -> None:
    """Half a revision would stay, or it would count as done."""
    storage = prepared(engine)
    before = storage.stamp()

    def upgrade(op: Operations) -> None:
        op.add_column("line", "early", "integer")
        step(op)

    with pytest.raises(error, match=text):
        migrate(storage, upgrade)
    assert storage.stamp() == before
    assert "early" not in str(rows(engine, "SELECT sql FROM sqlite_master"))
    assert rows(engine, "PRAGMA foreign_keys") == [(1,)]


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
def test_a_reference_that_would_lead_nowhere_is_refused(engine: sa.Engine) -> None:
    """SQLite does not check while tables are made anew: rows would refer to what is gone."""
    storage = prepared(engine)
    with pytest.raises(StorageFailed, match="crm_line that refer to rows of crm_station"):
        migrate(storage, lambda op: op.execute("DELETE FROM {station}"))
    assert rows(engine, "SELECT count(*) FROM crm_station") == [(1,)]


def test_many_rows_are_filled_page_by_page(sqlite_url: str) -> None:
    """Rows after the first page would stay without a value, or those without one be asked for for ever."""
    source = SqlSource.own(sqlite_url)
    crm = Crm(storage=source)
    crm.upgrade()
    engine = own_engine(sqlite_url)
    with engine.begin() as connection:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
        make_table = table_of(STATION, Naming("crm_"), sa.MetaData())
        creating.make_table(connection, "sqlite", make_table, ())
        connection.exec_driver_sql(f"INSERT INTO crm_station {numbers} SELECT printf('%032x', i), 's' || i FROM n")
    assert isinstance(crm.storage, SqlStorage)

    def number(row: Any) -> int | None:
        value = int(row["name"][1:])
        return value if value % 2 else None

    def upgrade(op: Operations) -> None:
        op.add_column("station", "number", "integer")
        op.fill("station", "number", "integer", number)

    migrate(crm.storage, upgrade)
    found = rows(engine, "SELECT count(*), count(number), sum(number) FROM crm_station")
    assert found == [(2500, 1250, 1250 * 1250)]
