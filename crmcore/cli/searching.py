"""`crm search`."""

from __future__ import annotations

import click

from crmcore.application import searching
from crmcore.cli import output, tables
from crmcore.cli.listing import limit_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session


@click.command("search", cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("text", nargs=-1, required=True)
@limit_option
@pass_session
def search(session: Session, text: tuple[str, ...], limit: int) -> None:
    """Find records by name, e-mail, phone or code.

    What is found is TEXT, or begins with it. Accents, the ways of writing Arabic and Persian letters, and the form of a
    phone number do not count. Nothing in TEXT has a meaning of its own.
    """
    with session.work() as work:
        hits = searching.search(work, " ".join(text), limit)
    items = [
        {"type": each.type.name, "id": str(each.id), "label": each.label, "score": each.score, "why": each.why}
        for each in hits
    ]
    session.emit({"items": items}, lambda: tables.table(items, most=output.terminal_width()))
    if not session.json:
        session.note(f"{len(items)} found")
