"""`crm plugins enable | disable | retire | purge`: only what is enabled is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from crmcore.application.lifecycle import Switched
from crmcore.cli import output
from crmcore.cli.options import Command
from crmcore.cli.session import Session, importing, pass_session
from crmcore.domain.errors import InvalidSetting

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("enable", cls=Command)
@click.argument("name", metavar="NAME")
@click.option("--archive", metavar="DIR", type=FOLDER, help="Where rows go whose owners were removed meanwhile.")
@pass_session
def enable(session: Session, name: str, archive: Path | None) -> None:
    """Make an installed plugin active in the database; rows that it has from before are there again.

    What it may write beside its own records and fields is shown, and recorded with who enabled it.
    """
    if session.is_new():
        session.open()  # a file of SQLite is made ready without being asked, here as anywhere
    plugins, actor = session.administration.plugins, session.settings.actor
    with importing():
        for capability in plugins.capabilities(name):
            session.note(f"{name} may from now on: {capability}")
        done = plugins.enable(name, actor=actor, archive=archive, progress=session.note)
    session.enroll()
    _answer(session, done)


@click.command("disable", cls=Command)
@click.argument("name", metavar="NAME")
@click.option(
    "--move-to",
    metavar="STATE",
    multiple=True,
    help="Where records go that stand in states which it contributed; once for each workflow.",
)
@pass_session
def disable(session: Session, name: str, move_to: tuple[str, ...]) -> None:
    """Switch a plugin off; what it keeps stays, is still shown and exported, and goes with the records it is about.

    Works without importing it, so also for one that is broken or no longer installed.
    """
    _answer(session, session.administration.plugins.disable(name, actor=session.settings.actor, move_to=move_to))


@click.command("retire", cls=Command)
@click.argument("name", metavar="NAME")
@pass_session
def retire(session: Session, name: str) -> None:
    """Put the tables of a disabled plugin aside: they are kept, but nobody sees them until it is enabled again."""
    _answer(session, session.administration.plugins.retire(name, actor=session.settings.actor))


@click.command("purge", cls=Command)
@click.argument("name", metavar="NAME")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--archive", metavar="DIR", type=FOLDER, default=".", help="Where its rows are written; default: here.")
@pass_session
def purge(session: Session, name: str, yes: bool, archive: Path) -> None:
    """Archive what a retired plugin keeps, then drop it for good. The history of its records stays."""
    session.administration.plugins.check_purge(name)  # nobody says yes to what is then refused
    question = f"All tables of {name} will be dropped, once their rows are archived in {archive.absolute()}."
    if not yes and not (output.is_terminal(sys.stdin) and click.confirm(f"{question} Go on?", err=True)):
        raise InvalidSetting(f"{question} Nothing was done: repeat this with --yes", plugin=name)
    _answer(session, session.administration.plugins.purge(name, actor=session.settings.actor, archive=archive))


def _answer(session: Session, done: Switched) -> None:
    document = {
        "name": done.name,
        "state": done.state,
        "capabilities": list(done.capabilities),
        "moved": done.moved,
        "archive": None if done.archive is None else str(done.archive),
        "rows": dict(done.rows),
    }
    session.emit(document, lambda: _text(done))


def _text(done: Switched) -> str:
    lines = [f"{done.name} is {done.state}"]
    if done.moved:
        lines.append(f"{done.moved} records were moved")
    if done.archive is not None:
        lines.append(f"{sum(done.rows.values())} rows of {len(done.rows)} tables are archived in {done.archive}")
    return "\n".join(lines)
