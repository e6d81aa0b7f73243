"""What crmcore and plugins make of what they know of a person: scores with their reasons, metrics, panels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from crmcore.application.contributing.metrics import metrics_of
from crmcore.application.contributing.panels import panels
from crmcore.application.leads import scoring
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.kinds import plain_decimal


def figures(unit: Session, customer: Customer) -> dict[str, Any]:
    """The figures about a customer, who has every facet with them, as plain values. `missing` names the plugins whose
    figures are not among them, because they failed."""
    shown, totals = panels(unit, customer), metrics_of(unit, customer)
    missing = {each.plugin: each for each in (*shown.missing, *(m for total in totals for m in total.missing))}
    return {
        "score": _score(unit, customer),
        "metrics": [total.plain() for total in totals],
        "panels": {plugin: panel for plugin, panel in shown.given if panel},
        "missing": [each.plain() for each in missing.values()],
    }


def _score(unit: Session, customer: Customer) -> dict[str, Any]:
    """The points by side, and each line of their explanation."""
    scored = scoring.scores(unit, [customer.id])[customer.id]
    lines = [{n: _plain(value) for n, value in attrs.asdict(line).items()} for line in scored.lines]
    points = {"fit": _plain(scored.fit), "engagement": _plain(scored.engagement)}
    return {**points, "lines": lines, "left_out": list(scored.left_out)}


def _plain(value: Any) -> Any:
    return plain_decimal(value) if isinstance(value, Decimal) else value
