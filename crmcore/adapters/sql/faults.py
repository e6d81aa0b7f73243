"""What the exceptions of the drivers mean, without asking which driver raised them."""

from __future__ import annotations

import importlib
import re
import sqlite3
from typing import Any, Final, Literal, TypeAlias

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.types import Backend

Meaning: TypeAlias = Literal["duplicate", "reference", "busy", "failed"]

_SQLITE: Final[dict[int, Meaning]] = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: "duplicate",
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: "duplicate",
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: "reference",
}
_POSTGRESQL: Final[dict[str, Meaning]] = {
    "23505": "duplicate",
    "23503": "reference",
    "23001": "reference",
    "40001": "busy",
    "40P01": "busy",
    "55P03": "busy",
}
_MARIADB: Final[dict[int, Meaning]] = {
    1062: "duplicate",
    1169: "duplicate",
    1216: "reference",
    1217: "reference",
    1451: "reference",
    1452: "reference",
    1020: "busy",
    1205: "busy",
    1213: "busy",
}


def driver_errors(backend: Backend) -> tuple[type[Exception], ...]:
    """What the drivers of a backend, as far as they are installed, and SQLAlchemy over them may raise."""
    found: list[type[Exception]] = [sa.exc.SQLAlchemyError, sqlite3.Error]
    for name in {"sqlite": (), "postgresql": ("psycopg",), "mariadb": ("pymysql", "MySQLdb")}[backend]:
        try:
            found.append(importlib.import_module(name).Error)
        except ImportError:
            continue
    return tuple(found)


_MARIADB_LOST: Final = frozenset((0, 1213, 2006, 2013, 2055))
"""A deadlock's loser is rolled back whole; and the connection's own failures."""


@attrs.frozen
class Fault:
    """A driver's exception: what it means, the constraint (SQLite: its columns) and value that it names, its text.

    `lost`: the transaction is gone as a whole, savepoints and all.
    """

    meaning: Meaning
    message: str
    constraint: str = ""
    columns: tuple[str, ...] = ()
    value: str | None = None
    lost: bool = False


def fault_of(error: BaseException) -> Fault:
    """What an exception of a driver or of SQLAlchemy means."""
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        return fault_of(error.orig)
    if isinstance(error, sa.exc.TimeoutError):
        return Fault("busy", str(error))
    if isinstance(error, sqlite3.Error):
        return _sqlite_fault(error)
    if hasattr(error, "diag"):
        return _postgresql_fault(error)
    return _mariadb_fault(error)


def _sqlite_fault(error: sqlite3.Error) -> Fault:
    code = getattr(error, "sqlite_errorcode", 0)
    message = str(error)
    if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Fault("busy", message)
    meaning = _SQLITE.get(code, "failed")
    _, _, listed = message.partition("constraint failed: ")
    return Fault(meaning, message, columns=tuple(listed.split(", ")) if listed else ())


def _postgresql_fault(error: Any) -> Fault:
    meaning = _POSTGRESQL.get(error.sqlstate or "", "failed")
    gone = error.sqlstate is None and type(error).__name__ in ("OperationalError", "InterfaceError")
    if gone or (error.sqlstate or "").startswith(("08", "57P0")):  # there is no server behind it any more
        return Fault(meaning, str(error), lost=True)
    diagnosis = error.diag
    detail = diagnosis.message_detail or ""
    named = re.search(r"^Key \((?P<columns>.*?)\)=\((?P<value>.*)\) (?:already exists|is )", detail, re.DOTALL)
    value = named["value"] if named else None
    return Fault(meaning, str(error), diagnosis.constraint_name or "", value=value)


def _mariadb_fault(error: BaseException) -> Fault:
    code, *rest = error.args or (0,)
    message = str(rest[0]) if rest else str(error)
    meaning = _MARIADB.get(code, "failed") if isinstance(code, int) else "failed"
    if code in _MARIADB_LOST:
        return Fault(meaning, message, lost=True)
    if named := re.search(r"^Duplicate entry '(?P<value>.*)' for key '(?P<key>.*)'$", message, re.DOTALL):
        return Fault(meaning, message, named["key"], value=named["value"])
    named = re.search(r"CONSTRAINT `(?P<name>[^`]+)`", message)
    return Fault(meaning, message, named["name"] if named else "")
