"""Backups: one moment, one file, whole or not there; and the commands that take those of servers."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import crmcore
from crmcore.adapters.memory.source import MemorySource
from crmcore.adapters.sql.backup.servers import backup_refusal, restore_refusal
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.types import Backend
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidSetting, StorageFailed
from crmcore.testing.crm import make_crm
from tests.application.backed_up import (
    back_up,
    contents,
    damaged,
    execute,
    fill,
    filled,
    full_at,
    listing,
    names,
    url_of,
)
from tests.application.test_crashes import WRITER, integrity
from tests.databases import storages
from tests.docs.pages import ROOT


def test_a_backup_is_the_database(tmp_path: Path) -> None:
    """A record, a change or a number of the feed would be missing on the day when it is needed."""
    database, path = filled(tmp_path / "crm.db"), tmp_path / "copy.db"
    told: list[tuple[int, int]] = []
    taken = back_up(database, path, progress=lambda done, total: told.append((done, total)))
    assert contents(url_of(path)) == contents(url_of(database))
    assert (taken.file, taken.position, taken.warnings) == (path, 41, ())
    assert told[-1][0] == told[-1][1] > 0
    assert told == sorted(told)


def test_a_backup_is_one_file_for_its_owner_alone(tmp_path: Path) -> None:
    """Others on the machine could read it; or it could not be read alone, where nothing can be written."""
    path = tmp_path / "folder" / "copy.db"
    path.parent.mkdir()
    taken = back_up(filled(tmp_path / "crm.db"), path)
    assert listing(path.parent) == {"copy.db"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (taken.bytes, taken.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM crm_customer").fetchone() == (20,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_backup_is_of_one_moment(tmp_path: Path) -> None:
    """CRA-01: who writes meanwhile, in another process, would be in it by halves, be kept waiting, or keep it from
    ever being done."""
    database, path = filled(tmp_path / "crm.db", 600), tmp_path / "copy.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url_of(database), "1000"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    counts: list[int] = []
    with closing(sqlite3.connect(database)) as connection:

        def count(done: int, total: int) -> None:
            time.sleep(0.1)
            counts.extend(connection.execute("SELECT count(*) FROM crm_order").fetchone())

        taken = back_up(database, path, progress=count)
    writer.kill()
    writer.stdout.close()
    writer.wait()
    assert 601 <= counts[0] < counts[-1]
    assert integrity(path) == "ok"
    with closing(crmcore.open(url_of(path))) as crm, crm.work("reader") as work:
        assert 601 <= work.customers.count() == work.orders.count() == work.customers.count("order") <= counts[0]
        assert work.customers.find(email="p1000@x.com") is not None
    assert taken.position == 1_201


@pytest.mark.parametrize("name", ["crm.db", "crm.db-wal", "link.db", "hard.db", "there.db", "folder", "pipe", "no/x"])
@pytest.mark.parametrize("force", [False, True])
def test_a_place_that_does_not_fit_is_refused(tmp_path: Path, name: str, force: bool) -> None:
    """The database would be overwritten by its own copy, or another file or backup by mistake."""
    database = filled(tmp_path / "crm.db")
    (tmp_path / "link.db").symlink_to(database)
    (tmp_path / "hard.db").hardlink_to(database)
    (tmp_path / "there.db").write_text("mine")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    there, before = listing(tmp_path), contents(url_of(database))
    if name == "there.db" and force:
        assert back_up(database, tmp_path / name, force=True).bytes > 1_000
        assert names(tmp_path / name) == names(database)
        return
    with pytest.raises(InvalidSetting, match=name) as raised:
        back_up(database, tmp_path / name, force=force)
    assert raised.value.details["file"] == str(tmp_path / name)
    assert listing(tmp_path) == there
    assert contents(url_of(database)) == before
    assert (tmp_path / "there.db").read_text() == "mine"


def test_a_link_to_a_place_is_followed(tmp_path: Path) -> None:
    """The link that an administrator laid to another disk would be replaced by a file on this one."""
    database = filled(tmp_path / "crm.db")
    (tmp_path / "disk").mkdir()
    (tmp_path / "latest.db").symlink_to(tmp_path / "disk" / "latest.db")
    with pytest.raises(InvalidSetting, match="there already"):
        back_up(database, tmp_path / "latest.db")
    back_up(database, tmp_path / "latest.db", force=True)
    assert (tmp_path / "latest.db").is_symlink()
    assert names(tmp_path / "disk" / "latest.db") == names(database)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """CRA-02: a piece of a backup would be taken for one, or fill the disk for good."""
    database, folder = filled(tmp_path / "crm.db"), tmp_path / "folder"
    folder.mkdir()
    for size in (4_096, 300_000):
        with full_at(size), pytest.raises(StorageFailed, match=r"cannot back up to .*copy\.db") as raised:
            back_up(database, folder / "copy.db")
        assert raised.value.details["file"] == str(folder / "copy.db")
        assert listing(folder) == set()
    (folder / "copy.db").write_text("an older one")
    with full_at(300_000), pytest.raises(StorageFailed):
        back_up(database, folder / "copy.db", force=True)
    assert (folder / "copy.db").read_text() == "an older one"


@pytest.mark.parametrize("step", [0, 1, 3])
def test_who_interrupts_a_backup_leaves_nothing_behind(tmp_path: Path, step: int) -> None:
    """Ctrl-C would leave a piece of the database for anybody to find."""
    database, folder = filled(tmp_path / "crm.db", 400), tmp_path / "folder"
    folder.mkdir()
    left = iter(range(step, -1, -1))

    def interrupt(done: int, total: int) -> None:
        if next(left) == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(database, folder / "copy.db", progress=interrupt)
    assert listing(folder) == set()
    assert back_up(database, folder / "copy.db").position == 801


def test_a_damaged_database_is_not_taken_for_sound(tmp_path: Path) -> None:
    """Good backups would be given up for copies of a broken file, one by one."""
    database = damaged(filled(tmp_path / "crm.db"))
    with pytest.raises(StorageFailed, match="damaged"):
        back_up(database, tmp_path / "copy.db")
    (tmp_path / "crm.db").write_text("no database at all " * 1_000)
    with pytest.raises(StorageFailed, match="not a database"):
        back_up(database, tmp_path / "copy.db")
    assert listing(tmp_path) - {"crm.db-wal", "crm.db-shm"} == {"crm.db"}


def test_references_that_lead_nowhere_are_told_and_kept(tmp_path: Path) -> None:
    """Who needs a backup most would get none; or would not hear of it before the restore."""
    database = filled(tmp_path / "crm.db")
    execute(database, "DELETE FROM crm_customer WHERE name = 'person 3'")
    taken = back_up(database, tmp_path / "copy.db")
    assert "crm_order" in taken.warnings[0]
    assert contents(url_of(tmp_path / "copy.db")) == contents(url_of(database))


def test_what_is_no_database_of_crmcore_is_not_backed_up(tmp_path: Path) -> None:
    """A mistyped name would give an empty backup, and a new empty database."""
    with pytest.raises(InvalidSetting, match=r"there is no database .*crn\.db"):
        back_up(tmp_path / "crn.db", tmp_path / "copy.db")
    assert listing(tmp_path) == set()
    execute(tmp_path / "other.db", "CREATE TABLE song (name)")
    with pytest.raises(InvalidSetting, match="no tables of crmcore"):
        back_up(tmp_path / "other.db", tmp_path / "copy.db")
    assert "copy.db" not in listing(tmp_path)


def test_what_lives_in_memory(tmp_path: Path) -> None:
    """A traceback; a SQLite database in memory can be saved, though."""
    with pytest.raises(InvalidSetting, match="in memory"):
        MemorySource().back_up(tmp_path / "copy.db")
    with closing(SqlSource.own("sqlite://")) as source:
        crm = Crm(storage=source)
        crm.upgrade()
        fill(crm, 3)
        source.back_up(tmp_path / "copy.db")
    assert len(names(tmp_path / "copy.db")) == 3


def test_a_host_backs_up_its_own_tables_too(tmp_path: Path) -> None:
    """A shop's orders, or what stands under another prefix, would be missing in the backup of their one file."""
    engine = sa.create_engine(url_of(tmp_path / "shop.db"))  # not prepared: as a host may hand it over
    execute(tmp_path / "shop.db", "CREATE TABLE song (name)", "INSERT INTO song VALUES ('Balada')")
    crm = Crm(crmcore.prepare(sa.create_engine(url_of(tmp_path / "shop.db"))), prefix="second_")
    crm.upgrade()
    fill(crm, 3)
    SqlSource(engine, "second_").back_up(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT (SELECT name FROM song), count(*) FROM second_customer").fetchall() == [
            ("Balada", 3)
        ]
    engine.dispose()


def test_a_database_that_is_attached_is_backed_up_alone(tmp_path: Path) -> None:
    """With a schema, the wrong file of the connection would be copied."""
    filled(tmp_path / "crm.db", 3)
    engine = sa.create_engine(url_of(tmp_path / "host.db"))

    @sa.event.listens_for(engine, "connect")
    def attach(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(f"ATTACH '{tmp_path / 'crm.db'}' AS crm")

    with engine.connect():
        SqlSource(engine, schema="crm").back_up(tmp_path / "copy.db")
        with pytest.raises(InvalidSetting, match="database itself"):
            SqlSource(engine, schema="crm").back_up(tmp_path / "crm.db", force=True)
    engine.dispose()
    assert len(names(tmp_path / "copy.db")) == 3


# Servers


def looked_at(url: str) -> dict[str, Any]:
    """What a database holds, and what `crm doctor` asks of it."""
    with make_crm(url) as crm:
        return {**contents(url), "checks": crm.storage.checks()}


def run(refusal: InvalidSetting) -> None:
    """Run the command that a refusal names."""
    words = shlex.split(str(refusal.details["command"]))
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} here")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("fresh_url", storages("postgres", "mariadb"), indirect=True)
def test_a_server_is_backed_up_and_restored_by_the_commands_that_are_named(
    fresh_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Who runs what the refusal says would have no backup, or one that cannot be restored."""
    path = tmp_path / "shop's copy.dump"
    with make_crm(fresh_url) as crm:
        fill(crm, 20)
    before = looked_at(fresh_url)
    with closing(SqlSource.own(fresh_url)) as source, pytest.raises(InvalidSetting) as refused:
        source.back_up(path)
    run(refused.value)
    server = "postgres_schema" if "postgres" in fresh_url else "mariadb_database"
    request.getfixturevalue(server).empty()
    url = sa.make_url(fresh_url)
    run(restore_refusal(url, "postgresql" if "postgres" in fresh_url else "mariadb", path))
    after = looked_at(fresh_url)
    assert after == before
    assert (len(after["customer"]), all(ok for _, ok, _ in after["checks"])) == (20, True)
    with closing(crmcore.open(fresh_url)) as crm:
        fill(crm, 3, first=20)  # what counts by itself goes on where it was
        assert [each.position for each in crm.feed(after=41)] == list(range(42, 49))


def test_commands_hold_no_password() -> None:
    """A password would stand in an error, in a log and in the list of processes."""
    path = Path("c.dump")
    schemes: dict[Backend, str] = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}
    for backend, scheme in schemes.items():
        url = sa.make_url(f"{scheme}://crm:s3cret@db.example.com:999/shop")
        for refusal in (backup_refusal(url, backend, path), restore_refusal(url, backend, path)):
            assert "s3cret" not in refusal.message + str(refusal.details)
            assert "db.example.com" in str(refusal.details["command"])
            assert "999" in str(refusal.details["command"])


def test_the_page_shows_the_commands_that_are_named() -> None:
    """The page and the refusal would tell two things, of which one is tested."""
    page = (ROOT / "docs" / "how-to" / "back-up-and-restore.md").read_text(encoding="utf-8")
    urls: dict[Backend, tuple[str, str]] = {
        "postgresql": ("postgresql+psycopg://crm@localhost/shop", "shop.dump"),
        "mariadb": ("mysql+pymysql://crm@localhost/shop", "shop.sql"),
    }
    for backend, (url, path) in urls.items():
        for refusal in (
            backup_refusal(sa.make_url(url), backend, Path(path), "public" if backend == "postgresql" else None),
            restore_refusal(sa.make_url(url), backend, Path(path)),
        ):
            assert f"\n{refusal.details['command']}\n" in page
