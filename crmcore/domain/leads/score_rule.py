"""The score rule: points for who somebody is (fit) or for what they do (engagement), kept as data."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from crmcore.domain import field, grammar
from crmcore.domain.errors import CrmError
from crmcore.domain.leads.scoring import ScoreLine
from crmcore.domain.record import Record, record

SIDES: Final[Mapping[str, str]] = {"fit": "customer", "engagement": "interaction"}
"""What the filter of each side is about."""


def check_score_rule(rule: ScoreRule) -> Mapping[str, str]:
    """The filter can be read, and decay is of engagement alone. Names are looked up when the rule is saved."""
    problems = {}
    try:
        grammar.parse(rule.condition)
    except CrmError as error:
        problems["condition"] = error.message
    if rule.half_life_days is not None and rule.side == "fit":
        problems["half_life_days"] = "who somebody is does not fade: only rules of engagement have a half-life"
    elif rule.half_life_days is not None and not 0 < rule.half_life_days <= 36_500:
        problems["half_life_days"] = f"{rule.half_life_days} is no half-life: from 1 day to 36,500"
    if rule.cap is not None and rule.cap <= 0:
        problems["cap"] = f"{rule.cap} is no cap: the most points that the rule gives, or takes, above 0"
    return problems


@record(
    "score_rule",
    label={"en": "Score rule", "fa": "قاعدهٔ امتیاز", "ar": "قاعدة تقييم"},
    title=("name",),
    validators=(check_score_rule,),
)
class ScoreRule(Record):
    """`points` (they may be negative) for a customer who fits `condition`, a filter (side fit), or for each interaction
    that does (side engagement), which fade by half in `half_life_days`; in all no more than `cap` either way."""

    name: str = field.text(unique=True, length=100)
    side: str = field.choice(*SIDES, index=True)
    condition: str = field.text(length=2_000, fold=False)
    points: Decimal = field.decimal(scale=2)
    half_life_days: int | None = field.integer(default=None)
    cap: Decimal | None = field.decimal(scale=2, default=None)
    active: bool = field.boolean(default=True)


@attrs.frozen
class Scored:
    """A customer's points by side, explained line by line. `left_out` are the rules over what the actor may not see."""

    fit: Decimal
    engagement: Decimal
    lines: tuple[ScoreLine, ...]
    left_out: tuple[str, ...] = ()
