"""What a restore owes to those who were erased since the backup was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from crmcore.application.subjects import ledger_text, replaying
from crmcore.application.subjects.ledger_text import Ledger
from crmcore.application.unit import UnitOfWork
from crmcore.domain.change import Actor
from crmcore.domain.errors import CrmError, InvalidSetting
from crmcore.ports.backup import LEDGER_LOST, Repeated


class Opened(Protocol):
    """A Crm, as far as it is needed here."""

    def work(self, actor: Actor | str) -> UnitOfWork:
        """A unit of work."""

    def status(self) -> tuple[dict[str, str], bool]:
        """The revisions in the database, and whether they are those of the running declarations."""

    def upgrade(self) -> dict[str, str]:
        """Bring the tables to what is declared."""

    def close(self) -> None:
        """Let go of the database."""


Open = Callable[[Path, bool], Opened]
"""Gives a Crm over a file; with True one that only reads and needs no plugin."""


def repeat_erasures(open: Open, actor: Actor | str, staged: Path, kept: Path | None) -> Repeated:
    """Erase in a backup, before it is in its place, whom the database that it replaces knows as erased; a backup of an
    older release is upgraded for it.

    Raises InvalidSetting where they cannot be erased: the restore is given up then. A database that is too damaged to
    be asked is no reason for that, only for a warning.
    """
    if kept is None:
        return Repeated()
    try:
        held = _ledger(open, actor, kept)
    except CrmError:
        return Repeated(warnings=(LEDGER_LOST,))
    if not held.rows:
        return Repeated()
    try:
        return _replayed(open, actor, staged, held)
    except CrmError as error:
        raise InvalidSetting(
            f"{len(held.rows)} erasures of the replaced database cannot be repeated in the backup, so nothing was "
            f"changed: {error.message}. To restore without them, move the database away first; then "
            "`crm subject replay-erasures`"
        ) from error


def _ledger(open: Open, actor: Actor | str, kept: Path) -> Ledger:
    with _closing(open(kept, True)) as crm:
        if not crm.status()[0]:
            return Ledger("", ())  # a database of somebody else
        with crm.work(actor) as work:
            return ledger_text.current(work)


def _replayed(open: Open, actor: Actor | str, staged: Path, held: Ledger) -> Repeated:
    with _closing(open(staged, False)) as crm:
        if not crm.status()[1]:
            crm.upgrade()
        with crm.work(actor) as work:
            done = replaying.replay(work, held)
    return Repeated(len(done.erased), done.doubtful)


@contextmanager
def _closing(crm: Opened) -> Iterator[Opened]:
    try:
        yield crm
    finally:
        crm.close()
