"""`crm pipeline` and `crm forecast`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import attrs
import click

from crmcore.application.sales.forecast import METHODS, PERIODS, By, Forecast, Method, PeriodForecast, forecast
from crmcore.application.sales.pipeline_report import PipelineReport, StageFigures, pipeline_report
from crmcore.application.sales.track_record import MOST, track_record
from crmcore.cli import charts, output, tables
from crmcore.cli.listing import where_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.money import Money
from crmcore.domain.reading import read_datetime

SHOWN: Final = ("pipeline", "label", "kind", "count", "amount", "weighted")
Document = dict[str, Any]
as_of_option = click.option("--as-of", metavar="TIME", help="As it stood at that time (a day: at its first moment).")
pipeline_option = click.option("--pipeline", metavar="NAME", help="Of this pipeline only.")


@click.command("pipeline", cls=Command)
@pipeline_option
@where_option
@as_of_option
@pass_session
def show_pipeline(session: Session, pipeline: str | None, where: str | None, as_of: str | None) -> None:
    """Show what stands in each stage of a pipeline, and how often and how fast opportunities are won.

    Amounts are in the base currency, by the exchange rates of the day.
    """
    with session.work() as work:
        at = None if as_of is None else read_datetime(as_of, work.kernel.zone)
        report = pipeline_report(work, pipeline, where, at)
    session.emit(pipeline_document(report), lambda: pipeline_text(report))


@click.command("forecast", cls=Command)
@click.option("--by", type=click.Choice(list(PERIODS)), default="month", show_default=True, help="The periods.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="weighted",
    show_default=True,
    help="By the probabilities of stages, or by what became of past opportunities.",
)
@as_of_option
@pipeline_option
@click.option(
    "--accuracy",
    type=click.IntRange(1, MOST),
    metavar="N",
    help="Compare the forecasts of the last N complete periods with what was won in them.",
)
@pass_session
def show_forecast(
    session: Session, by: By, method: Method, as_of: str | None, pipeline: str | None, accuracy: int | None
) -> None:
    """Show what open opportunities are expected to bring, by the period in which they are expected to close.

    A forecast as of a past time is made of what stood then; nothing that happens later changes it.
    """
    if accuracy is not None:
        return _show_accuracy(session, accuracy, by, method, pipeline)
    with session.work() as work:
        at = None if as_of is None else read_datetime(as_of, work.kernel.zone)
        made = forecast(work, by, method, at, pipeline)
    session.emit(forecast_document(made), lambda: forecast_text(made))


def _show_accuracy(session: Session, count: int, by: By, method: Method, pipeline: str | None) -> None:
    with session.work() as work:
        found = track_record(work, count, by, method, pipeline)
    rows = [{name: _plain(value) for name, value in attrs.asdict(p, recurse=False).items()} for p in found.periods]
    errors = {name: _plain(getattr(found, name)) for name in ("wape", "bias", "mape")}
    session.emit({"periods": rows, **errors}, lambda: f"{tables.table(rows)}\n\n{tables.sheet(errors)}".rstrip())


def pipeline_document(report: PipelineReport) -> Document:
    """The report as JSON can hold it."""
    plain = {name: _plain(value) for name, value in attrs.asdict(report, recurse=False).items() if name != "stages"}
    return {"stages": [_stage(each) for each in report.stages], **plain}


def forecast_document(made: Forecast) -> Document:
    """The forecast as JSON can hold it."""
    plain = {name: _plain(value) for name, value in attrs.asdict(made, recurse=False).items() if name != "periods"}
    return {"periods": [_period(each) for each in made.periods], **plain}


def _stage(figures: StageFigures) -> Document:
    return {name: _plain(value) for name, value in attrs.asdict(figures, recurse=False).items()}


def _period(figures: PeriodForecast) -> Document:
    return {name: _plain(value) for name, value in attrs.asdict(figures, recurse=False).items()}


def _plain(value: Any) -> Any:
    match value:
        case Money():
            return value.plain()
        case Decimal():
            return float(value)
        case tuple():
            return [_plain(each) for each in value]
        case None | bool() | int() | str():
            return value
    return value.isoformat()


def pipeline_text(report: PipelineReport) -> str:
    """The report for people, with a bar for each stage."""
    if not report.stages:
        return "There is no pipeline yet: the first opportunity makes one, or an import with --create-pipeline."
    several = len({each.pipeline for each in report.stages}) > 1
    columns = [name for name in SHOWN if several or name != "pipeline"]
    rows = [_stage(each) for each in report.stages]
    names = (
        "win_rate",
        "win_rate_amount",
        "win_rate_created",
        "cycle_days",
        "cycle_days_median",
        "lost_cycle_days",
        "lost_cycle_days_median",
    )
    figures = {name: _plain(getattr(report, name)) for name in names}
    figures["velocity"] = None if report.velocity is None else f"{report.velocity} a day"
    counts = {f"{each.pipeline}: {each.label}" if several else each.label: each.count for each in report.stages}
    drawn = charts.bars({name: Decimal(count) for name, count in counts.items()})
    shown = (tables.table(rows, columns), drawn, tables.sheet(figures), _missing(report.missing_rates))
    return "\n\n".join(text for text in shown if text)


def _missing(currencies: tuple[str, ...]) -> str:
    if not currencies:
        return ""
    example = f"crm add exchange_rate from_currency={currencies[0]} to_currency=... day=... rate=..."
    return f"Sums are left out for want of an exchange rate for {', '.join(currencies)}: {example}"


def forecast_text(made: Forecast) -> str:
    """The forecast for people, with a bar for each period."""
    if not made.periods:
        return "No opportunity is open."
    most = output.terminal_width()
    rows = [{**_period(each), "period": each.period or "no day"} for each in made.periods]
    columns = ["period", "count", "amount", "expected", *(["unknown"] if any(e.unknown for e in made.periods) else [])]
    known = {each.period or "no day": each.expected.amount for each in made.periods if each.expected is not None}
    shown = (tables.table(rows, columns, most), charts.bars(known, made.currency), _missing(made.missing_rates))
    return "\n\n".join(text for text in shown if text)
