"""The rule of score rules: their filters are bound when they are saved, so that none fails when somebody is scored."""

from __future__ import annotations

from typing import Any, Final

from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain import grammar
from crmcore.domain.errors import CrmError, InvalidRecord
from crmcore.domain.leads.score_rule import SIDES, ScoreRule, check_score_rule


class ScoreRuleRule:
    """See `application.rules.Rule`."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[ScoreRule]:
        """The rules as they are; `InvalidRecord` for a filter over what is not there."""
        for before, after in pairs:
            if before is None or (before.condition, before.side) != (after.condition, after.side):
                _check_names(unit, after)
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Nothing follows."""


def _check_names(unit: Session, rule: Any) -> None:
    about = SIDES.get(rule.side) if isinstance(rule.side, str) else None
    if about is None or not isinstance(rule.condition, str) or check_score_rule(rule):
        return  # its check names what is wrong
    try:
        unit.binder(rule.condition).bind(unit.catalogue.record(about), grammar.parse(rule.condition))
    except CrmError as error:
        raise InvalidRecord("score_rule", {"condition": error.message}) from None


RULE: Final = ScoreRuleRule()
