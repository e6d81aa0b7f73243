"""Example opportunities for `crm demo`, with a past of some months.

They are put on customers of the music shop, in an order of days that ends today, by a clock that is set back.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final
from uuid import UUID

from crmcore.cli.demo.deals import EXAMPLES, RATE, Example, Step
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.domain.sales.opportunity import Opportunity, Party

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork
    from crmcore.crm import Crm

SOURCE: Final = "example"
ACTOR: Final = "system:demo"
MORNING: Final = dt.time(9, 30, tzinfo=dt.UTC)


class SetClock:
    """A clock that shows what it was set to."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def now(self) -> dt.datetime:
        """The moment that is shown."""
        return self.at


def tell(crm: Crm, clock: SetClock, today: dt.date) -> int:
    """Let the examples happen, day by day, in a Crm that has this clock; how many opportunities there are."""
    made: dict[str, UUID] = {}
    for ago in sorted({RATE[0], *(e.opened for e in EXAMPLES), *(s.ago for e in EXAMPLES for s in e.steps)})[::-1]:
        clock.at = dt.datetime.combine(today - dt.timedelta(days=ago), MORNING)
        with crm.work(actor=ACTOR) as work:
            _day(work, ago, today, made)
    return len(made)


def _day(work: UnitOfWork, ago: int, today: dt.date, made: dict[str, UUID]) -> None:
    if ago == RATE[0]:
        _, source, target, rate = RATE
        day = today - dt.timedelta(days=ago)
        work[ExchangeRate].add(ExchangeRate(source, target, day, rate, source=SOURCE, external_id="rate"))
    for number, each in enumerate(EXAMPLES, 1):
        if each.opened == ago:
            made[each.name] = _open(work, each, str(number), today).id
        for step in each.steps:
            if step.ago == ago:
                _take(work, made[each.name], step)


def _open(work: UnitOfWork, example: Example, number: str, today: dt.date) -> Opportunity:
    customer = work.customers.find(external_id=example.customer, source="chinook")
    party = () if example.competitor is None else (Party("competitor", example.competitor),)
    new = Opportunity(
        example.name,
        customer=None if customer is None else customer.id,
        owner=None if customer is None else customer.owner,
        amount=example.amount,
        opened_on=today - dt.timedelta(days=example.opened),
        expected_close=today + dt.timedelta(days=example.closes),
        lead_source="example",
        parties=party,
        source=SOURCE,
        external_id=number,
    )
    return work.opportunities.add(new)


def _take(work: UnitOfWork, id: UUID, step: Step) -> None:
    if step.stage == "won":
        work.opportunities.win(id, reason=step.reason)
    elif step.stage == "lost":
        work.opportunities.lose(id, step.reason)
    elif step.stage is not None:
        work.opportunities.move(id, step.stage, reason=step.reason)
    else:
        work.opportunities.change(id, amount=step.amount)
