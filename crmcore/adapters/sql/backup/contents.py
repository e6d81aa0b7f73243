"""What a SQLite file holds: what made it, how far its feed is, and whether it is sound."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.backup.copying import engine_over, opened
from crmcore.adapters.sql.creating import read_stamp
from crmcore.adapters.sql.ledgers import setting_table
from crmcore.adapters.sql.log import LAST_POSITION
from crmcore.ports.stamp import Stamp

_BOOKS: Final = ("setting", "consumer")
"""Tables that a database without a record has rows in, beside those of versions."""


@attrs.frozen
class Contents:
    """`fault`: why the file cannot be trusted ("" if it can); `warnings`: what is wrong with what it says."""

    stamp: Stamp | None
    position: int
    fault: str
    warnings: tuple[str, ...]


def examine(file: Path, prefix: str) -> Contents:
    """Read a whole file and check it: its pages, its references, what made it. Raises what SQLite raises."""
    with opened(file, read_only=True) as connection:
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        warnings = () if found != "ok" else tuple(_dangling(connection))
    if found != "ok":
        return Contents(None, 0, " ".join(found.split()), ())
    with engine_over(file) as engine, engine.connect() as connection:
        stamp = read_stamp(connection, prefix, None)
        return Contents(stamp, 0 if stamp is None else _position(connection, prefix), "", warnings)


def holds_tables(connection: sqlite3.Connection) -> bool:
    """Whether there is anything in a database."""
    return bool(_tables(connection))


def holds_records(connection: sqlite3.Connection, prefix: str) -> bool:
    """Whether a database has rows in any table but those that crmcore fills when it makes the tables."""
    kept = {f"{prefix}{book}" for book in _BOOKS}
    full = (name for name in _tables(connection) if _has_rows(connection, name))
    return any(name not in kept and not (name.startswith(prefix) and name.endswith("_version")) for name in full)


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    return [name for (name,) in found]


def _has_rows(connection: sqlite3.Connection, table: str) -> bool:
    quoted = table.replace('"', '""')
    found = connection.execute(f'SELECT EXISTS (SELECT 1 FROM "{quoted}")').fetchone()  # noqa: S608
    return bool(found[0])


def _dangling(connection: sqlite3.Connection) -> Iterator[str]:
    """References that lead nowhere are told, not refused: who has such a database needs backups most."""
    tables = {str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")}
    if tables:
        yield f"references of {', '.join(sorted(tables))} lead nowhere: `crm doctor` tells more"


def _position(connection: sa.Connection, prefix: str) -> int:
    setting = setting_table(sa.MetaData(), prefix)
    found = connection.execute(sa.select(setting.c.value).where(setting.c.key == LAST_POSITION)).scalar()
    return int(found or 0)
