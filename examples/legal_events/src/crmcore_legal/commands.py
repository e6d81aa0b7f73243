"""Commands of the firm: `crm legal agenda`."""

from __future__ import annotations

import click

from crmcore.domain.predicate import equals
from crmcore.plugins.console import Console
from crmcore_legal.hearing import Hearing
from crmcore_legal.matter import Matter


@click.command("agenda")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="At most so many.")
@click.pass_obj
def agenda(console: Console, limit: int) -> None:
    """List the court dates that are to come, the next one first."""
    with console.look() as work:
        dates = work[Hearing].query(equals("status", "scheduled"), sort="at", limit=limit).items
        numbers = {each.matter: work[Matter].get(each.matter).number for each in dates}
    items = [{"at": each.at.isoformat(), "matter": numbers[each.matter], "place": each.place} for each in dates]
    console.emit({"items": items}, lambda: console.table(items) or "no court date is to come")
