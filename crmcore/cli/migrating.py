"""`crm plugins migrate`: the next revision of a plugin's tables, for its author."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session

if TYPE_CHECKING:
    from crmcore.adapters.sql.migrating.authoring import Draft


@click.command("migrate", cls=Command)
@click.argument("name", metavar="NAME")
@click.option("-m", "--message", metavar="TEXT", required=True, help="What changes, in a few words.")
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where revisions are; default: the package that the manifest names.",
)
@click.option("--data", is_flag=True, help="Also if no table changes: for a step of yours with the rows.")
@pass_session
def migrate(session: Session, name: str, message: str, folder: Path | None, data: bool) -> None:
    """Write the next revision of a plugin's tables, for its author.

    What the plugin declares is compared with the snapshot beside its last revision; no database is asked. What cannot
    be known from that, such as a field that was renamed, is asked in the file, which has to be answered there.
    """
    from crmcore.adapters.sql.migrating.authoring import draft_revision

    draft = draft_revision(name, message, folder, data=data)
    told = {
        "name": name,
        "revision": draft.revision,
        "file": str(draft.file),
        "snapshot": str(draft.snapshot),
        "operations": draft.operations,
        "undecided": list(draft.undecided),
    }
    session.emit(told, lambda: _text(draft))


def _text(draft: Draft) -> str:
    plural = "" if draft.operations == 1 else "s"
    lines = [f"revision {draft.revision}: {draft.operations} operation{plural} in {draft.file}"]
    if draft.undecided:
        lines += ["to be decided there before it runs:", *(f"- {question}" for question in draft.undecided)]
    return "\n".join(lines)
