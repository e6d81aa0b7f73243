"""BANT: whether a lead has budget, authority, need and a timeline.

Source: domain reference core.md 3, EX-2: score = sum of weight * value / 3. What is not known is not 0: the lead is
then incomplete, and has no score.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, Protocol

from attrs import frozen

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.ratio import Number, nonnegative, rounded

__all__ = ["WEIGHTS", "Answer", "BantResult", "QualifiedRule", "qualify"]

WEIGHTS: Final[Mapping[str, Number]] = MappingProxyType(
    {
        "budget": Decimal("0.30"),
        "authority": Decimal("0.25"),
        "need": Decimal("0.25"),
        "timeline": Decimal("0.20"),
    }
)
"""How much each dimension counts; together 1."""

FULL: Final = 3
"""The best answer; 0 is the worst."""


class Answer(Protocol):
    """What is known of one dimension: a value from 0 to 3 (None: not known), what it rests on, and the day of it."""

    @property
    def dimension(self) -> str: ...
    @property
    def value(self) -> int | None: ...
    @property
    def evidence(self) -> str | None: ...
    @property
    def on(self) -> dt.date | None: ...


@frozen(kw_only=True)
class QualifiedRule:
    """When a lead is qualified: its score and its need are high enough and no dimension is 0."""

    minimum_score: Number = Decimal("0.6")
    minimum_need: int = 2

    def failings(self, score: Fraction, values: Mapping[str, int]) -> tuple[str, ...]:
        """What speaks against it, in words; nothing if the lead is qualified."""
        low = [f"the score {rounded(score)} is below {self.minimum_score}"] if score < self.minimum_score else []
        if values["need"] < self.minimum_need:
            low.append(f"need {values['need']} is below {self.minimum_need}")
        return (*low, *(f"{name} is 0" for name, value in values.items() if value == 0))


@frozen(kw_only=True)
class BantResult:
    """`score` from 0 to 1, exactly; None while a dimension is `missing`, and the status is then `incomplete`.

    `failings` say what keeps a complete lead from being qualified; `lines` explain the score by dimension.
    """

    status: Literal["incomplete", "qualified", "not_qualified"]
    score: Fraction | None
    missing: tuple[str, ...]
    failings: tuple[str, ...]
    lines: tuple[str, ...]


def qualify(
    answers: Iterable[Answer], weights: Mapping[str, Number] = WEIGHTS, rule: QualifiedRule | None = None
) -> BantResult:
    """The result for the answers, at most one for each dimension.

    Raises `UnknownName` for another dimension, and `InvalidValue` for a value that is not 0 to 3, two answers for one
    dimension, or weights that are not those of the four dimensions and together 1.
    """
    shares = _checked(weights)
    known = _known(answers)
    lines = tuple(_line(answer, shares[name]) for name, answer in known.items())
    values = {name: answer.value for name, answer in known.items() if answer.value is not None}
    missing = tuple(name for name in WEIGHTS if name not in values)
    if missing:
        return BantResult(status="incomplete", score=None, missing=missing, failings=(), lines=lines)
    score = sum((shares[name] * value / FULL for name, value in values.items()), Fraction())
    failings = (rule or QualifiedRule()).failings(score, values)
    status: Literal["qualified", "not_qualified"] = "not_qualified" if failings else "qualified"
    return BantResult(status=status, score=score, missing=(), failings=failings, lines=lines)


def _known(answers: Iterable[Answer]) -> dict[str, Answer]:
    """The answers by dimension, in the order of BANT."""
    found: dict[str, Answer] = {}
    for answer in answers:
        if answer.dimension not in WEIGHTS:
            raise UnknownName("dimension", answer.dimension, WEIGHTS, "BANT")
        if answer.dimension in found:
            raise InvalidValue(f"{answer.dimension} is answered twice; keep one answer", value=answer.dimension)
        if answer.value is not None and (type(answer.value) is not int or not 0 <= answer.value <= FULL):
            raise InvalidValue(
                f"{answer.value!r} is no answer to {answer.dimension}; give 0 (not at all) to 3 (fully)",
                value=answer.value,
            )
        found[answer.dimension] = answer
    return {name: found[name] for name in WEIGHTS if name in found}


def _line(answer: Answer, weight: Fraction) -> str:
    if answer.value is None:
        return f"{answer.dimension}: not known"
    counted = rounded(weight * answer.value / FULL)
    since = f" ({answer.on})" if answer.on else ""
    rests_on = answer.evidence or "no evidence given"
    return f"{answer.dimension}: {answer.value} of {FULL}, weight {rounded(weight)}: {counted}; {rests_on}{since}"


def _checked(weights: Mapping[str, Number]) -> dict[str, Fraction]:
    shares = {name: nonnegative(weight, f"a weight of {name}") for name, weight in weights.items()}
    if shares.keys() != WEIGHTS.keys() or sum(shares.values()) != 1:
        raise InvalidValue(f"the weights must be of {', '.join(WEIGHTS)} and add up to 1", value=dict(weights))
    return shares
