"""What open deals will bring: weighted by probability, by what past deals did, or by forecast category.

Source: domain reference value.md 12, EX-18. Amounts are of one currency; figures of several currencies are made one
by one and never added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import reduce
from typing import Final

from attrs import frozen

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.ratio import Number, exact, number, probability, share, square_root, whole

__all__ = [
    "CATEGORIES",
    "StageRate",
    "WeightedForecast",
    "commit_forecast",
    "furthest_stage",
    "historical_rates",
    "totals_by_category",
    "weighted_forecast",
]

CATEGORIES: Final = ("omitted", "pipeline", "best_case", "commit", "closed")
"""Forecast categories from the least to the most certain."""

_EXACT = Context(prec=400, traps=[InvalidOperation, Inexact])
"""Holds the sum of any squares of amounts, whatever precision the host has set."""


@frozen(kw_only=True)
class WeightedForecast:
    """The forecast over `count` deals, in the unit of their amounts.

    `total` adds the amounts, `weighted` adds amount times probability. `standard_deviation` is that of the sum if
    deals are won independently, to 4 decimals. `concentration` is the share of the largest deal in `weighted` (a
    forecast that hangs on one deal is no average), None if `weighted` is not above 0.
    """

    count: int
    total: Fraction
    weighted: Fraction
    standard_deviation: Decimal
    concentration: Fraction | None


def weighted_forecast(deals: Iterable[tuple[int | Decimal, Number]]) -> WeightedForecast:
    """Over (amount, probability from 0 to 1): sum p*A, and its deviation, the root of sum A*A*p*(1-p).

    Deals come in few probabilities, one for each stage, so amounts are added up by probability first. Raises
    `InvalidValue` for a float and for a probability outside of 0 to 1.
    """
    amounts: dict[tuple[type, Number], list[Decimal]] = defaultdict(list)
    for amount, likelihood in deals:
        amounts[type(likelihood), likelihood].append(number(amount, "an amount"))
    groups = [_Group(probability(likelihood), found) for (_, likelihood), found in amounts.items()]
    weighted = sum((group.probability * group.total for group in groups), Fraction())
    return WeightedForecast(
        count=sum(len(group.amounts) for group in groups),
        total=sum((group.total for group in groups), Fraction()),
        weighted=weighted,
        standard_deviation=square_root(sum((group.variance for group in groups), Fraction())),
        concentration=share(max((g.probability * Fraction(max(g.amounts)) for g in groups), default=0), weighted),
    )


@frozen
class _Group:
    """The amounts of one probability."""

    probability: Fraction
    amounts: list[Decimal]

    @property
    def total(self) -> Fraction:
        return Fraction(reduce(_EXACT.add, self.amounts))

    @property
    def variance(self) -> Fraction:
        squares = reduce(lambda added, amount: _EXACT.fma(amount, amount, added), self.amounts, Decimal())
        return self.probability * (1 - self.probability) * Fraction(squares)


@frozen(kw_only=True)
class StageRate:
    """What became of the past deals that entered a stage.

    `probability` is the share of them that was won; `step_rate` the share that went on to the next stage (from the
    last one: was won). Both are None if no past deal entered the stage.
    """

    stage: str
    entered: int
    probability: Fraction | None
    step_rate: Fraction | None


def historical_rates(stages: Sequence[str], won: int, lost_at: Mapping[str, int]) -> tuple[StageRate, ...]:
    """The rates of each open stage, in order, from past deals that are closed.

    `lost_at` counts the lost deals by the furthest stage that each reached (see `furthest_stage`), so a deal that
    moved back counts once. A won deal counts as having entered every stage, a lost one every stage up to its furthest,
    even if it skipped some. Raises `UnknownName` for a stage that is not among `stages`, `InvalidValue` for a count
    below 0.
    """
    for stage, count in lost_at.items():
        _check_stage(stage, stages)
        whole(count, "a number of lost deals")
    reached = whole(won, "a number of won deals")
    rates: list[StageRate] = []
    for stage in reversed(stages):
        entered = reached + lost_at.get(stage, 0)
        rates.append(
            StageRate(stage=stage, entered=entered, probability=share(won, entered), step_rate=share(reached, entered))
        )
        reached = entered
    return tuple(reversed(rates))


def furthest_stage(stages: Sequence[str], visited: Iterable[str]) -> str | None:
    """The latest in the order of `stages` of those that a deal visited, in whatever order; None if it visited none."""
    places = [stages.index(stage) for stage in visited if _check_stage(stage, stages)]
    return stages[max(places)] if places else None


def totals_by_category(deals: Iterable[tuple[str, Number]]) -> dict[str, Fraction]:
    """The amounts of (category, amount) added up, with every category of `CATEGORIES`; `InvalidValue` for another."""
    totals = dict.fromkeys(CATEGORIES, Fraction())
    for category, amount in deals:
        if category not in totals:
            raise InvalidValue(f"{category!r} is no forecast category; use {', '.join(CATEGORIES)}", value=category)
        totals[category] += exact(amount, "an amount")
    return totals


def commit_forecast(totals: Mapping[str, Fraction]) -> Fraction:
    """What is won and what its sellers commit to: closed + commit, of the totals by category."""
    return totals["closed"] + totals["commit"]


def _check_stage(stage: str, stages: Sequence[str]) -> bool:
    if stage not in stages:
        raise UnknownName("stage", stage, stages, "the pipeline's open stages")
    return True
