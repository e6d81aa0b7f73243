"""`crm opportunity`: moving opportunities through their pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from crmcore.cli import output, tables
from crmcore.cli.groups import Group
from crmcore.cli.naming import found_id, id_argument, source_option
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.cli.writing import stored
from crmcore.domain.reading import read_date
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.stage_change import StageChange, time_in_stage

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

version_option = click.option(
    "--version", type=click.IntRange(1), metavar="N", help="Only if the record is still at this version."
)
day_option = click.option("--on", metavar="DATE", help="The day on which it was closed; default today.")


@click.group("opportunity", cls=Group)
def opportunity() -> None:
    """Move opportunities through their pipeline, win and lose them."""


@opportunity.command("move", cls=Command)
@id_argument
@click.argument("stage", metavar="STAGE")
@click.option("--reason", metavar="R", help="Why.")
@version_option
@source_option
@pass_session
def move(session: Session, id: str, stage: str, reason: str | None, version: int | None, source: str | None) -> None:
    """Move an opportunity to a stage.

    STAGE is the key or label of one of its pipeline. It may go forwards, back, or skip stages; a closing stage wins or
    loses it, and from there it is opened again.
    """
    _step(session, id, source, lambda work, it: work.opportunities.move(it, stage, reason=reason, version=version))


@opportunity.command("win", cls=Command)
@id_argument
@click.option("--reason", metavar="R", help="Why it was won.")
@day_option
@version_option
@source_option
@pass_session
def win(session: Session, id: str, reason: str | None, on: str | None, version: int | None, source: str | None) -> None:
    """Close an opportunity as won.

    One that was lost is opened again first, by moving it to an open stage.
    """
    day = None if on is None else read_date(on)
    _step(session, id, source, lambda work, it: work.opportunities.win(it, reason=reason, on=day, version=version))


@opportunity.command("lose", cls=Command)
@id_argument
@click.option("--reason", metavar="R", required=True, help="Why it was lost.")
@day_option
@version_option
@source_option
@pass_session
def lose(session: Session, id: str, reason: str, on: str | None, version: int | None, source: str | None) -> None:
    """Close an opportunity as lost, with the reason.

    One that was won is opened again first, by moving it to an open stage.
    """
    day = None if on is None else read_date(on)
    _step(session, id, source, lambda work, it: work.opportunities.lose(it, reason, on=day, version=version))


@opportunity.command("stages", cls=Command)
@id_argument
@source_option
@pass_session
def stages(session: Session, id: str, source: str | None) -> None:
    """List the stage history of an opportunity.

    Oldest first, and then the days that it spent in each stage.
    """
    with session.work() as work:
        document = stage_history(work, found_id(work, work.catalogue.of(Opportunity), id, source))
    session.emit(document, lambda: stage_history_text(document))


def stage_history(work: UnitOfWork, id: UUID) -> dict[str, Any]:
    """The stage history of an opportunity, and the days that it spent in each stage."""
    changes = work.opportunities.stages(id)
    face = Face(work, work.catalogue.of(StageChange))
    spent = time_in_stage(changes, work.now())
    days = {stage: round(time.total_seconds() / 86_400, 4) for stage, time in spent.items()}
    return {"items": [face.flat(each) for each in changes], "days": days}


def stage_history_text(document: dict[str, Any]) -> str:
    """The history for people, and under it the days in each stage."""
    columns = ("at", "by", "from_stage", "to_stage", "amount", "expected_close", "reason")
    spent = ", ".join(f"{stage} {days:.1f}" for stage, days in document["days"].items())
    shown = tables.table(document["items"], columns, output.terminal_width())
    return f"{shown}\n\ndays in each stage: {spent}" if spent else shown


def _step(session: Session, id: str, source: str | None, step: Callable[[UnitOfWork, UUID], Opportunity]) -> None:
    with session.work() as work:
        type = work.catalogue.of(Opportunity)
        found = found_id(work, type, id, source)
        step(work, found)
        document: dict[str, Any] = stored(work, type, found)
        if not session.json:
            [document] = Face(work, type).label([document])
    session.emit(document, lambda: tables.sheet(document, output.terminal_width()))
    session.pump()
