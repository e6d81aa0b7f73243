"""What `crm doctor` asks of a database."""

from __future__ import annotations

import sqlalchemy as sa

from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend

Check = tuple[str, bool, str]


def examine(connection: sa.Connection, backend: Backend, tables: Tables) -> list[Check]:
    """Each check: its name, whether it holds, and what was seen."""
    found = [_tables(connection, tables)]
    match backend:
        case "sqlite":
            found += _sqlite(connection)
        case "postgresql":
            found += _postgresql(connection)
        case "mariadb":
            found += _mariadb(connection)
    return found


def _tables(connection: sa.Connection, tables: Tables) -> Check:
    there = set(sa.inspect(connection).get_table_names(schema=tables.metadata.schema))
    missing = sorted(name for name in tables.owners if name not in there)
    return ("tables", not missing, f"missing: {', '.join(missing)}" if missing else f"{len(tables.owners)} in place")


def _ask(connection: sa.Connection, sql: str) -> str:
    return str(connection.exec_driver_sql(sql).scalar())


def _sqlite(connection: sa.Connection) -> list[Check]:
    keys, journal = _ask(connection, "PRAGMA foreign_keys"), _ask(connection, "PRAGMA journal_mode")
    sound, dangling = _ask(connection, "PRAGMA quick_check(1)"), _ask(connection, "PRAGMA foreign_key_check")
    return [
        ("foreign keys", keys == "1", "on" if keys == "1" else "off: prepare the engine with crmcore.prepare(engine)"),
        ("write-ahead log", journal in ("wal", "memory"), journal),
        ("file", sound == "ok", sound),
        ("references", dangling == "None", "all lead somewhere" if dangling == "None" else f"dangling in {dangling}"),
    ]


def _postgresql(connection: sa.Connection) -> list[Check]:
    encoding, version = _ask(connection, "SHOW server_encoding"), _ask(connection, "SHOW server_version")
    return [("encoding", encoding == "UTF8", encoding), ("server", True, f"PostgreSQL {version}")]


def _mariadb(connection: sa.Connection) -> list[Check]:
    version, modes = _ask(connection, "SELECT @@version"), _ask(connection, "SELECT @@sql_mode")
    characters = _ask(connection, "SELECT @@character_set_client")
    return [
        ("server", "mariadb" in version.lower(), version),
        ("strict mode", "STRICT" in modes, modes),
        ("encoding", characters == "utf8mb4", characters),
    ]
