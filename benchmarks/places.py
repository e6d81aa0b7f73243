"""Empty databases to measure in, on each storage; whatever was made is removed at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import attrs
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

VARIABLES: Final = {"postgresql": "CRMCORE_TEST_POSTGRES", "mariadb": "CRMCORE_TEST_MARIADB"}


class Place(Protocol):
    """Where databases of one storage are made."""

    @property
    def storage(self) -> str:
        """Which storage."""

    def empty(self) -> str:
        """The URL of a database that holds nothing."""

    def drop(self, url: str) -> None:
        """Remove a database; no connection to it may be open."""


@attrs.frozen
class Files:
    """SQLite files in a folder."""

    folder: Path
    storage: str = "sqlite"

    def empty(self) -> str:
        """A file that does not exist yet."""
        return f"sqlite:///{self.folder / secrets.token_hex(4)}.db"

    def drop(self, url: str) -> None:
        """Remove the file and its logs."""
        file = Path(str(make_url(url).database))
        for path in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            path.unlink(missing_ok=True)


@attrs.define
class Schemas:
    """Schemas of a PostgreSQL database; the URL makes each its search path."""

    base: URL
    storage: str = "postgresql"
    made: dict[str, str] = attrs.field(factory=dict)

    def empty(self) -> str:
        """A new schema."""
        name = f"crmcore_bench_{secrets.token_hex(4)}"
        _run(self.base, f"CREATE SCHEMA {name}")
        url = self.base.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
        self.made[url] = name
        return url

    def drop(self, url: str) -> None:
        """Drop the schema."""
        _run(self.base, f"DROP SCHEMA IF EXISTS {self.made.pop(url)} CASCADE")


@attrs.define
class Databases:
    """Databases of a MariaDB server."""

    base: URL
    storage: str = "mariadb"
    made: dict[str, str] = attrs.field(factory=dict)

    def empty(self) -> str:
        """A new database."""
        name = f"crmcore_bench_{secrets.token_hex(4)}"
        _run(self.base, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        url = self.base.set(database=name).render_as_string(hide_password=False)
        self.made[url] = name
        return url

    def drop(self, url: str) -> None:
        """Drop the database."""
        _run(self.base, f"DROP DATABASE IF EXISTS {self.made.pop(url)}")


def available(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The storages that can be measured here: SQLite, and the servers that the environment names."""
    return ["sqlite", *(storage for storage, name in VARIABLES.items() if environment.get(name))]


@contextmanager
def opened(storage: str) -> Iterator[Place]:
    """A place for databases of this storage, removed with all that is left in it."""
    if storage == "sqlite":
        with _folder() as folder:
            yield Files(folder)
        return
    base = make_url(os.environ[VARIABLES[storage]])
    place = Schemas(base) if storage == "postgresql" else Databases(base)
    try:
        yield place
    finally:
        for url in list(place.made):
            place.drop(url)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="crmcore-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(base: URL, statement: str) -> None:
    engine = create_engine(base, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
