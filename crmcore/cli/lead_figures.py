"""The figures of `crm lead`: scores, BANT, predictions, the funnel, and who fell silent."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import attrs
import click

from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, id_argument, source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.leads.score_rule import Scored
from crmcore.domain.reading import read_datetime, read_integer
from crmcore.domain.sales.opportunity import Opportunity

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

Document = dict[str, Any]
UNKNOWN: Final = "unknown"

customer_argument = click.argument("customer", metavar="CUSTOMER")
business_line_option = click.option(
    "--business-line", metavar="LINE", help="The line of business, where the customer is a lead in several."
)


def customer_id(work: UnitOfWork, text: str, source: str | None = None) -> UUID:
    """The id of the customer that CUSTOMER names."""
    return found_id(work, work.catalogue.record("customer"), text, source)


def points(scored: Scored) -> Document:
    """The two numbers of a score."""
    return {"fit": _plain(scored.fit), "engagement": _plain(scored.engagement)}


def _plain(value: object) -> Any:
    """A figure as a number of JSON, whole where it is whole."""
    if not isinstance(value, Decimal | Fraction):
        return value
    return int(value) if value == int(value) else float(value)


def _answers(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{each!r} is not DIMENSION=0..3", ctx, param)
        found[name.strip()] = None if value.strip() == UNKNOWN else read_integer(value)
    return found


@click.command("score", cls=Command)
@customer_argument
@click.option("--as-of", metavar="TIME", help="By what was known at that time (a day: at its first moment).")
@source_option
@pass_session
def score(session: Session, customer: str, as_of: str | None, source: str | None) -> None:
    """Score a customer, explained line by line.

    By the active score rules, those of fit apart from those of engagement.
    """
    with session.work() as work:
        at = None if as_of is None else read_datetime(as_of, work.kernel.zone)
        scored = work.leads.score(customer_id(work, customer, source), at)
    lines = [{n: _plain(v) for n, v in attrs.asdict(line).items()} for line in scored.lines]
    document = {**points(scored), "lines": lines, "left_out": list(scored.left_out)}
    columns = ("kind", "rule", "points", "age", "counted", "why")
    head = f"fit {scored.fit.normalize():f}, engagement {scored.engagement.normalize():f}"
    session.emit(document, lambda: f"{head}\n\n{tables.table(lines, columns, output.terminal_width())}".rstrip())
    if scored.left_out and not session.json:
        session.note(f"left out, for they are about what you may not see: {', '.join(scored.left_out)}")


@click.command("qualify", cls=Command)
@customer_argument
@click.argument("answers", metavar="[DIMENSION=0..3]...", nargs=-1, callback=_answers)
@click.option("--evidence", metavar="TEXT", help="What the answers rest on.")
@business_line_option
@source_option
@pass_session
def qualify(
    session: Session,
    customer: str,
    answers: dict[str, int | None],
    evidence: str | None,
    business_line: str | None,
    source: str | None,
) -> None:
    """Answer BANT for a lead.

    Budget, authority, need and timeline: each from 0 (not at all) to 3 (fully). "unknown" takes an answer back. The
    result is over all answers, and "incomplete" while some are missing.
    """
    with session.work() as work:
        id = customer_id(work, customer, source)
        found = work.leads.qualify(id, answers, evidence=evidence, business_line=business_line)
    document = {
        "status": found.status,
        "score": None if found.score is None else round(float(found.score), 4),
        "missing": list(found.missing),
        "failings": list(found.failings),
        "lines": list(found.lines),
    }
    session.emit(document, lambda: tables.sheet(document, output.terminal_width()))
    session.pump()


@click.command("predict", cls=Command)
@id_argument
@source_option
@pass_session
def predict(session: Session, id: str, source: str | None) -> None:
    """Predict whether an open opportunity is won.

    From how the closed ones of its pipeline ended. Compared are stage, owner, product, lead source, campaign and
    country; never gender, age or language.
    """
    with session.work() as work:
        found = work.leads.predict(found_id(work, work.catalogue.of(Opportunity), id, source))
    if found is None:
        empty: Document = {"probability": None, "sample": 0, "influences": [], "ignored": []}
        return session.emit(
            empty, lambda: "no prediction: it takes opportunities that were won and ones that were lost"
        )
    rows = [{n: _plain(v) for n, v in attrs.asdict(each).items()} for each in found.influences]
    probability = float(found.percent / 100)
    document = {
        "probability": probability, "sample": found.sample, "influences": rows, "ignored": list(found.ignored)
    }  # fmt: skip
    head = f"{found.percent} %, from {found.sample} closed opportunities"
    whys = [{"field": each.field, "why": each.why} for each in found.influences]
    session.emit(document, lambda: f"{head}\n\n{tables.table(whys, None, output.terminal_width())}")


@click.command("funnel", cls=Command)
@click.option("--since", metavar="TIME", help="Steps from then on.")
@click.option("--until", metavar="TIME", help="Steps up to but not at that time.")
@business_line_option
@pass_session
def funnel(session: Session, since: str | None, until: str | None, business_line: str | None) -> None:
    """Count how far leads come.

    Each stage counts once in each cycle, skipped ones too; a recycled lead begins a new cycle.
    """
    with session.work() as work:
        zone = work.kernel.zone
        start, end = (None if text is None else read_datetime(text, zone) for text in (since, until))
        rows = work.leads.funnel(since=start, until=end, business_line=business_line)
    stages = [{n: _plain(v) for n, v in attrs.asdict(row).items()} for row in rows]
    session.emit({"stages": stages}, lambda: tables.table(stages))


@click.command("dormant", cls=Command)
@click.option("--days", type=click.IntRange(1, 36_500), required=True, metavar="N", help="Silent for so many days.")
@pass_session
def dormant(session: Session, days: int) -> None:
    """Move leads to `dormant` that fell silent.

    These are leads whose customer neither bought nor was in touch for so many days.
    """
    with session.work() as work:
        total = work.leads.mark_dormant(days)
    session.emit({"dormant": total}, lambda: f"{total} leads are dormant now")
    session.pump()


def add_to(group: click.Group) -> None:
    """Mount the commands of this module."""
    for command in (score, qualify, predict, funnel, dormant):
        group.add_command(command)
