"""Engines keep data safe, whoever made them; what a database or a network does becomes an error of ours."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import crmcore
from crmcore.adapters.sql import SqlSource, own_engine, prepare
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import ConcurrentChange, CrmError, InvalidSetting, StorageBusy, StorageFailed
from tests.databases import storages

SQLITE = pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
SERVERS = pytest.mark.parametrize("fresh_url", storages("postgres", "mariadb"), indirect=True)


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm with tables on an engine of its own."""
    made = crmcore.open(fresh_url)
    made.upgrade()
    yield made
    made.close()


def settings(engine: sa.Engine) -> tuple[object, ...]:
    """What a SQLite connection of the engine is set to."""
    with engine.connect() as connection:
        names = ("foreign_keys", "journal_mode", "busy_timeout")
        return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names)


@SQLITE
def test_settings_of_our_own_and_of_a_prepared_engine(fresh_url: str) -> None:
    """References would not be checked, or readers and writers would lock each other out."""
    for engine in (own_engine(fresh_url), prepare(sa.create_engine(fresh_url))):
        assert settings(engine) == (1, "wal", 5000)
        engine.dispose()


@SQLITE
def test_connections_that_were_pooled_before_are_prepared_too(fresh_url: str) -> None:
    """A connection from before `prepare` would go on without foreign keys."""
    engine = sa.create_engine(fresh_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.commit()
    prepare(engine)
    assert settings(engine)[0] == 1
    engine.dispose()


@SQLITE
def test_ddl_and_savepoints_roll_back_on_a_prepared_engine(fresh_url: str) -> None:
    """SQLAlchemy's way with SQLite keeps tables, and rows behind a released savepoint, that were rolled back."""
    engine = prepare(sa.create_engine(fresh_url))
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        with connection.begin_nested():
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        connection.rollback()
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


@SQLITE
def test_two_writers_never_lose_an_update(fresh_url: str) -> None:
    """Two who read, add one and write would commit twice and count once."""
    engine = prepare(sa.create_engine(fresh_url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (0)")

    def increment() -> None:
        for _ in range(25):
            with engine.begin() as connection:
                n = connection.exec_driver_sql("SELECT n FROM t").scalar()
                connection.exec_driver_sql("UPDATE t SET n = ?", (int(n or 0) + 1,))

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(increment) for _ in range(4)]:
            each.result()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM t").scalar() == 100
    engine.dispose()


@SQLITE
def test_fifty_connections_open_a_new_file_at_once(fresh_url: str) -> None:
    """Switching a new file to WAL does not wait for its turn: some connections would fail to open."""
    start = threading.Barrier(50)

    def open_one() -> tuple[object, ...]:
        engine = own_engine(fresh_url)
        start.wait()
        try:
            return settings(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(50) as threads:
        found = {each.result() for each in [threads.submit(open_one) for _ in range(50)]}
    assert found == {(1, "wal", 5000)}


@SQLITE
def test_fifty_pooled_connections_work(fresh_url: str) -> None:
    """Some connections of a large pool would lack our settings, or writers would fail instead of waiting."""
    engine = prepare(sa.create_engine(fresh_url, pool_size=50, connect_args={"timeout": 30}))
    crm = Crm(engine)
    crm.upgrade()
    held = [engine.connect() for _ in range(50)]
    drivers = [each.connection.driver_connection for each in held]
    assert {d.execute("PRAGMA foreign_keys").fetchone() for d in drivers if d is not None} == {(1,)}
    for each in held:
        each.close()

    def add(number: int) -> None:
        crm.run(lambda work: work.customers.add(Person(str(number))), actor="test", retries=20)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(add, n) for n in range(100)]:
            done.result()
    with crm.work("test") as work:
        assert work.customers.count() == 100
    engine.dispose()


@SQLITE
def test_a_writer_that_waits_too_long_is_told_so(crm: Crm, fresh_url: str) -> None:
    """A lock that is held would surface as an exception of sqlite3, or hang for ever."""
    other = sqlite3.connect(str(sa.make_url(fresh_url).database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = sa.create_engine(fresh_url)
    sa.event.listen(impatient, "connect", _impatient)
    with pytest.raises(StorageBusy, match="repeat"), Crm(impatient).work("test"):
        pass
    other.rollback()
    other.close()
    impatient.dispose()


def _impatient(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 10")
    connection.execute("PRAGMA foreign_keys = ON")


@SQLITE
def test_an_engine_without_foreign_keys_is_refused(crm: Crm, fresh_url: str) -> None:
    """A host that forgot `prepare` would store references to nothing."""
    plain = sa.create_engine(fresh_url)
    with pytest.raises(InvalidSetting, match="prepare"), Crm(plain).work("test"):
        pass
    plain.dispose()


@SERVERS
def test_a_hosts_engine_in_autocommit_keeps_transactions(crm: Crm, fresh_url: str) -> None:
    """A unit of work on such an engine could not be rolled back."""
    engine = sa.create_engine(fresh_url, isolation_level="AUTOCOMMIT")
    with pytest.raises(ZeroDivisionError), Crm(engine).work("test") as work:
        work.customers.add(Person("Leila"))
        raise ZeroDivisionError
    with Crm(engine).work("test") as work:
        assert work.customers.count() == 0
        work.customers.add(Person("Leila"))
    with crm.work("test") as work:
        assert work.customers.count() == 1
    engine.dispose()


@SERVERS
def test_a_hosts_plain_engine_works(fresh_url: str) -> None:
    """The isolation or the settings of a usual engine would make units of work fail, or read what is old."""
    engine = sa.create_engine(fresh_url)
    crm = Crm(engine)
    crm.upgrade()
    with crm.work("sara") as one:
        leila = one.customers.add(Person("Leila", emails=["l@example.com"]))
    with crm.work("sara") as one:
        assert one.customers.count() == 1
        with crm.work("omar") as two:
            two.customers.change(leila.id, name="Leyla")
        with pytest.raises(ConcurrentChange):
            one.customers.change(leila.id, name="Laila", version=1)
    engine.dispose()


def kill_all(url: str) -> None:
    """End every other connection, as a restart of the server does."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
            ).close()
        else:
            ask = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            for (process,) in connection.exec_driver_sql(ask).all():
                connection.exec_driver_sql(f"KILL {int(process)}").close()
    engine.dispose()


@SERVERS
def test_a_lost_connection_is_told_and_the_next_one_works(crm: Crm, fresh_url: str) -> None:
    """After a restart of the server every unit of work would fail, or with an exception of the driver."""
    with pytest.raises(StorageFailed), crm.work("sara") as work:
        work.customers.add(Person("lost"))
        kill_all(fresh_url)
        work.customers.count()
    with crm.work("sara") as work:
        assert work.customers.count() == 0
        work.customers.add(Person("Leila"))


@SERVERS
def test_an_idle_connection_that_died_is_replaced(crm: Crm, fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first unit of work after a quiet night would fail."""
    with crm.work("sara") as work:
        work.customers.count()
    kill_all(fresh_url)
    monkeypatch.setattr("crmcore.adapters.sql.sessions.IDLE_SECONDS", 0)
    with crm.work("sara") as work:
        assert work.customers.count() == 0


def test_a_transaction_that_has_ended_is_refused(crm: Crm) -> None:
    """A forgotten handle would write outside of any transaction, or fail with something foreign."""
    transaction = crm.storage.begin()
    transaction.rollback()
    uses: list[Callable[[], object]] = [lambda: transaction.setting("x"), transaction.commit, transaction.rollback]
    for use in uses:
        with pytest.raises(StorageFailed, match="ended"):
            use()


@pytest.mark.parametrize(
    "url",
    ["nonsense", "oracle://x/y", "postgresql+asyncpg://x/y", "mysql+asyncmy://x/y", "sqlite+aiosqlite:///x", "x://y"],
)
def test_other_databases_and_drivers_are_refused(url: str) -> None:
    """A URL that cannot work would fail later, in words that are not ours."""
    with pytest.raises(InvalidSetting):
        own_engine(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """An exception of sqlite3 would reach the caller."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Leila, this is no database at all. " * 50)
    with pytest.raises(CrmError):
        crmcore.open(f"sqlite:///{path}")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """An exception of the driver would reach the caller."""
    with pytest.raises(StorageFailed):
        SqlSource.own("postgresql+psycopg://nobody@127.0.0.1:1/none").peek()


def test_memory_is_shared_by_threads() -> None:
    """Each thread would have an empty database of its own."""
    crm = crmcore.open("sqlite://")
    with crm.work("test") as work:
        work.customers.add(Person("Leila"))

    def count() -> int:
        with crm.work("test") as work:
            return work.customers.count()

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(count).result() == 1
    crm.close()
