"""Plugins that contribute: one that keeps to everything, `rewards`, and makers of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.money import Money
from crmcore.domain.record import Record, record
from crmcore.plugins import (
    Chart,
    Contribution,
    Entry,
    Lookback,
    Measuring,
    Plugin,
    Reporting,
    ReportTable,
    Viewing,
    hookimpl,
)
from crmcore.plugins.specs import Channel, Metric, Report, Template
from tests.plugins.made import made

plugin = Plugin("rewards", description="Points that customers have earned")
POINTS = Metric("points", "points", {"en": "Points"})
REVENUE = Metric("revenue", "money")


@record("earning", subject="customer")
class Earning(Record):
    """Points that a customer earned, which stand on the timeline with what the plugin says of them."""

    customer: UUID = field.reference("customer", index=True)
    at: dt.datetime = field.datetime(index=True)
    points: int = field.integer()


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Earning,)


@hookimpl
def declare_metrics() -> Sequence[Metric]:
    return (POINTS, REVENUE)


@hookimpl
def declare_channels() -> Sequence[Channel]:
    return (Channel("kiosk", {"en": "Kiosk in the shop", "fa": "کیوسک"}),)


@hookimpl
def declare_templates() -> Sequence[Template]:
    return (Template("rewards.earned", "You earned points", "Dear {name}, you have earned {points}."),)


@hookimpl
def declare_reports() -> Sequence[Report]:
    return (Report("rewards.points", f"{__name__}:points_by_customer", ("customer", "points"), {"en": "Points"}),)


def earnings(context: Viewing | Lookback | Measuring) -> list[Earning]:
    """All that a customer earned."""
    return list(context.work[Earning].stream(f'customer = "{context.customer.id}"'))


@hookimpl
def contribute_panel(context: Viewing) -> Mapping[str, Any] | None:
    found = earnings(context)
    return {"earnings": len(found), "last": max(each.at for each in found)} if found else None


@hookimpl
def contribute_timeline(context: Lookback) -> Sequence[Entry]:
    whose = f'customer = "{context.customer.id}"'
    page = context.work[Earning].query(whose, sort="-at", limit=context.limit, after=context.after("-at"))
    return [Entry(e.at, f"earned {e.points} points", "earned", ("rewards.earning", e.id), id=e.id) for e in page.items]


@hookimpl
def contribute_metrics(context: Measuring) -> Sequence[Contribution]:
    return [Contribution("points", each.points, "earned") for each in earnings(context)]


def points_by_customer(context: Reporting) -> ReportTable:
    """The points of each customer, by name."""
    sums: dict[str, int] = {}
    for each in context.work[Earning].stream():
        name = context.work.customers.get(each.customer).name or ""
        sums[name] = sums.get(name, 0) + each.points
    return ReportTable(("customer", "points"), sorted(sums.items()), Chart("customer", "points"))


def giving(name: str, *given: Contribution, metrics: Sequence[Metric] = (), **manifest: Any) -> Any:
    """A plugin that contributes just this to metrics."""
    return made(
        name,
        declares={"metrics": metrics},
        hooks={"contribute_metrics": answering(lambda context: list(given))},
        **manifest,
    )


def answering(answer: Callable[[Any], object]) -> Any:
    """A hook that answers so."""
    return hookimpl(lambda context: answer(context))


def euros(amount: str) -> Money:
    """So many euros."""
    return Money(amount, "EUR")
