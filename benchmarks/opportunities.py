"""Made-up opportunities of four open stages, in three currencies with a rate to the base currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final

from benchmarks.data import SEED, SOURCE
from crmcore.crm import Crm
from crmcore.domain.money import Money
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.domain.sales.opportunity import Opportunity

STAGES: Final = ("prospecting", "qualified", "proposal", "negotiation")
"""The open stages of the pipeline that a CRM without any gets."""
RATES: Final = {"USD": Decimal("0.9"), "AED": Decimal("0.245")}
CURRENCIES: Final = ("EUR", "EUR", "EUR", *RATES)
FIRST: Final = dt.date(2024, 1, 1)
CLOSING: Final = dt.date(2026, 1, 1)
LONG: Final = 2 * 365
"""Over how many days openings are spread, and over as many from `CLOSING` on the expected closings."""
PAST: Final = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
"""A moment at which many were open that are closed now."""


def opportunities(count: int, seed: int = SEED) -> Iterator[Opportunity]:
    """Of ten six are open, two won, two lost. Every twentieth open one states a probability of its own."""
    draw = Random(seed)
    for number in range(count):
        status = ("open", "open", "open", "won", "lost")[number % 5]
        opened = FIRST + dt.timedelta(days=draw.randrange(LONG))
        yield Opportunity(
            f"Offer {number}",
            status=status,
            stage=draw.choice(STAGES) if status == "open" else None,
            amount=Money(Decimal(draw.randrange(50_000, 10_000_000)) / 100, draw.choice(CURRENCIES)),
            probability=Decimal("0.6") if number % 20 == 0 else None,
            opened_on=opened,
            expected_close=CLOSING + dt.timedelta(days=draw.randrange(LONG)),
            closed_on=None if status == "open" else opened + dt.timedelta(days=draw.randrange(5, 180)),
            source=SOURCE,
            external_id=f"D{number:08}",
        )


def add_opportunities(crm: Crm, count: int, actor: str) -> None:
    """The rates and all opportunities, in one unit of work."""
    with crm.work(actor=actor) as work:
        for currency, rate in RATES.items():
            work[ExchangeRate].add(ExchangeRate(currency, "EUR", FIRST, rate))
        work.opportunities.add_many(opportunities(count))
