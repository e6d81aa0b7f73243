"""The rules of the core's record types, by name: what a Crm gives to its kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crmcore.application import customers
from crmcore.application.leads import buyers, leads, score_rules
from crmcore.application.rules import Rule
from crmcore.application.sales import opportunities, pipelines, stage_rows

RULES: Final[Mapping[str, Rule]] = {
    "customer": customers.RULE,
    "order": buyers.RULE,
    "lead": leads.RULE,
    "score_rule": score_rules.RULE,
    "opportunity": opportunities.RULE,
    "pipeline": pipelines.RULE,
    "stage_change": stage_rows.RULE,
}
