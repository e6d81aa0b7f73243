"""How good forecasts were: what each period was expected to bring when it began, beside what was won in it."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from fractions import Fraction
from typing import Final

import attrs

from crmcore.application.sales.forecast import PERIODS, By, Method, PeriodForecast, forecast
from crmcore.application.sales.standing import standing
from crmcore.application.sales.statuses import is_in
from crmcore.application.sales.valuation import by_currency, valuation
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.money import Money
from crmcore.domain.ratio import rounded
from crmcore.domain.sales.accuracy import forecast_accuracy

PLACES: Final = 6
MOST: Final = 120
MONTHS: Final = {"month": 1, "quarter": 3}


@attrs.frozen(kw_only=True)
class PeriodRecord:
    """What was `expected` of a period on its first moment, and the `actual` sum of what was won in it; None where a
    rate of exchange is missing."""

    period: str
    expected: Money | None
    actual: Money | None


@attrs.frozen(kw_only=True)
class TrackRecord:
    """Complete periods, oldest first, and the errors over those of which both figures are known, as shares of 1:
    `wape` = sum |actual - expected| / sum actual, `bias` = sum (expected - actual) / sum actual (above 0: forecasts
    were too high), `mape` the mean of |actual - expected| / actual. None where they are not defined."""

    periods: tuple[PeriodRecord, ...]
    wape: Decimal | None
    bias: Decimal | None
    mape: Decimal | None


def track_record(
    unit: Session, count: int = 6, by: By = "month", method: Method = "weighted", pipeline: str | None = None
) -> TrackRecord:
    """The last `count` complete periods before now (1 to 120).

    Amounts are in the base currency, at the rates of the day on which a period begins or, for what was won, ends.
    Raises `InvalidSetting` for another count, period or method, and as `standing`.
    """
    if by not in MONTHS or not 1 <= count <= MOST:
        raise InvalidSetting(f"a track record is of 1 to {MOST} months or quarters, not {count} by {by!r}")
    zone = unit.kernel.zone
    start = _first_day(unit.now().astimezone(zone).date(), by)
    starts = [_shifted(start, -MONTHS[by] * n) for n in range(count, -1, -1)]
    periods = [_record(unit, one, end, by, method, pipeline) for one, end in itertools.pairwise(starts)]
    known = [(p.expected.amount, p.actual.amount) for p in periods if p.expected is not None and p.actual is not None]
    errors = forecast_accuracy(known)
    return TrackRecord(
        periods=tuple(periods), wape=_share(errors.wape), bias=_share(errors.bias), mape=_share(errors.mape)
    )


def _record(unit: Session, start: dt.date, end: dt.date, by: By, method: Method, pipeline: str | None) -> PeriodRecord:
    began = dt.datetime.combine(start, dt.time(), unit.kernel.zone).astimezone(dt.UTC)
    name = PERIODS[by](start)
    then = forecast(unit, by, method, began, pipeline)
    found: dict[str | None, PeriodForecast] = {each.period: each for each in then.periods}
    expected = found[name].expected if name in found else Money(0, unit.kernel.currency)
    return PeriodRecord(period=name, expected=expected, actual=_won(unit, start, end, pipeline))


def _won(unit: Session, start: dt.date, end: dt.date, pipeline: str | None) -> Money | None:
    asked = standing(unit, pipeline, f"{is_in(unit, 'won')} and closed_on >= {start} and closed_on < {end}", None)
    sums = by_currency(each for _, _, amounts in asked.groups(("status",)) for each in amounts)
    return valuation(unit, {each.currency for each in sums}, end - dt.timedelta(days=1)).told(sums)


def _first_day(day: dt.date, by: By) -> dt.date:
    return day.replace(day=1, month=day.month - (day.month - 1) % MONTHS[by])


def _shifted(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _share(value: Fraction | None) -> Decimal | None:
    return None if value is None else rounded(value, PLACES)
