"""What one currency was worth in another, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from crmcore.domain import field
from crmcore.domain.money import no_currency
from crmcore.domain.record import Record, record


def sound_rate(rate: ExchangeRate) -> Mapping[str, str]:
    """Two currencies, and a rate above zero."""
    problems = {}
    if rate.from_currency == rate.to_currency:
        problems["to_currency"] = f"{rate.to_currency} has no rate to itself"
    if rate.rate <= 0:
        problems["rate"] = f"{rate.rate} is no rate: give a number above zero"
    return problems


@record(
    "exchange_rate",
    label={"en": "Exchange rate", "fa": "نرخ ارز", "ar": "سعر الصرف"},
    title=("from_currency", "to_currency", "day"),
    unique=(("from_currency", "to_currency", "day"),),
    validators=(sound_rate,),
    since="0.2",
)
class ExchangeRate(Record):
    """From `day` on one unit of `from_currency` was worth `rate` of `to_currency`, until a later day states another."""

    from_currency: str = field.text(length=3, fold=False, validators=(no_currency,))
    to_currency: str = field.text(length=3, fold=False, validators=(no_currency,))
    day: dt.date = field.date()
    rate: Decimal = field.decimal(scale=10)
