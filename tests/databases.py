"""Empty databases for tests, on SQLite, PostgreSQL and MariaDB.

A test asks for `fresh_url` and runs on each of them, or for `sqlite_url`, `postgres_url` or `mariadb_url`.
Each is a plain SQLAlchemy URL to a database that holds nothing. To run on some of them only::

    @pytest.mark.parametrize("fresh_url", storages("sqlite", "postgres"), indirect=True)

The servers are those of CRMCORE_TEST_POSTGRES and CRMCORE_TEST_MARIADB: SQLAlchemy URLs of an account that
may create schemas and databases. Without them these tests skip. A server named in CRMCORE_TEST_REQUIRE
("postgres,mariadb") must be used: a test of it that skips fails, and so does a run in which none passed.
"""

import os
import secrets
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

SERVERS = {"postgres": "CRMCORE_TEST_POSTGRES", "mariadb": "CRMCORE_TEST_MARIADB"}
EXAMPLES = {
    "postgres": "postgresql+psycopg://USER@127.0.0.1:5432/test",
    "mariadb": "mysql+pymysql://USER@127.0.0.1:3306/test",
}

Verdict = Generator[None, pytest.TestReport, pytest.TestReport]


def storages(*names: str) -> list[object]:
    """Give parameters for `fresh_url`, each with its marker; all storages if none is named."""
    return [
        pytest.param(name, marks=[getattr(pytest.mark, name)] if name in SERVERS else [], id=name)
        for name in names or ("sqlite", *SERVERS)
    ]


class PostgresSchema:
    """A schema of this process alone; the URL makes it the search path, so it looks like a whole database."""

    def __init__(self, base: URL) -> None:
        self.name = _unique_name()
        self._admin = create_engine(base, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        options = " ".join([*_as_list(base.query.get("options")), f"-csearch_path={self.name}"])
        query = {"options": options, "application_name": self.name}
        self.url = base.update_query_dict(query).render_as_string(hide_password=False)
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {self.name}"))

    def empty(self) -> None:
        """Drop everything in the schema; also ends connections that a test left behind."""
        with self._admin.connect() as connection:
            self._drop(connection)
            connection.execute(text(f"CREATE SCHEMA {self.name}"))

    def remove(self) -> None:
        """Drop the schema."""
        with self._admin.connect() as connection:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        ours = {"name": self.name}
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
            ours,
        )
        connection.execute(text("SET lock_timeout = '20s'"))
        connection.execute(text(f"DROP SCHEMA IF EXISTS {self.name} CASCADE"))


class MariaDatabase:
    """A database of this process alone, in utf8mb4 with the server's default collation."""

    def __init__(self, base: URL) -> None:
        self.name = _unique_name()
        self._admin = create_engine(base, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self.url = base.set(database=self.name).render_as_string(hide_password=False)
        with self._admin.connect() as connection:
            self._create(connection)

    def empty(self) -> None:
        """Drop everything in the database; also ends connections that a test left behind."""
        with self._admin.connect() as connection:
            self._drop(connection)
            self._create(connection)

    def remove(self) -> None:
        """Drop the database."""
        with self._admin.connect() as connection:
            self._drop(connection)

    def _create(self, connection: Connection) -> None:
        connection.execute(text(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4"))

    def _drop(self, connection: Connection) -> None:
        left = text("SELECT id FROM information_schema.processlist WHERE db = :name")
        for process in connection.execute(left, {"name": self.name}).scalars().all():
            connection.execute(text(f"KILL SOFT {int(process)}"))
        connection.execute(text(f"DROP DATABASE IF EXISTS {self.name}"))


@pytest.fixture(scope="session")
def postgres_schema() -> Iterator[PostgresSchema]:
    """A schema that this process keeps to the end; tests ask for `postgres_url`."""
    schema = PostgresSchema(_server("postgres"))
    yield schema
    schema.remove()


@pytest.fixture(scope="session")
def mariadb_database() -> Iterator[MariaDatabase]:
    """A database that this process keeps to the end; tests ask for `mariadb_url`."""
    database = MariaDatabase(_server("mariadb"))
    yield database
    database.remove()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def postgres_url(postgres_schema: PostgresSchema) -> Iterator[str]:
    """The URL of an empty PostgreSQL schema."""
    yield postgres_schema.url
    postgres_schema.empty()


@pytest.fixture
def mariadb_url(mariadb_database: MariaDatabase) -> Iterator[str]:
    """The URL of an empty MariaDB database."""
    yield mariadb_database.url
    mariadb_database.empty()


@pytest.fixture(params=storages())
def fresh_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on each storage in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def _server(name: str) -> URL:
    given = os.environ.get(SERVERS[name])
    if not given:
        pytest.skip(f"no server: set {SERVERS[name]} to a URL such as {EXAMPLES[name]}")
    return make_url(given)


def _unique_name() -> str:
    return f"crmcore_test_{os.getpid()}_{secrets.token_hex(4)}"


def _as_list(value: str | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


# What follows turns CRMCORE_TEST_REQUIRE into a promise: what it names was really tested.


def required_servers() -> list[str]:
    """Give the servers that this run must not do without."""
    names = [name.strip() for name in os.environ.get("CRMCORE_TEST_REQUIRE", "").split(",") if name.strip()]
    unknown = sorted(set(names) - set(SERVERS))
    if unknown:
        raise pytest.UsageError(f"CRMCORE_TEST_REQUIRE names {unknown}; it may name {sorted(SERVERS)}")
    return names


class RequiredServers:
    """Turns a skip into a failure, and a run that never reached a required server too."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._unproven = set(names)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Verdict:
        """Fail a test that was skipped although its server is required."""
        report = yield
        wanted = [name for name in self._names if item.get_closest_marker(name)]
        if report.skipped and wanted and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"skipped, though CRMCORE_TEST_REQUIRE names {wanted}: {report.longrepr}"
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which servers a test has passed on."""
        if report.when == "call" and report.passed:
            self._unproven -= set(report.keywords)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if no test passed on a required server."""
        worker = hasattr(session.config, "workerinput")
        if self._unproven and not worker and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which required servers no test has passed on."""
        for name in sorted(self._unproven):
            terminalreporter.write_line(f"ERROR: CRMCORE_TEST_REQUIRE names {name}, but no test passed on it", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Hold the run to CRMCORE_TEST_REQUIRE."""
    names = required_servers()
    if names:
        config.pluginmanager.register(RequiredServers(names), "required-servers")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that asks for a server by its own fixture, so that `-m postgres` finds it."""
    for name in SERVERS:
        if f"{name}_url" in getattr(item, "fixturenames", ()):
            item.add_marker(name)
