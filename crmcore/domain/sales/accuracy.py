"""How far forecasts were from what came of them. Source: domain reference value.md 12, EX-18."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from attrs import frozen

from crmcore.domain.ratio import Number, exact, share

__all__ = ["ForecastAccuracy", "forecast_accuracy"]


@frozen(kw_only=True)
class ForecastAccuracy:
    """Errors as fractions of 1 over `count` periods; 0 is perfect.

    `wape` = sum |a-f| / sum a. `bias` = sum (f-a) / sum a: above 0 if forecasts were too high. Both are None if the
    actuals do not add up to more than 0. `mape` = mean of |a-f| / |a|: None over nothing, and if any actual is 0.
    """

    count: int
    wape: Fraction | None
    bias: Fraction | None
    mape: Fraction | None


def forecast_accuracy(periods: Iterable[tuple[Number, Number]]) -> ForecastAccuracy:
    """The errors of (forecast, actual) for each period, in one unit; `InvalidValue` for a float."""
    pairs = [(exact(forecast, "a forecast"), exact(actual, "an actual")) for forecast, actual in periods]
    actual = sum((a for _, a in pairs), Fraction())
    return ForecastAccuracy(
        count=len(pairs),
        wape=share(sum((abs(a - f) for f, a in pairs), Fraction()), actual),
        bias=share(sum((f - a for f, a in pairs), Fraction()), actual),
        mape=_mape(pairs),
    )


def _mape(pairs: list[tuple[Fraction, Fraction]]) -> Fraction | None:
    if not pairs or any(not actual for _, actual in pairs):
        return None
    return sum((abs((a - f) / a) for f, a in pairs), Fraction()) / len(pairs)
