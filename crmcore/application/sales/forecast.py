"""The forecast: what open opportunities will bring, by the period in which they are expected to close.

Source: domain reference value.md 12. The method `weighted` takes the probabilities of the stages (or those stated for
single opportunities), `historical` the share of past opportunities that entered the same stage and were won.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import attrs

from crmcore.application.sales.past_rates import past_rates
from crmcore.application.sales.pipeline_report import likelihood
from crmcore.application.sales.standing import standing
from crmcore.application.sales.valuation import Tally, Valuation, valuation
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.money import Money

By: TypeAlias = Literal["month", "quarter"]
Method: TypeAlias = Literal["weighted", "historical"]
PERIODS: Final[Mapping[str, Callable[[dt.date], str]]] = {
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day:%Y}-Q{(day.month + 2) // 3}",
}
METHODS: Final = ("weighted", "historical")


@attrs.frozen(kw_only=True)
class PeriodForecast:
    """Open opportunities expected to close in a `period` (2026-11 or 2026-Q4; None: no day is stated).

    `amount` is what they would bring in all, `expected` times their probabilities, both in the forecast's currency;
    None where a rate of exchange is missing. `amounts` and `expected_amounts` are the same by currency. `unknown`
    counts those for whose stage no past opportunity tells a probability; they count as 0 in `expected`.
    """

    period: str | None
    count: int
    amount: Money | None
    expected: Money | None
    amounts: tuple[Money, ...]
    expected_amounts: tuple[Money, ...]
    unknown: int


@attrs.frozen(kw_only=True)
class Forecast:
    """Periods in order, the one without a day last. Sums are in `currency`, at the rates of the day `on`."""

    periods: tuple[PeriodForecast, ...]
    method: str
    currency: str
    on: dt.date
    missing_rates: tuple[str, ...]


@attrs.define
class _Heap:
    tally: Tally = attrs.field(factory=Tally)
    unknown: int = 0


def forecast(
    unit: Session,
    by: By = "month",
    method: Method = "weighted",
    as_of: dt.datetime | None = None,
    pipeline: str | None = None,
    count_skipped: bool = True,
) -> Forecast:
    """The forecast as it is now, or as it was at a past time: that one never changes, whatever happens later.

    `count_skipped`: whether for `historical` an opportunity that skipped a stage counts as having entered it. Raises
    `InvalidSetting` for an unknown period or method, and as `standing`.
    """
    if by not in PERIODS or method not in METHODS:
        raise InvalidSetting(f"a forecast is by month or quarter, weighted or historical, not {by!r}, {method!r}")
    asked = standing(unit, pipeline, None, as_of)
    rates = past_rates(asked, count_skipped) if method == "historical" else None
    heaps: dict[str | None, _Heap] = {}
    for row in asked.groups(("pipeline", "stage", "probability", "expected_close.month"), "open"):
        id, stage, stated, day, count, amounts = row
        heap = heaps.setdefault(None if day is None else PERIODS[by](day), _Heap())
        known = likelihood(asked.pipelines, id, stage, "open", stated) if rates is None else rates.get((id, stage))
        heap.unknown += count if known is None else 0
        heap.tally.add(count, amounts, known or 0)
    on = (as_of or unit.now()).astimezone(unit.kernel.zone).date()
    worth = valuation(unit, {code for heap in heaps.values() for code in heap.tally.currencies}, on)
    order = sorted(heaps, key=lambda period: (period is None, period or ""))
    return Forecast(
        periods=tuple(_period(worth, period, heaps[period]) for period in order),
        method=method,
        currency=worth.currency,
        on=on,
        missing_rates=worth.missing,
    )


def _period(worth: Valuation, period: str | None, heap: _Heap) -> PeriodForecast:
    amounts, expected = heap.tally.amounts, heap.tally.weighted
    return PeriodForecast(
        period=period,
        count=heap.tally.count,
        amount=worth.told(amounts),
        expected=worth.told(expected),
        amounts=amounts,
        expected_amounts=expected,
        unknown=heap.unknown,
    )
