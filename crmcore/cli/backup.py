"""`crm backup` and `crm restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

import crmcore
from crmcore.cli.options import Command
from crmcore.cli.session import Session, importing, pass_session

if TYPE_CHECKING:
    from crmcore.crm import Crm
    from crmcore.ports.backup import Backup, Progress, Restored
    from crmcore.ports.storage import StorageSource


@click.command("backup", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file of that name.")
@pass_session
def backup(session: Session, file: Path, force: bool) -> None:
    """Copy the database, as it is at one moment, to FILE, while others go on reading and writing.

    FILE is a SQLite database that only you may read; it stands there when it was checked and is whole. What is on
    PostgreSQL or MariaDB is backed up by their own tools: the command to run is told.
    """
    with _source(session.settings.database) as source, session.progress("backup", lambda: 100) as done:
        taken = source.back_up(file, force=force, progress=percent(done))
    session.emit(taken.plain(), lambda: _taken_text(taken))
    _warn(session, taken.warnings)


@click.command("restore", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database that holds data; it is kept beside the restored one.")
@pass_session
def restore(session: Session, file: Path, force: bool) -> None:
    """Put the backup FILE in the place of the database.

    No other process may have the database open. Whatever happens meanwhile, it is the old or the restored one; the old
    one is kept beside it as NAME.before-restore-TIME.
    """
    from crmcore.adapters.sql.backup.restoring import restore as restore_file
    from crmcore.application.backing_up import repeat_erasures

    settle = partial(repeat_erasures, partial(_opened, session), session.settings.actor)
    with session.progress("restore", lambda: 100) as done:
        restored = restore_file(session.settings.database, file, force=force, progress=percent(done), settle=settle)
    session.emit(restored.plain(), lambda: _restored_text(restored))
    _warn(session, restored.warnings)


def _opened(session: Session, file: Path, reads: bool) -> Crm:
    """A Crm over a file that is not in its place yet, or no more."""
    named = session.settings.plugins
    wanted = "none" if reads else None if named == "none" else named
    with importing():
        return crmcore.open(f"sqlite:///{file}", plugins=wanted, zone=session.settings.zone)


@contextmanager
def _source(url: str) -> Iterator[StorageSource]:
    """Where the records are. No Crm is opened: what keeps one from starting must not keep anybody from a backup."""
    if url == "memory://":
        from crmcore.adapters.memory.source import MemorySource

        yield MemorySource()
        return
    from crmcore.adapters.sql.source import SqlSource

    with closing(SqlSource.own(url)) as source:
        yield source


def percent(done: Callable[[int], None]) -> Progress:
    """What tells a bar of a hundred how much more is done."""
    shown = 0

    def told(part: int, whole: int) -> None:
        nonlocal shown
        now = part * 100 // max(whole, 1)
        done(now - shown)
        shown = now

    return told


def _warn(session: Session, warnings: tuple[str, ...]) -> None:
    for each in warnings:
        session.note(f"Warning: {each}")


def _taken_text(taken: Backup) -> str:
    return f"{taken.file}: {taken.bytes:,} bytes, position {taken.position:,}\nsha256 {taken.sha256}"


def _restored_text(restored: Restored) -> str:
    lines = [f"{restored.database}: {restored.bytes:,} bytes, position {restored.position:,}, from {restored.file}"]
    if restored.kept is not None:
        lines.append(f"the replaced database is {restored.kept}")
    if restored.repeated.erased:
        lines.append(f"{restored.repeated.erased} erased persons were in it, and are erased again")
    if restored.repeated.doubtful:
        lines.append("an address or number of an erased person is that of these too: look whether they are the same:")
        lines += map(str, restored.repeated.doubtful)
    return "\n".join(lines)
