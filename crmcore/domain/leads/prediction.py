"""How likely a lead is won, judged by the closed leads before it: naive Bayes, exactly.

Source: domain reference core.md 3, EX-4, the predictive scoring of Odoo (its test of predictive lead scoring). Each
count has 0.1 added, so that what was never seen is unlikely and not impossible. Make one table for each team. Which
fields are compared is the caller's choice: never protected ones without a report on parity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Final

from attrs import frozen

from crmcore.domain.errors import UnknownName
from crmcore.domain.ratio import rounded

__all__ = ["ClosedLead", "Frequencies", "Influence", "Prediction", "learn", "predict"]

SMOOTHING: Final = Fraction(1, 10)
LOWEST: Final = Decimal("0.01")
HIGHEST: Final = Decimal("99.99")


@frozen(kw_only=True)
class ClosedLead:
    """A lead that was won or lost, the furthest stage that it reached, and its values by field (None: no value)."""

    won: bool
    furthest_stage: str
    values: Mapping[str, str | None]


@frozen(kw_only=True)
class Frequencies:
    """How many leads were (won, lost): in all, by stage entered, and by the value of each field."""

    total: tuple[int, int]
    stages: Mapping[str, tuple[int, int]]
    fields: Mapping[str, Mapping[str, tuple[int, int]]]


@frozen(kw_only=True)
class Influence:
    """How a value moves the odds: the share of won and of lost leads that had it, and that in words."""

    field: str
    value: str
    won: Fraction
    lost: Fraction
    why: str


@frozen(kw_only=True)
class Prediction:
    """`percent` from 0.01 to 99.99, with 2 decimals: won / (won + lost) of the two scores, which are exact.

    `sample` is the number of closed leads behind it; `ignored` are the fields whose value no closed lead had.
    """

    percent: Decimal
    won_score: Fraction
    lost_score: Fraction
    sample: int
    influences: tuple[Influence, ...]
    ignored: tuple[str, ...]


def learn(leads: Iterable[ClosedLead], stages: Sequence[str]) -> Frequencies:
    """Count closed leads. `stages` are the open ones in order; a won lead has entered all of them, a lost one all
    up to its furthest. Raises `UnknownName` for a lost lead's stage that is not among them."""
    entered = {stage: [0, 0] for stage in stages}
    fields: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    total = [0, 0]
    for lead in leads:
        outcome = 0 if lead.won else 1
        total[outcome] += 1
        last = len(stages) if lead.won else _place(lead.furthest_stage, stages) + 1
        for stage in stages[:last]:
            entered[stage][outcome] += 1
        for name, value in lead.values.items():
            if value is not None:
                fields[name][value][outcome] += 1
    return Frequencies(
        total=(total[0], total[1]),
        stages=_fixed(entered),
        fields={name: _fixed(values) for name, values in fields.items()},
    )


def predict(past: Frequencies, stage: str, values: Mapping[str, str | None]) -> Prediction | None:
    """The prediction for an open lead, or None unless past leads were both won and lost.

    A lead without a value for a field is not judged by it. Raises `UnknownName` for a stage that was not counted.
    """
    _place(stage, tuple(past.stages))
    if not all(past.total):
        return None
    won, lost = (count + SMOOTHING for count in past.total)
    known = {name: value for name, value in values.items() if value is not None}
    judged = {name: value for name, value in known.items() if value in past.fields.get(name, {})}
    influences = (
        _influence("stage", stage, past.stages[stage], (won, lost)),
        *(_influence(n, value, past.fields[n][value], _totals(past.fields[n])) for n, value in judged.items()),
    )
    won_score = prod((influence.won for influence in influences), start=won / (won + lost))
    lost_score = prod((influence.lost for influence in influences), start=lost / (won + lost))
    percent = rounded(100 * won_score / (won_score + lost_score), 2)
    return Prediction(
        percent=min(max(percent, LOWEST), HIGHEST),
        won_score=won_score,
        lost_score=lost_score,
        sample=sum(past.total),
        influences=influences,
        ignored=tuple(name for name in known if name not in judged),
    )


def _totals(seen: Mapping[str, tuple[int, int]]) -> tuple[Fraction, Fraction]:
    """Over all values of a field, 0.1 added for each."""
    smoothing = SMOOTHING * len(seen)
    return sum(won for won, _ in seen.values()) + smoothing, sum(lost for _, lost in seen.values()) + smoothing


def _influence(name: str, value: str, counts: tuple[int, int], totals: tuple[Fraction, Fraction]) -> Influence:
    won, lost = ((count + SMOOTHING) / total for count, total in zip(counts, totals, strict=True))
    direction = "for" if won > lost else "against" if won < lost else "neither for nor against"
    why = (
        f"{name} {value}: {rounded(100 * won, 2)} % of won leads, {rounded(100 * lost, 2)} % of lost ones "
        f"({counts[0]} won, {counts[1]} lost); speaks {direction} it"
    )
    return Influence(field=name, value=value, won=won, lost=lost, why=why)


def _fixed(counts: Mapping[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {key: (won, lost) for key, (won, lost) in counts.items()}


def _place(stage: str, stages: Sequence[str]) -> int:
    if stage not in stages:
        raise UnknownName("stage", stage, stages, "the stages of leads")
    return stages.index(stage)
