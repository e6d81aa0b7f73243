"""Host applications for tests: each has a table of its own and a transaction, in which crmcore joins."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

HOST_TABLE = "CREATE TABLE host_order (id INTEGER PRIMARY KEY)"


def raw_connection(url: str, **options: Any) -> Any:
    """A connection of the driver itself, as a host without SQLAlchemy has it."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(parsed.database), **options)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
    if parsed.get_backend_name() == "postgresql":
        return psycopg.connect(
            host=parsed.host,
            port=parsed.port,
            user=parsed.username,
            dbname=parsed.database,
            options=" ".join(_listed(parsed.query.get("options"))),
            application_name=_listed(parsed.query.get("application_name"))[0],
            **options,
        )
    return importlib.import_module("pymysql").connect(
        host=parsed.host,
        port=parsed.port or 3306,
        user=parsed.username,
        password=parsed.password or "",
        database=parsed.database,
        **{"charset": "utf8mb4", **options},
    )


def _listed(value: str | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [""])


def host_rows(url: str) -> int:
    """How many rows the host's table has, as another connection sees it."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT count(*) FROM host_order")).scalar_one()
    engine.dispose()
    return int(counted)


def make_host_table(url: str) -> None:
    """The host's table."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(HOST_TABLE))
    engine.dispose()


class Failing(Exception):
    """What goes wrong in the host."""


def fail(really: bool) -> None:
    """What goes wrong, if it does."""
    if really:
        raise Failing


@contextmanager
def expecting(fails: bool) -> Iterator[None]:
    """Lets a host fail, or not, after its work."""
    try:
        yield
    except Failing:
        assert fails
