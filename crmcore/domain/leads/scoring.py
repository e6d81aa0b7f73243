"""The score of a lead by rules: points that fade with age, each explained.

Source: domain reference core.md 3, EX-3: sum of points * 2^(-age / half-life). Who the lead is (fit) and what it does
(engagement) stay two numbers: a perfect customer who never answers is not half a good lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from attrs import frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.ratio import nonnegative, number, rounded, whole

__all__ = ["LeadScore", "ScoreLine", "ScoringRule", "score_lead"]

Kind = Literal["fit", "engagement"]

_POWERS = Context(prec=50, traps=[InvalidOperation])
"""A power of two is exact after whole half-lives; in between it has 50 digits, on every machine the same."""

_GONE = Decimal(1000)
"""After so many half-lives nothing is left of any points."""


@frozen(kw_only=True)
class ScoringRule:
    """What a fact or an event is worth.

    `points` may be below 0. They halve every `half_life` days, or stay as they are (None), as facts of fit mostly do.
    All that the rule adds for one lead is at most `cap` points either way.
    """

    name: str
    points: int | Decimal
    kind: Kind = "engagement"
    half_life: int | None = None
    cap: int | Decimal | None = None

    def __attrs_post_init__(self) -> None:
        number(self.points, "a number of points")
        if self.kind not in ("fit", "engagement"):
            raise InvalidValue(f"{self.kind!r} is no kind of score; use fit or engagement", value=self.kind)
        if self.half_life is not None:
            whole(self.half_life, "a half-life in days", least=1)
        if self.cap is not None:
            nonnegative(self.cap, "a cap")

    def after(self, age: int) -> Decimal:
        """The points left after `age` days, rounded half to even at the fourth decimal."""
        return _faded(self.points, self.half_life, age)


@lru_cache(maxsize=10_000)
def _faded(points: int | Decimal, half_life: int | None, age: int) -> Decimal:
    """What is left of points at an age; kept, because many hits of one rule are of one age."""
    halvings = Decimal(0) if half_life is None else _POWERS.divide(age, half_life)
    share = _POWERS.power(2, min(halvings, _GONE).copy_negate())
    return rounded(Fraction(points) * Fraction(share))


@frozen(kw_only=True)
class ScoreLine:
    """One hit of a rule: its `points`, its `age` in days, what is left of them (`decayed`), what of that counts
    under the rule's cap (`counted`), and why, in words."""

    rule: str
    kind: Kind
    points: int | Decimal
    age: int
    decayed: Decimal
    counted: Decimal
    why: str


@frozen(kw_only=True)
class LeadScore:
    """`fit` and `engagement` in points; each is the sum of what counts in the lines of its kind."""

    fit: Decimal
    engagement: Decimal
    lines: tuple[ScoreLine, ...]


def score_lead(hits: Iterable[tuple[ScoringRule, int]]) -> LeadScore:
    """The score from (rule, age in days); lines by rule in the order given, the youngest hit first.

    A cap takes the youngest hits first, so that old ones are what no longer counts. Raises `InvalidValue` for an age
    below 0 and for two different rules of one name.
    """
    rules: dict[str, ScoringRule] = {}
    ages: dict[str, list[int]] = defaultdict(list)
    for rule, age in hits:
        if rules.setdefault(rule.name, rule) != rule:
            raise InvalidValue(f"two scoring rules are called {rule.name!r}; rename one", value=rule.name)
        ages[rule.name].append(whole(age, "an age in days"))
    lines = tuple(line for name, rule in rules.items() for line in _lines(rule, sorted(ages[name])))
    return LeadScore(fit=_sum(lines, "fit"), engagement=_sum(lines, "engagement"), lines=lines)


def _lines(rule: ScoringRule, ages: list[int]) -> Iterable[ScoreLine]:
    left = None if rule.cap is None else Fraction(rule.cap)
    for age in ages:
        decayed = counted = rule.after(age)
        if left is not None:
            counted = rounded(max(-left, min(left, Fraction(decayed))))
            left -= abs(Fraction(counted))
        yield ScoreLine(
            rule=rule.name,
            kind=rule.kind,
            points=rule.points,
            age=age,
            decayed=decayed,
            counted=counted,
            why=_why(rule, age, decayed, counted),
        )


def _why(rule: ScoringRule, age: int, decayed: Decimal, counted: Decimal) -> str:
    fading = "that do not fade" if rule.half_life is None else f"that halve every {rule.half_life} days"
    capped = f"; {_plain(counted)} of it counts, as the rule's cap is {rule.cap}" if counted != decayed else ""
    return f"{rule.points} points {fading}, {age} days old: {_plain(decayed)}{capped}"


def _sum(lines: Iterable[ScoreLine], kind: Kind) -> Decimal:
    return rounded(sum((Fraction(line.counted) for line in lines if line.kind == kind), Fraction()))


def _plain(points: Decimal) -> str:
    return f"{points:f}".rstrip("0").rstrip(".")
