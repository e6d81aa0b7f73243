"""How often, how fast and for how much deals are won.

Source: domain reference value.md 12, EX-18. Rates are exact fractions of 1. Each takes counts or amounts of one
currency alike; which deals are counted (closed in a period, created in a period) is the caller's choice to state.
A rate over nothing is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from attrs import frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.ratio import Number, nonnegative, share, whole

__all__ = ["CycleTime", "conversion", "cycle_time", "sales_velocity", "win_rate_closed", "win_rate_created"]


def win_rate_closed(won: Number, lost: Number) -> Fraction | None:
    """won / (won + lost); None if nothing is closed, `InvalidValue` below 0."""
    part = nonnegative(won, "what was won")
    return share(part, part + nonnegative(lost, "what was lost"))


def win_rate_created(won: Number, created: Number) -> Fraction | None:
    """won / created of deals created together; None if none were. Deals still open make it low.

    Raises `InvalidValue` below 0 and if more was won than created.
    """
    return _part_of(won, created, "won", "created")


def conversion(entered_next: Number, left: Number) -> Fraction | None:
    """entered the next stage / entered this one, of deals that have left this stage; errors as of `win_rate_created`.

    Deals that still stand in the stage belong in neither number: nobody knows yet where they will go.
    """
    return _part_of(entered_next, left, "in the next stage", "that left the stage")


@frozen(kw_only=True)
class CycleTime:
    """Days from opening to closing: how many deals, their mean and their median; None over no deals."""

    count: int
    mean: Fraction | None
    median: Fraction | None


def cycle_time(deals_by_days: Mapping[int, int]) -> CycleTime:
    """Mean and median, exactly, of {days: number of deals}; a median between two days is halfway.

    Raises `InvalidValue` for days or a number of deals below 0.
    """
    for days, deals in deals_by_days.items():
        whole(days, "a number of days from opening to closing")
        whole(deals, "a number of deals")
    count = sum(deals_by_days.values())
    if not count:
        return CycleTime(count=0, mean=None, median=None)
    total = sum(days * deals for days, deals in deals_by_days.items())
    middle = _nth(deals_by_days, (count - 1) // 2) + _nth(deals_by_days, count // 2)
    return CycleTime(count=count, mean=Fraction(total, count), median=Fraction(middle, 2))


def sales_velocity(
    open_deals: int, average_value: Number, win_rate: Number | None, cycle_days: Number | None
) -> Fraction | None:
    """open deals * average value * win rate / cycle days: what the pipeline earns in a day, in the unit of the value.

    None if the rate or the cycle is unknown, or the cycle is 0 days. Raises `InvalidValue` below 0.
    """
    if win_rate is None or cycle_days is None:
        return None
    value = nonnegative(average_value, "an average value") * nonnegative(win_rate, "a win rate")
    return share(whole(open_deals, "a number of deals") * value, nonnegative(cycle_days, "a number of days"))


def _nth(deals_by_days: Mapping[int, int], position: int) -> int:
    """The days of the deal at `position` (from 0), were all deals in order of their days."""
    passed = 0
    for days in sorted(deals_by_days):
        passed += deals_by_days[days]
        if passed > position:
            return days
    raise AssertionError("the position is below the number of deals")


def _part_of(part: Number, whole: Number, what: str, of: str) -> Fraction | None:
    counted, total = nonnegative(part, f"what is {what}"), nonnegative(whole, f"what is {of}")
    if counted > total:
        raise InvalidValue(
            f"{part} {what} are more than the {whole} {of}; count both over the same deals", value=part, whole=whole
        )
    return share(counted, total)
