"""A database as the first release of a plugin left it, with made-up rows, to rehearse upgrades in tests."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import creating, rowcode
from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.migrating.operations import SqlOperations
from crmcore.adapters.sql.migrating.shapes import Naming, Shape, from_plain
from crmcore.adapters.sql.migrating.spelling import field_of, type_of
from crmcore.adapters.sql.migrating.steps import Steps
from crmcore.adapters.sql.tables import build_tables
from crmcore.adapters.sql.types import Backend, backend_of
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import SchemaMismatch
from crmcore.ports.migration import Chain

ROWS: Final = 3
DAY: Final = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)


def make_first_release(
    url: str, prefix: str, catalogue: Catalogue, chain: Chain, ids: Mapping[str, Sequence[UUID]]
) -> dict[str, int]:
    """Make the tables of the first revision in a database that has those of the core, and fill them; how many rows each
    table has, by its name without prefix. `ids` of records of others are referred to, by the names of their tables.

    A table that must refer to what has no ids stays empty. Raises FileNotFoundError without the revision's snapshot,
    SchemaMismatch without the core's tables.
    """
    engine, first = own_engine(url), chain.revisions[0]
    backend, tables = backend_of(engine.dialect), build_tables(catalogue, prefix)
    shapes, naming = _snapshot(first.name), Naming(prefix)
    try:
        with engine.connect() as connection:
            steps = Steps(connection, backend, tables.setting, chain.distribution, first.id, lambda step: None)
            first.upgrade(SqlOperations(connection, backend, naming, steps))
            steps.forget()
            tables.version(chain.distribution).create(connection, checkfirst=True)
            stamp = creating.read_stamp(connection, prefix, None)
            if stamp is None:
                raise SchemaMismatch("a release is rehearsed beside the tables of the core: make those first")
            stamp = attrs.evolve(
                stamp,
                fingerprints={**stamp.fingerprints, chain.distribution: first.fingerprint},
                revisions={**stamp.revisions, chain.distribution: first.id},
                plugins=tuple(sorted({*stamp.plugins, chain.distribution})),
            )
            creating.write_stamp(connection, tables, stamp, [chain.distribution])
            counts = _fill(connection, backend, naming, shapes, dict(ids))
            connection.commit()
            return counts
    finally:
        engine.dispose()


def count_rows(url: str, prefix: str, names: Sequence[str]) -> dict[str, int]:
    """How many rows each of these tables has, as far as they are there."""
    engine, naming = own_engine(url), Naming(prefix)
    try:
        with engine.connect() as connection:
            there = set(sa.inspect(connection).get_table_names())
            known = {name: naming.table(name) for name in names if naming.table(name) in there}
            counts = {name: sa.select(sa.func.count()).select_from(sa.table(full)) for name, full in known.items()}
            return {name: int(connection.execute(count).scalar_one()) for name, count in counts.items()}
    finally:
        engine.dispose()


def _snapshot(module: str) -> list[Shape]:
    """The tables of a revision, those first to which others refer."""
    file = Path(str(import_module(module).__file__)).with_suffix(".json")
    told = json.loads(file.read_text(encoding="utf-8"))
    left = {name: from_plain(name, plain) for name, plain in told["tables"].items()}
    found: list[Shape] = []
    while left:
        free = [s for s in left.values() if not set(s.references.values()) & (left.keys() - {s.name})]
        for shape in free or list(left.values()):
            found.append(left.pop(shape.name))
    return found


def _fill(
    connection: sa.Connection,
    backend: Backend,
    naming: Naming,
    shapes: Sequence[Shape],
    ids: dict[str, Sequence[UUID]],
) -> dict[str, int]:
    counts = {}
    for shape in shapes:
        rows = [row for number in range(ROWS) if (row := _row(shape, number, ids)) is not None]
        table = sa.table(naming.table(shape.name), *(sa.column(n, type_of(t)) for n, (t, _) in shape.columns.items()))
        encode = {n: rowcode.value_encoder(backend, field_of(t)) for n, (t, _) in shape.columns.items()}
        for row in rows:
            stored = {name: None if value is None else encode[name](value)[0] for name, value in row.items()}
            connection.execute(sa.insert(table).values(stored))
        if "id" in shape.columns and "id" not in shape.references:
            ids[shape.name] = [row["id"] for row in rows]
        counts[shape.name] = len(rows)
    return counts


def _row(shape: Shape, number: int, ids: Mapping[str, Sequence[UUID]]) -> dict[str, Any] | None:
    """A row with a value in every column; None if something must be referred to and is not there."""
    row: dict[str, Any] = {}
    for name, (type, missing) in shape.columns.items():
        if (target := shape.references.get(name)) is not None:
            held = ids.get(target, ())
            row[name] = held[number] if number < len(held) else None
            if row[name] is None and not missing:
                return None
        else:
            row[name] = _value(type, number)
    return row


def _value(type: str, number: int) -> Any:
    kind, _, size = type.rstrip(")").partition("(")
    match kind:
        case "text" | "code":
            return f"{number} made up"[: int(size or 20)]
        case "integer":
            return number
        case "decimal":
            return Decimal(number)
        case "boolean":
            return number % 2 == 1
        case "date":
            return DAY.date()
        case "datetime":
            return DAY
    return uuid4()
