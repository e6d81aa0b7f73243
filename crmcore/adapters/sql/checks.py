"""What a connection must be like for the core to keep its promises on it."""

from __future__ import annotations

from typing import Any

from crmcore.adapters.sql.runner import GATHERED_BYTES, Runner
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import InvalidSetting

_ROOM = 1 << 24


def check_session(backend: Backend, runner: Runner) -> bool:
    """`InvalidSetting` for settings under which data would be lost; whether MariaDB has little room to gather parts."""
    if backend == "sqlite":
        if runner.fetch("PRAGMA foreign_keys") != [(1,)]:
            raise InvalidSetting(
                "this SQLite connection does not check foreign keys: prepare the engine with crmcore.prepare(engine), "
                "or execute PRAGMA foreign_keys = ON before its transaction begins"
            )
        return False
    if backend == "mariadb":
        return _check_mariadb(runner)
    return False


def before_begin(backend: Backend, runner: Runner) -> tuple[str, ...]:
    """See that a connection is fit, and tell what to execute on it before each transaction of our own."""
    little_room = check_session(backend, runner)
    if backend != "mariadb":
        return ()
    [(isolation,)] = runner.fetch("SELECT @@tx_isolation")
    found = [f"SET SESSION group_concat_max_len = {GATHERED_BYTES}"] if little_room else []
    if isolation != "READ-COMMITTED":
        found.append("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return tuple(found)


def _check_mariadb(runner: Runner) -> bool:
    asked = "SELECT @@sql_mode, @@character_set_client, @@foreign_key_checks, @@group_concat_max_len, @@version"
    [(modes, characters, checked, room, version)] = runner.fetch(asked)
    if "mariadb" not in str(version).lower():
        raise InvalidSetting(f"this server is {version}, not MariaDB: use MariaDB 10.6 or newer")
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL"} & set(str(modes).split(",")):
        raise InvalidSetting(
            "this MariaDB session cuts values that are too long: set sql_mode to one with STRICT_TRANS_TABLES",
            sql_mode=modes,
        )
    if characters != "utf8mb4":
        raise InvalidSetting(f"this MariaDB session speaks {characters}: connect with charset=utf8mb4")
    if not int(checked):
        raise InvalidSetting("this MariaDB session does not check foreign keys: SET foreign_key_checks = 1")
    return int(room) < _ROOM


def check_transaction(backend: Backend, driver: Any, runner: Runner) -> None:
    """See that there is a transaction to join, or that the driver begins one; `InvalidSetting` in autocommit."""
    match backend:
        case "sqlite":
            if not driver.in_transaction:
                if driver.isolation_level is None:
                    raise _no_transaction("sqlite3", "execute BEGIN IMMEDIATE")
                runner.run("BEGIN IMMEDIATE")  # sqlite3 would begin with the first write, too late for a savepoint
        case "postgresql":
            if driver.autocommit and driver.info.transaction_status == 0:
                raise _no_transaction("psycopg", "use connection.transaction() or autocommit=False")
        case "mariadb":
            [(automatic, inside)] = runner.fetch("SELECT @@autocommit, @@in_transaction")
            if int(automatic) and not int(inside):
                raise _no_transaction("MariaDB", "call connection.begin() or autocommit(False)")


def _no_transaction(driver: str, advice: str) -> InvalidSetting:
    return InvalidSetting(
        f"this {driver} connection is in autocommit, so there is no transaction to join: {advice} first, or let "
        "crmcore open a transaction of its own (leave connection= and dbapi= out)"
    )
