"""`crm plugins new`: the beginning of a plugin, for its author."""

from __future__ import annotations

from pathlib import Path

import click

from crmcore.cli.options import Command
from crmcore.cli.scaffold.writing import new_plugin
from crmcore.cli.session import Session, pass_session


@click.command("new", cls=Command)
@click.argument("name", metavar="NAME")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder into which to write crmcore-NAME; default: this one.",
)
@pass_session
def new(session: Session, name: str, folder: Path) -> None:
    """Write a new plugin that passes its own tests: a facet, a record type with a workflow, a guard, a reaction, a job,
    the first revision of its tables, tests, and CI.
    """
    target, files = new_plugin(name, folder)
    told = {"name": name, "dir": str(target), "files": files}
    session.emit(told, lambda: f"{target}: {len(files)} files\n" + "\n".join(files))
