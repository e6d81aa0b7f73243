"""`crm db`: make, check and upgrade the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcore.cli import tables
from crmcore.cli.groups import Group
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session

if TYPE_CHECKING:
    from crmcore.crm import Crm


@click.group("db", cls=Group)
def db() -> None:
    """Make, check and upgrade the database."""


@db.command("upgrade", cls=Command)
@pass_session
def upgrade(session: Session) -> None:
    """Make the tables that are missing, migrate those of older releases, and record the plugins that are active.

    The plugins are those of --plugins, else those of crm.toml, else those recorded.
    """
    crm = session.open(upgrading=True)
    crm.upgrade(session.note)
    _tell(session, crm)


@db.command("status", cls=Command)
@pass_session
def status(session: Session) -> None:
    """Tell by which revisions the tables were made, which are waiting, and whether these are those that run. Changes
    nothing."""
    _tell(session, None if session.is_new() else session.crm)


@db.command("rekey", cls=Command)
@pass_session
def rekey(session: Session) -> None:
    """Make every match key anew, after an upgrade that changes how names or numbers are normalised."""
    total = session.crm.rekey()
    session.emit({"rekeyed": total}, lambda: f"{total} records have new match keys")


def _tell(session: Session, crm: Crm | None) -> None:
    revision, current = crm.status() if crm is not None else ({}, False)
    waiting = crm.readiness.waiting() if crm is not None else {}
    current = current and not waiting
    rows = [{"distribution": name, "revision": each} for name, each in revision.items()]
    if waiting:
        rows = [{**each, "waiting": ", ".join(waiting.get(each["distribution"], ()))} for each in rows]
    end = "up to date" if current else "not up to date: run `crm db upgrade`"
    told = {"revision": revision, "up_to_date": current, **({"waiting": waiting} if waiting else {})}
    session.emit(told, lambda: f"{tables.table(rows)}\n{end}" if rows else end)
