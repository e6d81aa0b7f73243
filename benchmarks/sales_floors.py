"""Pipeline and forecast as somebody would write them by hand: SQL that adds up, and a few lines that put it together.

Each gives the figures that crmcore gives, so that both can be compared. Amounts are exact; converted ones are rounded
to cents.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any, Final

import attrs

from benchmarks.drivers import Raw, Row, Rows
from benchmarks.opportunities import PAST

Sums = dict[str, Fraction]
Figures = tuple[Any, ...]

LIKELY: Final = "CASE o.status WHEN 'open' THEN coalesce(o.probability, s.probability) ELSE s.probability END"
JOIN: Final = "JOIN crm_pipeline_stage s ON s.owner = o.pipeline AND s.stage = o.{stage}"
MONTHS: Final = {
    "sqlite": "substr({}, 1, 7)",
    "postgresql": "to_char({}, 'YYYY-MM')",
    "mariadb": "date_format({}, '%%Y-%%m')",
}
MOMENTS: Final = {"sqlite": "%Y-%m-%d %H:%M:%S.%f+00:00", "mariadb": "%Y-%m-%d %H:%M:%S.%f"}
NEWEST: Final = (
    "(SELECT * FROM (SELECT c.*, row_number() OVER (PARTITION BY opportunity ORDER BY {at} DESC, id DESC) AS place "
    "FROM crm_stage_change c WHERE {at} <= {mark}) n WHERE place = 1)"
)


@attrs.frozen
class Floor:
    """The statements for one database."""

    storage: str
    raw: Raw

    def pipeline(self) -> Figures:
        """Count, amounts by currency and weighted amount of each stage; mean and median days of won and of lost."""
        return self._pipeline("crm_opportunity", "stage", ())

    def past_pipeline(self) -> Figures:
        """The same as it was at a past moment, from the stage history."""
        quote = self.raw.quote
        rows = NEWEST.format(at=f"{quote}at{quote}", mark=self.raw.mark)
        style = MOMENTS.get(self.storage)
        return self._pipeline(rows, "to_stage", (PAST.strftime(style) if style else PAST,))

    def _pipeline(self, table: str, stage: str, values: Row) -> Figures:
        found = self.raw.fetch(
            f"SELECT s.owner, s.stage, o.amount_currency, count(*), sum(o.amount), sum(o.amount * {LIKELY}) "
            f"FROM {table} o {JOIN.format(stage=stage)} GROUP BY s.owner, s.stage, o.amount_currency",
            values,
        )
        days = self.raw.fetch(
            f"SELECT status, cycle_days, count(*) FROM {table} o WHERE cycle_days IS NOT NULL "
            "GROUP BY status, cycle_days",
            values,
        )
        (mean, middle), (lost, _) = (_cycle(days, status) for status in ("won", "lost"))
        return self._by(1, found), (mean, middle, lost)

    def forecast(self) -> Figures:
        """Count, amounts by currency and weighted amount of each month in which open ones are expected to close."""
        month = MONTHS[self.storage].format("o.expected_close")
        found = self.raw.fetch(
            f"SELECT {month}, o.amount_currency, count(*), sum(o.amount), sum(o.amount * {LIKELY}) "
            f"FROM crm_opportunity o {JOIN.format(stage='stage')} WHERE o.status = 'open' "
            f"GROUP BY {month}, o.amount_currency"
        )
        return (self._by(0, found),)

    def historical(self) -> Figures:
        """The same with the share of past opportunities that entered the stage and were won."""
        shares = self._shares()
        month = MONTHS[self.storage].format("o.expected_close")
        found = self.raw.fetch(
            f"SELECT {month}, o.stage, o.amount_currency, count(*), sum(o.amount) FROM crm_opportunity o "
            f"WHERE o.status = 'open' GROUP BY {month}, o.stage, o.amount_currency"
        )
        one = 10**4 if self.storage == "sqlite" else 1
        return (self._by(0, [(m, c, n, sum, Fraction(sum) * shares[s] * one) for m, s, c, n, sum in found]),)

    def _shares(self) -> dict[str, Fraction]:
        stages = self.raw.fetch("SELECT stage FROM crm_pipeline_stage WHERE kind = 'open' ORDER BY position DESC")
        reached = (
            "SELECT status, reached, count(*) FROM crm_opportunity WHERE status <> 'open' GROUP BY status, reached"
        )
        closed = self.raw.fetch(reached)
        won = entered = sum(count for status, _, count in closed if status == "won")
        shares = {}
        for (stage,) in stages:
            entered += sum(count for status, last, count in closed if (status, last) == ("lost", stage))
            shares[stage] = Fraction(won, entered) if entered else Fraction()
        return shares

    def _by(self, place: int, rows: Rows) -> dict[str, Figures]:
        """Rows of (..., currency, count, amount, weighted) by the text at `place`."""
        rates, unit = self._rates(), Fraction(1, 10**4 if self.storage == "sqlite" else 1)
        counts: dict[str, int] = {}
        amounts: dict[str, Sums] = {}
        weighted: dict[str, Sums] = {}
        for row in rows:
            key, currency, count, amount, times = row[place], *row[-4:]
            counts[key] = counts.get(key, 0) + count
            amounts.setdefault(key, {})
            weighted.setdefault(key, {})
            if currency is None:
                continue
            for sums, value in ((amounts, Fraction(amount) * unit), (weighted, Fraction(times) * unit * unit)):
                of_key = sums[key]
                of_key[currency] = of_key.get(currency, Fraction()) + value
        return {key: (counts[key], amounts[key], _converted(weighted[key], rates)) for key in counts}

    def _rates(self) -> dict[str, Fraction]:
        found = self.raw.fetch("SELECT from_currency, rate FROM crm_exchange_rate WHERE to_currency = 'EUR'")
        unit = Fraction(1, 10**10 if self.storage == "sqlite" else 1)
        return {"EUR": Fraction(1), **{currency: Fraction(rate) * unit for currency, rate in found}}


def _converted(sums: Sums, rates: dict[str, Fraction]) -> Decimal:
    """In euros: each currency is rounded to four decimals, and to cents where it is converted."""
    total = Decimal()
    for currency, amount in sums.items():
        own = round(amount, 4)
        total += _decimal(own if currency == "EUR" else round(own * rates[currency], 2))
    return total


def _decimal(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / amount.denominator


def _cycle(rows: Iterable[Row], status: str) -> tuple[Decimal, Decimal]:
    """Mean and median, to four decimals."""
    days = [each for held, number, count in rows if held == status for each in [number] * count]
    return _decimal(round(Fraction(sum(days), len(days)), 4)), Decimal(median(days))
