"""`crm db`: make, check and upgrade the database."""

from __future__ import annotations

import click

from crmcore.cli import tables
from crmcore.cli.groups import Group
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session


@click.group("db", cls=Group)
def db() -> None:
    """Make, check and upgrade the database."""


@db.command("upgrade", cls=Command)
@pass_session
def upgrade(session: Session) -> None:
    """Make the tables that are missing, and record the plugins that are active.

    The plugins are those of --plugins, else those of crm.toml, else those recorded.
    """
    crm = session.open(upgrading=True)
    crm.upgrade()
    _tell(session, *crm.status())


@db.command("status", cls=Command)
@pass_session
def status(session: Session) -> None:
    """Tell by which revisions the tables were made, and whether these are those that run. Changes nothing."""
    revision, current = ({}, False) if session.is_new() else session.crm.status()
    _tell(session, revision, current)


@db.command("rekey", cls=Command)
@pass_session
def rekey(session: Session) -> None:
    """Make every match key anew, after an upgrade that changes how names or numbers are normalised."""
    total = session.crm.rekey()
    session.emit({"rekeyed": total}, lambda: f"{total} records have new match keys")


def _tell(session: Session, revision: dict[str, str], current: bool) -> None:
    rows = [{"distribution": name, "revision": each} for name, each in revision.items()]
    end = "up to date" if current else "not up to date: run `crm db upgrade`"
    session.emit({"revision": revision, "up_to_date": current}, lambda: f"{tables.table(rows)}\n{end}" if rows else end)
