"""Restores: the old database or the restored one, never half of either, and the old one is kept."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

import crmcore
from crmcore import Person
from crmcore.adapters.sql.backup.restoring import restore
from crmcore.application.backing_up import repeat_erasures
from crmcore.crm import Crm
from crmcore.domain.errors import CrmError, InvalidSetting, SchemaMismatch, StorageBusy, StorageFailed
from crmcore.ports.backup import LEDGER_LOST, Repeated, Restored
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
from tests.application.test_crashes import integrity

OLD, NEW = [f"person {n}" for n in range(3)], [f"person {n}" for n in range(5)]
"""What is in the backup, and in the database since."""


def backed_up(folder: Path, before: int = 3, since: int = 2) -> tuple[Path, Path]:
    """A database and its backup, after which more was written."""
    database = filled(folder / "crm.db", before)
    back_up(database, folder / "copy.db")
    with closing(crmcore.open(url_of(database))) as crm:
        fill(crm, since, first=before)
    return database, folder / "copy.db"


def put(path: Path, database: Path, **options: Any) -> Restored:
    """Restore a backup to a SQLite file."""
    return restore(url_of(database), path, **options)


def test_a_restored_database_is_the_backup(tmp_path: Path) -> None:
    """Something of the old one would stay, or of the backup be missing; or the old one be gone for good."""
    database, path = backed_up(tmp_path)
    backup, old = contents(url_of(path)), contents(url_of(database))
    restored = put(path, database, force=True)
    assert contents(url_of(database)) == backup
    assert restored.kept is not None
    assert contents(url_of(restored.kept)) == old
    assert restored.kept.name.startswith("crm.db.before-restore-")
    assert (restored.database, restored.file, restored.position) == (database, path, 7)
    assert integrity(database) == "ok"
    with closing(crmcore.open(url_of(database))) as crm:
        assert all(ok for _, ok, _ in crm.storage.checks())
        fill(crm, 1, first=9)
        assert [each.position for each in crm.feed(after=7)] == [8, 9, 10]


def test_a_backup_becomes_a_new_database(tmp_path: Path) -> None:
    """On a new machine there is nothing to replace, and nothing to force."""
    _, path = backed_up(tmp_path)
    (tmp_path / "new").mkdir()
    told: list[tuple[int, int]] = []
    restored = put(path, tmp_path / "new" / "crm.db", progress=lambda done, total: told.append((done, total)))
    assert (restored.kept, listing(tmp_path / "new")) == (None, {"crm.db"})
    assert contents(url_of(tmp_path / "new" / "crm.db")) == contents(url_of(path))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


def test_a_database_without_records_is_no_hindrance(tmp_path: Path) -> None:
    """Who opened crmcore once before the restore would have to force it; what was set there is kept all the same."""
    _, path = backed_up(tmp_path)
    with closing(crmcore.open(url_of(tmp_path / "fresh.db"))) as crm:
        crm.pump()
    restored = put(path, tmp_path / "fresh.db")
    assert names(tmp_path / "fresh.db") == OLD
    assert restored.kept is not None and names(restored.kept) == []


def test_data_is_replaced_by_force_only(tmp_path: Path) -> None:
    """A slip would replace the work of a day; also that of a host, in tables of its own."""
    database, path = backed_up(tmp_path)
    execute(tmp_path / "shop.db", "CREATE TABLE song (name)", "INSERT INTO song VALUES ('Balada')")
    there = listing(tmp_path)
    for each in (database, tmp_path / "shop.db"):
        with pytest.raises(InvalidSetting, match="holds data"):
            put(path, each)
    assert (names(database), listing(tmp_path) - there) == (NEW, set())
    put(path, tmp_path / "shop.db", force=True)
    [kept] = tmp_path.glob("shop.db.before-restore-*")
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT name FROM song").fetchall() == [("Balada",)]


def test_a_database_in_use_is_refused(tmp_path: Path) -> None:
    """What another process has read, or writes in its next unit of work, would be of a database that is gone."""
    database, path = backed_up(tmp_path)
    with closing(crmcore.open(url_of(database))) as crm:
        crm.feed()
        there = listing(tmp_path)
        with pytest.raises(StorageBusy, match="another process has the database open"):
            put(path, database, force=True)
        assert listing(tmp_path) == there
        with crm.work("x") as work:
            assert work.customers.count() == 5
            work.customers.add(Person("person 5"))
    put(path, database, force=True)
    assert names(database) == OLD


def test_who_comes_during_a_restore_waits_or_is_told(tmp_path: Path) -> None:
    """A process that starts meanwhile would read the one half and write to the other."""
    database, path = backed_up(tmp_path)
    seen: list[str] = []

    def come(staged: Path, kept: Path | None) -> Repeated:
        with closing(sqlite3.connect(database, timeout=0.1)) as connection:
            try:
                connection.execute("SELECT count(*) FROM crm_customer")
            except sqlite3.OperationalError as error:
                seen.append(str(error))
        return Repeated(4)

    assert put(path, database, force=True, settle=come).repeated.erased == 4
    assert seen == ["database is locked"]


def test_what_is_settled_in_the_copy_is_in_the_database(tmp_path: Path) -> None:
    """Erasures would be repeated after the fact: for a moment, or for good, an erased person would be back."""
    database, path = backed_up(tmp_path)
    found: list[list[str]] = []

    def settle(staged: Path, kept: Path | None) -> Repeated:
        assert kept is not None
        found.extend([names(staged), names(kept)])
        with closing(crmcore.open(url_of(staged))) as crm, crm.work("x") as work:
            [first] = work.customers.query('name = "person 0"').items
            work.customers.change(first.id, name=None)
        return Repeated(1)

    put(path, database, force=True, settle=settle)
    assert (names(database), found) == (["", *OLD[1:]], [OLD, NEW])
    assert names(path) == OLD


def test_what_fails_before_the_end_changes_nothing(tmp_path: Path) -> None:
    """A database would be left without the erasures that it had."""
    database, path = backed_up(tmp_path)

    def fail(staged: Path, kept: Path | None) -> Repeated:
        raise StorageFailed("no")

    with pytest.raises(StorageFailed, match="no"):
        put(path, database, force=True, settle=fail)
    assert names(database) == NEW
    assert listing(tmp_path) - {"crm.db-wal", "crm.db-shm"} == {"crm.db", "copy.db"}
    with pytest.raises(StorageFailed, match="no"):
        put(path, tmp_path / "fresh.db", settle=fail)
    assert "fresh.db" not in listing(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_who_interrupts_a_restore_changes_nothing(tmp_path: Path, share: float) -> None:
    """Ctrl-C would leave half a database."""
    database, path = backed_up(tmp_path, before=150, since=50)

    def interrupt(done: int, total: int) -> None:
        if share * total <= done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(path, database, force=True, progress=interrupt)
    assert len(names(database)) == 200
    assert integrity(database) == "ok"
    assert not list(tmp_path.glob(".*.part*"))


def opened(file: Path, reads: bool) -> Crm:
    """As the command line opens a file that is not in its place."""
    return crmcore.open(url_of(file), plugins="none" if reads else None)


def erased_since(folder: Path) -> tuple[Path, Path]:
    """A database in which somebody was erased after its backup."""
    database, path = backed_up(folder)
    with closing(crmcore.open(url_of(database))) as crm, crm.work("x") as work:
        [found] = work.customers.query('name = "person 0"').items
        work.subjects.erase(found.id, "asked for it")
    return database, path


def test_who_was_erased_stays_erased(tmp_path: Path) -> None:
    """INV-19: a person whose data was erased would be back with the backup of the night before."""
    database, path = erased_since(tmp_path)
    restored = put(path, database, force=True, settle=partial(repeat_erasures, opened, "x"))
    assert (restored.repeated.erased, restored.warnings) == (1, ())
    assert names(database) == ["", *OLD[1:]]
    assert b"p0@x.com" not in database.read_bytes()
    with closing(crmcore.open(url_of(database))) as crm, crm.work("x") as work:
        assert work.customers.count("erased_at is not missing") == 1
        with pytest.raises(CrmError, match="erased"):
            work.customers.add(Person("Somebody", emails=["p0@x.com"]))
    again = put(path, database, force=True, settle=partial(repeat_erasures, opened, "x"))
    assert (again.repeated.erased, names(database)) == (1, ["", *OLD[1:]])


def test_without_erasures_nothing_is_touched(tmp_path: Path) -> None:
    """A restore would write into a backup, or fail over a database of somebody else, for nothing."""
    database, path = backed_up(tmp_path)
    backup = contents(url_of(path))
    settle = partial(repeat_erasures, opened, "x")
    assert put(path, database, force=True, settle=settle).repeated == Repeated()
    assert contents(url_of(database)) == backup
    assert put(path, tmp_path / "new.db", settle=settle).repeated == Repeated()
    execute(tmp_path / "shop.db", "CREATE TABLE song (name)", "INSERT INTO song VALUES ('Balada')")
    assert put(path, tmp_path / "shop.db", settle=settle, force=True).repeated == Repeated()


def test_erasures_that_cannot_be_repeated_refuse_the_restore(tmp_path: Path) -> None:
    """An erased person would come back over an error that nobody reads."""
    database, path = erased_since(tmp_path)
    with closing(crmcore.open(url_of(path))) as crm, crm.work("x") as work:
        [found] = work.customers.query('name = "person 1"').items
        work.subjects.erase(found.id, "asked for it")  # a ledger of its own: the backup of another database
    there = listing(tmp_path)
    with pytest.raises(InvalidSetting, match=r"1 erasures .* another key.*move the database away"):
        put(path, database, force=True, settle=partial(repeat_erasures, opened, "x"))
    assert names(database) == ["", *NEW[1:]]
    assert not [name for name in listing(tmp_path) - there if not name.endswith(("-wal", "-shm"))]


def test_a_ledger_that_is_damaged_is_told(tmp_path: Path) -> None:
    """A restore over a broken database would fail for the very reason for which it is done; or keep quiet."""
    database, path = erased_since(tmp_path)
    damaged(database)
    restored = put(path, database, force=True, settle=partial(repeat_erasures, opened, "x"))
    assert (restored.warnings, names(database)) == ((LEDGER_LOST,), OLD)


RESTORER: Final = """
import sys, time
from pathlib import Path
from crmcore.adapters.sql.backup.restoring import restore
def told(done, total):
    print(done, flush=True)
    time.sleep(0.02)
restore("sqlite:///" + sys.argv[1], Path(sys.argv[2]), force=True, progress=told)
print("done", flush=True)
"""
"""Restores, and says how far it is."""
PAUSES: Final = (0.015, 0.02, 0.022, 0.025)
"""Seconds after the last step but one, around the moment of the commit."""


def test_killed_anywhere_it_is_the_old_or_the_restored_one(tmp_path: Path) -> None:
    """CRA-01: half of each would be there; or the old one would be gone before the other is there."""
    database, path = backed_up(tmp_path, before=200, since=100)
    steps: list[int] = []
    restored = put(path, database, force=True, progress=lambda done, total: steps.append(done))
    assert restored.kept is not None
    newer = restored.kept.rename(tmp_path / "newer.db")
    found: list[int] = []
    last = len(steps)
    for lines, pause in ((0, 0.3), (1, 0.0), (last // 2, 0.01), *((last - 1, p) for p in PAUSES), (last + 1, 0.0)):
        put(newer, database, force=True)
        for left in tmp_path.glob("*.before-restore-*"):
            left.unlink()
        ended = killed_after(database, path, lines, pause)
        there = len(names(database))
        found.append(there)
        assert integrity(database) == "ok"
        assert there in ((200,) if ended else (200, 300))
        assert there == 300 or [len(names(kept)) for kept in tmp_path.glob("*.before-restore-*")] == [300]
    assert (found[0], found[-1]) == (300, 200)


def killed_after(database: Path, path: Path, lines: int, pause: float) -> bool:
    """Restore in a process that is killed a moment after it has said so much; whether it had ended before."""
    command = [sys.executable, "-c", RESTORER, str(database), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
    return "done\n" in said


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """CRA-02: the old database would be given up for a restored one that does not fit."""
    database, path = backed_up(tmp_path, before=250, since=1)
    there = listing(tmp_path)
    for size in (4_096, 600_000, path.stat().st_size - 4_096):
        with full_at(size), pytest.raises(StorageFailed, match="cannot restore") as raised:
            put(path, database, force=True)
        assert raised.value.details["file"] == str(database)
        assert listing(tmp_path) == there
        assert len(names(database)) == 251


def make_older(path: Path) -> None:
    execute(path, "UPDATE crm_core_version SET version_num = '9999'")


def make_foreign(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE song (name)")


def make_text(path: Path) -> None:
    path.write_text("not a database at all\n" * 1_000)


def make_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


WRONG: Final[dict[str, tuple[Any, type[CrmError], str]]] = {
    "newer": (make_older, SchemaMismatch, "newer release of crmcore .*9999"),
    "foreign": (make_foreign, InvalidSetting, "no tables of crmcore"),
    "empty": (lambda path: os.truncate(path, 0), InvalidSetting, "no tables of crmcore"),
    "text": (make_text, StorageFailed, "no sound database .*not a database"),
    "short": (make_short, StorageFailed, "no sound database"),
    "damaged": (damaged, StorageFailed, "no sound database"),
    "missing": (Path.unlink, InvalidSetting, "there is no backup"),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_what_is_no_sound_backup_is_refused(tmp_path: Path, wrong: str) -> None:
    """A working database would be replaced by a broken one, or by none."""
    database, path = backed_up(tmp_path)
    make, error, message = WRONG[wrong]
    make(path)
    there = listing(tmp_path)
    for target in (database, tmp_path / "fresh.db"):
        with pytest.raises(error, match=message) as raised:
            put(path, target, force=True)
        assert raised.value.details["file"] == str(path)
    assert listing(tmp_path) == there
    assert names(database) == NEW


def test_a_damaged_database_is_replaced(tmp_path: Path) -> None:
    """The one whose database broke would be told that it cannot be replaced, as it is broken."""
    for damage in (damaged, make_text, make_short):
        folder = tmp_path / damage.__name__
        folder.mkdir()
        database, path = backed_up(folder)
        damage(database)
        broken = database.read_bytes()
        with pytest.raises(InvalidSetting, match="--force"):
            put(path, database)
        assert database.read_bytes()[100:] == broken[100:]
        restored = put(path, database, force=True)
        assert (names(database), integrity(database)) == (OLD, "ok")
        assert restored.kept is not None and restored.kept.stat().st_size == len(broken)
        assert restored.warnings == (LEDGER_LOST,)


def test_pages_of_another_size(tmp_path: Path) -> None:
    """The database of a host that chose its own page size could not be replaced."""
    database, path = backed_up(tmp_path)
    execute(database, "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 16384", "VACUUM")
    put(path, database, force=True)
    assert (names(database), integrity(database)) == (OLD, "ok")


def test_a_link_and_the_permissions_stay(tmp_path: Path) -> None:
    """The application could no longer read its database, or go on with another file than the one restored."""
    database, path = backed_up(tmp_path)
    (tmp_path / "link.db").symlink_to(database)
    database.chmod(0o640)
    put(path, tmp_path / "link.db", force=True)
    assert (tmp_path / "link.db").is_symlink()
    assert (names(database), database.stat().st_mode & 0o777) == (OLD, 0o640)


def test_the_database_itself_is_no_backup_of_it(tmp_path: Path) -> None:
    """A mistyped name would end in a lock, or in a copy of a file to itself."""
    database, _ = backed_up(tmp_path)
    with pytest.raises(InvalidSetting, match="the database itself"):
        put(database, database, force=True)
    assert names(database) == NEW


def test_a_process_that_lives_on_sees_the_fields_of_the_backup(tmp_path: Path) -> None:
    """A host that connects anew for each request would go on with the fields of the database that is gone."""
    database = filled(tmp_path / "crm.db", 1)
    engine = crmcore.prepare(sa.create_engine(url_of(database), poolclass=NullPool))
    host = Crm(engine)
    host.fields.add("customer", "shoe_size", "integer")
    back_up(database, tmp_path / "copy.db")
    host.fields.remove("customer", "shoe_size")
    host.fields.add("customer", "hat_size", "integer")
    put(tmp_path / "copy.db", database, force=True)
    with host.work("x") as work:
        [found] = work.customers.query().items
        work.customers.change(found.id, **{"custom.shoe_size": 42})
        assert work.customers.count("custom.shoe_size = 42") == 1
        with pytest.raises(CrmError, match="hat_size"):
            work.customers.count("custom.hat_size = 7")


@pytest.mark.parametrize("url", ["memory://", "sqlite://", "sqlite:///file:crm.db?uri=true", "no-url", "oracle://x"])
def test_a_place_that_cannot_be_replaced(tmp_path: Path, url: str) -> None:
    """A traceback; or success, with nothing restored that anybody will ever see."""
    _, path = backed_up(tmp_path)
    with pytest.raises(InvalidSetting):
        restore(url, path, force=True)
