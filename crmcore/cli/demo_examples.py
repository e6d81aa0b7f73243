"""Example opportunities for `crm demo`: nobody ever offered any of this to anybody.

They are put on customers of the music shop, in an order of days that ends today, by a clock that is set back.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

import attrs

from crmcore.domain.money import Money
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.domain.sales.opportunity import Opportunity, Party

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork
    from crmcore.crm import Crm

SOURCE: Final = "example"
ACTOR: Final = "system:demo"
MORNING: Final = dt.time(9, 30, tzinfo=dt.UTC)
RATE: Final = (120, "EUR", "USD", Decimal("1.10"))
"""So many days ago a euro was worth so many dollars; an example, too."""


@attrs.frozen
class Step:
    """So many days ago it was moved to a stage, or its amount became another."""

    ago: int
    stage: str | None = None
    reason: str | None = None
    amount: Money | None = None


@attrs.frozen
class Example:
    """An opportunity of a customer (by number), opened so many days ago, expected to close in so many days (below 0:
    that long ago)."""

    name: str
    customer: str
    amount: Money
    opened: int
    closes: int
    steps: tuple[Step, ...] = ()
    competitor: str | None = None


def _usd(amount: int) -> Money:
    return Money(amount, "USD")


def _eur(amount: int) -> Money:
    return Money(amount, "EUR")


EXAMPLES: Final = (
    Example(
        "Music for 12 hotel lobbies", "6", _usd(14_400), 95, -45,
        (Step(80, "qualified"), Step(66, "proposal"), Step(52, "negotiation"), Step(41, "won", "fastest offer")),
    ),
    Example(
        "Fitness studios, one year", "9", _eur(3_600), 90, -40,
        (Step(75, "qualified"), Step(60, "proposal"), Step(47, "lost", "price")), "a free streaming service",
    ),
    Example(
        "Café playlists, three shops", "2", _eur(2_700), 88, -30,
        (Step(74, "qualified"), Step(58, "proposal"), Step(33, "won", "knew us as a private buyer")),
    ),
    Example(
        "Opening night of a film festival", "3", _usd(6_000), 70, -20,
        (Step(61, "qualified"), Step(30, "lost", "the festival was called off")),
    ),
    Example(
        "Waiting rooms of four clinics", "7", _eur(5_200), 64, 30,
        (
            Step(50, "qualified"), Step(36, "proposal"), Step(24, "negotiation"),
            Step(12, "proposal", "a new buyer asks for a new offer"),
        ),
        "a radio station",
    ),
    Example(
        "500 gifts for guests of a carnival", "10", _usd(7_500), 58, 12,
        (Step(45, "qualified"), Step(28, "proposal"), Step(9, "negotiation")),
    ),
    Example(
        "Airport lounge", "12", _usd(18_000), 56, 48,
        (Step(40, "qualified"), Step(15, "proposal"), Step(8, amount=_usd(22_000))), "a provider of background music",
    ),
    Example(
        "Wine bar, live recordings", "40", _eur(4_300), 49, 7,
        (Step(38, "qualified"), Step(22, "proposal"), Step(6, "negotiation")),
    ),
    Example("Jingles for a radio hour", "5", _usd(1_900), 48, -18, (Step(31, "qualified"), Step(18, "won", "price"))),
    Example("Audio guide of a museum", "8", _eur(9_800), 37, 75, (Step(20, "qualified"),)),
    Example("Dance school, two years", "57", _usd(3_100), 26, 40, (Step(11, "qualified"),)),
    Example("Evenings in a bookshop", "23", _usd(1_200), 21, 60),
    Example("Ferry line, six ships", "4", _usd(30_000), 10, 110),
    Example("Ice rink", "14", _usd(2_400), 4, 25),
)  # fmt: skip


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
