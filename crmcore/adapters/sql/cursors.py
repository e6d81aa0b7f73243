"""Cursors of ours on anybody's connection: what they take and give does not depend on what its owner has set."""

from __future__ import annotations

import importlib
import sqlite3
from functools import cache
from typing import Any

from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import InvalidSetting


def open_cursor(backend: Backend, driver: Any) -> Any:
    """A cursor that gives plain tuples of plain values."""
    match backend:
        case "sqlite":
            return _sqlite_cursor(driver)
        case "postgresql":
            return _psycopg_cursor()(driver)
    package = type(driver).__module__.partition(".")[0]  # pymysql or MySQLdb
    return driver.cursor(importlib.import_module(f"{package}.cursors").Cursor)


def _sqlite_cursor(driver: sqlite3.Connection) -> sqlite3.Cursor:
    if driver.text_factory is not str:
        raise InvalidSetting("this sqlite3 connection gives text as something else than str: reset its text_factory")
    cursor = driver.cursor(sqlite3.Cursor)
    cursor.row_factory = None
    return cursor


@cache
def _psycopg_cursor() -> Any:
    """A cursor class with adapters of its own: hosts register others, such as one that reads numbers as floats."""
    import psycopg
    from psycopg.adapt import AdaptersMap
    from psycopg.rows import tuple_row
    from psycopg.types import bool as booleans
    from psycopg.types import datetime as times
    from psycopg.types import numeric, string, uuid

    ours = AdaptersMap(psycopg.adapters)
    loaders: dict[str, Any] = {
        "numeric": numeric.NumericLoader,
        "int2": numeric.IntLoader,
        "int4": numeric.IntLoader,
        "int8": numeric.IntLoader,
        "bool": booleans.BoolLoader,
        "date": times.DateLoader,
        "timestamp": times.TimestampLoader,
        "text": string.TextLoader,
        "varchar": string.TextLoader,
        "uuid": uuid.UUIDLoader,
    }
    for name, loader in loaders.items():
        ours.register_loader(name, loader)

    class OurCursor(psycopg.Cursor[Any]):
        adapters = ours

        def __init__(self, connection: Any) -> None:
            super().__init__(connection, row_factory=tuple_row)

    return OurCursor
