"""A unit of work inside a host's transaction shares its fate, and touches nothing else of the host's."""

from __future__ import annotations

import importlib
import sqlite3
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import crmcore
from crmcore.adapters.sql import own_engine
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import InvalidSetting, StorageBusy
from crmcore.domain.money import Money
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from tests.adapters.sql.hosts import expecting, fail, host_rows, make_host_table, raw_connection
from tests.databases import storages


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm with tables, beside a table of the host."""
    made = crmcore.open(fresh_url)
    made.upgrade()
    make_host_table(fresh_url)
    yield made
    made.close()


@pytest.fixture
def engine(crm: Crm, fresh_url: str) -> Iterator[sa.Engine]:
    """The host's engine, prepared."""
    made = crmcore.prepare(sa.create_engine(fresh_url))
    yield made
    made.dispose()


def customers(crm: Crm) -> int:
    """How many customers there are, as another transaction sees it."""
    with crm.work("test") as work:
        return work.customers.count()


@pytest.mark.parametrize("host_fails", [False, True])
@pytest.mark.parametrize("ours_fails", [False, True])
def test_both_fates_on_a_sqlalchemy_connection(
    crm: Crm, engine: sa.Engine, fresh_url: str, host_fails: bool, ours_fails: bool
) -> None:
    """A row of ours or of the host's would stay although its transaction was rolled back, or be lost."""
    with expecting(host_fails), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        with expecting(ours_fails), crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("Leila"))
            fail(ours_fails)
        connection.execute(sa.text("INSERT INTO host_order VALUES (2)"))
        fail(host_fails)
    assert host_rows(fresh_url) == (0 if host_fails else 2)
    assert customers(crm) == (0 if host_fails or ours_fails else 1)


@pytest.mark.parametrize("host_fails", [False, True])
@pytest.mark.parametrize("ours_fails", [False, True])
def test_both_fates_on_a_raw_connection(crm: Crm, fresh_url: str, host_fails: bool, ours_fails: bool) -> None:
    """The same, where the host has a driver and nothing else."""
    connection = raw_connection(fresh_url)
    connection.cursor().execute("INSERT INTO host_order VALUES (1)")
    with expecting(ours_fails), crm.work("checkout", dbapi=connection) as work:
        work.customers.add(Person("Leila"))
        fail(ours_fails)
    connection.cursor().execute("INSERT INTO host_order VALUES (2)")
    (connection.rollback if host_fails else connection.commit)()
    connection.close()
    assert host_rows(fresh_url) == (0 if host_fails else 2)
    assert customers(crm) == (0 if host_fails or ours_fails else 1)


def test_nothing_lasts_before_the_host_commits(crm: Crm, fresh_url: str) -> None:
    """The end of our unit of work would commit what the host has not decided on."""
    connection = raw_connection(fresh_url)
    connection.cursor().execute("INSERT INTO host_order VALUES (1)")
    with crm.work("checkout", dbapi=connection) as work:
        work.customers.add(Person("Leila"))
    assert host_rows(fresh_url) == 0
    connection.close()
    assert customers(crm) == 0


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
@pytest.mark.parametrize("host_fails", [False, True])
def test_an_unprepared_sqlite_engine(crm: Crm, fresh_url: str, host_fails: bool) -> None:
    """SQLAlchemy's own way with SQLite would commit at our savepoint's release, whatever the host does afterwards."""
    engine = sa.create_engine(fresh_url)
    sa.event.listen(engine, "connect", lambda connection, record: connection.execute("PRAGMA foreign_keys = ON"))
    with engine.connect() as connection:
        with crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("Leila"))
        connection.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        (connection.rollback if host_fails else connection.commit)()
    engine.dispose()
    assert (host_rows(fresh_url), customers(crm)) == ((0, 0) if host_fails else (1, 1))


def test_autobegin_is_the_hosts_transaction(crm: Crm, engine: sa.Engine) -> None:
    """On a connection that has not begun, our work would be committed at once or lost without a word."""
    with engine.connect() as connection:
        with crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("Leila"))
        assert connection.in_transaction()
        connection.rollback()
        with crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("Omar"))
        connection.commit()
    assert customers(crm) == 1


def test_savepoints_of_ours_and_of_the_host_nest(crm: Crm, engine: sa.Engine) -> None:
    """A savepoint of one would end one of the other."""
    with engine.begin() as connection, connection.begin_nested():
        with crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("kept"))
            with expecting(True), work.savepoint():
                work.customers.add(Person("undone"))
                fail(True)
            with work.savepoint():
                work.customers.add(Person("kept too"))
        inner = connection.begin_nested()
        with crm.work("checkout", connection=connection) as work:
            work.customers.add(Person("undone by the host"))
        inner.rollback()
    with crm.work("test") as work:
        assert [c.name for c in work.customers.query(sort="name").items] == ["kept", "kept too"]


def test_a_connection_in_autocommit_is_refused(crm: Crm, fresh_url: str) -> None:
    """Every statement would be committed by itself, and nothing could be rolled back."""
    options: dict[str, Any] = {"isolation_level": None} if fresh_url.startswith("sqlite") else {"autocommit": True}
    connection = raw_connection(fresh_url, **options)
    with pytest.raises(InvalidSetting, match="autocommit"), crm.work("checkout", dbapi=connection):
        pass
    connection.cursor().execute("BEGIN")
    with crm.work("checkout", dbapi=connection) as work:
        work.customers.add(Person("Leila"))
    connection.cursor().execute("COMMIT")
    connection.close()
    assert customers(crm) == 1


def test_a_sqlalchemy_connection_in_autocommit_is_refused(crm: Crm, engine: sa.Engine, fresh_url: str) -> None:
    """The same over SQLAlchemy."""
    plain = sa.create_engine(fresh_url, isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        if fresh_url.startswith("sqlite"):
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        with pytest.raises(InvalidSetting, match="autocommit"), crm.work("checkout", connection=connection):
            pass
    plain.dispose()


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
def test_without_foreign_keys_sqlite_is_refused(crm: Crm, fresh_url: str) -> None:
    """References to nothing would be stored."""
    connection = raw_connection(fresh_url)
    connection.execute("PRAGMA foreign_keys = OFF")
    with pytest.raises(InvalidSetting, match="prepare the engine"), crm.work("checkout", dbapi=connection):
        pass
    connection.close()


@pytest.mark.parametrize("fresh_url", storages("mariadb"), indirect=True)
@pytest.mark.parametrize("setting", ["sql_mode = ''", "foreign_key_checks = 0", "NAMES latin1"])
def test_a_careless_mariadb_session_is_refused(crm: Crm, fresh_url: str, setting: str) -> None:
    """Text would be cut or turned into question marks, references would lead nowhere."""
    connection = raw_connection(fresh_url)
    connection.cursor().execute(f"SET {setting}")
    with pytest.raises(InvalidSetting), crm.work("checkout", dbapi=connection):
        pass
    connection.close()


def test_a_connection_to_something_else_is_refused(crm: Crm, fresh_url: str) -> None:
    """Our statements would go to another database, or nowhere."""
    other = own_engine("sqlite://" if not fresh_url.startswith("sqlite") else "postgresql+psycopg://nobody@127.0.0.1/x")
    for handle in (object(), other):
        with pytest.raises(InvalidSetting), crm.work("checkout", dbapi=handle):
            pass


@pytest.mark.parametrize("fresh_url", storages("postgres"), indirect=True)
def test_what_a_psycopg_host_has_set_stays_and_does_not_matter(crm: Crm, fresh_url: str) -> None:
    """Rows as dictionaries, numbers as floats or another zone of the session would change what we read."""
    connection = raw_connection(fresh_url, row_factory=psycopg.rows.dict_row)
    connection.adapters.register_loader("numeric", psycopg.types.numeric.FloatLoader)
    connection.execute("SET TIME ZONE 'Asia/Tehran'")
    check_exactness(crm, connection)
    assert connection.row_factory is psycopg.rows.dict_row
    assert connection.execute("SELECT 1.5 AS number").fetchone() == {"number": 1.5}
    assert connection.execute("SHOW TIME ZONE").fetchone() == {"TimeZone": "Asia/Tehran"}
    connection.close()


@pytest.mark.parametrize("fresh_url", storages("mariadb"), indirect=True)
def test_what_a_pymysql_host_has_set_stays_and_does_not_matter(crm: Crm, fresh_url: str) -> None:
    """Rows as dictionaries, little room for gathered parts or another zone would change what we read."""
    connection = raw_connection(fresh_url, cursorclass=importlib.import_module("pymysql.cursors").DictCursor)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION group_concat_max_len = 100, time_zone = '+03:30'")
    check_exactness(crm, connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@group_concat_max_len AS room, @@time_zone AS zone")
        assert cursor.fetchone() == {"room": 100, "zone": "+03:30"}
    connection.close()


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
def test_what_a_sqlite3_host_has_set_stays_and_does_not_matter(crm: Crm, fresh_url: str) -> None:
    """Rows as dictionaries or converters of declared types would change what we read."""
    connection = raw_connection(fresh_url, detect_types=sqlite3.PARSE_DECLTYPES)
    connection.row_factory = sqlite3.Row
    check_exactness(crm, connection)
    assert connection.row_factory is sqlite3.Row
    connection.close()


def check_exactness(crm: Crm, connection: Any) -> None:
    """What is written over the connection is read over it, and by others, as it was."""
    with crm.work("checkout", dbapi=connection) as work:
        tea = work.products.add(Product("چای", price=Money("12.3456", "EUR")))
        lines = tuple(OrderLine(tea.id, description=f"سطر {n}", unit_price=Money("0.1", "KWD")) for n in range(20))
        moment = work.now()
        order = work.orders.add(Order(moment, lines=lines))
        assert work.products.get(tea.id) == tea
        assert work.orders.get(order.id) == order
    connection.commit()
    with crm.work("test") as work:
        assert work.products.get(tea.id) == tea
        assert work.orders.get(order.id) == order


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
def test_a_lost_race_of_a_deferred_transaction_is_busy(crm: Crm, fresh_url: str) -> None:
    """A host whose transaction began as a reader would overwrite a writer's work, or see a foreign error."""
    connection = raw_connection(fresh_url, isolation_level=None)
    connection.execute("BEGIN")
    assert connection.execute("SELECT count(*) FROM crm_customer").fetchone() == (0,)
    with crm.work("other") as work:
        work.customers.add(Person("first"))
    with pytest.raises(StorageBusy), crm.work("checkout", dbapi=connection) as work:
        work.customers.add(Person("second"))
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("fresh_url", storages("mariadb"), indirect=True)
def test_after_a_deadlock_nothing_more_is_written(crm: Crm, fresh_url: str) -> None:
    """MariaDB rolls back all of a deadlock's loser; what it wrote afterwards would be committed without the rest."""
    with crm.work("sara") as work:
        first, second = work.customers.add(Person("a")), work.customers.add(Person("b"))
    winner, loser = raw_connection(fresh_url), raw_connection(fresh_url)
    touch = "UPDATE crm_customer SET version = version WHERE id = %s"
    weight = "INSERT INTO host_order VALUES (%s)"
    winner.cursor().executemany(weight, [(n,) for n in range(100)])
    winner.cursor().execute(touch, (first.id.hex,))
    with pytest.raises(StorageBusy), crm.work("loser", dbapi=loser) as work:
        work.customers.change(second.id, note="x")
        with pytest.raises(StorageBusy), work.savepoint():
            sent = waiting(winner, touch, second.id.hex)
            work.customers.change(first.id, note="x")
        work.customers.add(Person("c"))
    sent.join(timeout=30)
    winner.rollback()
    loser.commit()
    for each in (winner, loser):
        each.close()
    assert customers(crm) == 2


def waiting(connection: Any, sql: str, value: str) -> Thread:
    """Send a statement that has to wait, and do not wait for it: the thread that does has the connection till then."""
    thread = Thread(target=lambda: connection.cursor().execute(sql, (value,)), daemon=True)
    thread.start()
    time.sleep(0.3)
    return thread
