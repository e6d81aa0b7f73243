"""Panels: what plugins know of a customer, as names and plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.contributing.asking import Answers, ask
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.kinds import JSON_DEPTH, JSON_LIMIT, plain_datetime, plain_decimal, storable_text
from crmcore.domain.money import Money
from crmcore.plugins.contexts import Viewing

HOOK: Final = "contribute_panel"
Panel = dict[str, Any]
DIGITS: Final = 60
"""How many digits a number has at most that is shown."""
HUGE: Final[int] = 10**DIGITS


@attrs.define
class Budget:
    """How many characters and values an answer has at most, and how many it had so far."""

    limit: int
    spent: int = 0


def panels(unit: Session, customer: Customer) -> Answers[Panel]:
    """The panels of a customer, who has every facet with them, by plugin; one that has nothing to say has no panel."""
    return ask(unit, HOOK, customer, Viewing, partial(_panel, unit))


def _panel(unit: Session, plugin: str, answer: Any) -> Panel:
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise InvalidValue(f"it returned a value of type {type(answer).__name__}, and neither a mapping nor None")
    panel: Panel = plain(dict(answer), Budget(JSON_LIMIT))
    facet = unit.catalogue.facet(unit.catalogue.of(Customer), plugin)
    if facet is not None and (taken := sorted(name for name in panel if facet.field(name))):
        raise InvalidValue(f"its panel has {', '.join(map(repr, taken))}, which its facet shows already")
    return panel


def plain(value: Any, budget: Budget, depth: int = 0) -> Any:
    """The value as JSON can hold it, exactly. InvalidValue for what is no plain value (a float is none), is nested too
    deeply, or has more than the budget of characters and values."""
    budget.spent += len(value) + 1 if isinstance(value, str) else 1
    if budget.spent > budget.limit or depth > JSON_DEPTH:
        limits = f"{budget.limit:,} characters and values, {JSON_DEPTH} levels"
        raise InvalidValue(f"it returned more than can be shown: at most {limits}")
    if value is None or type(value) is bool or (type(value) is int and not is_huge(value)):
        return value
    if type(value) is str:
        return _text(value)
    if isinstance(value, Mapping):
        return {_key(name): plain(held, budget, depth + 1) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, budget, depth + 1) for each in value]
    return exact(value)


def exact(value: Any) -> Any:
    """The plain form of a typed value: Decimal, Money, id, time or day; InvalidValue for any other."""
    if is_huge(value):
        raise InvalidValue(f"it returned a number of more than {DIGITS} digits")
    if isinstance(value, Decimal) and value.is_finite():
        return plain_decimal(value)
    if isinstance(value, Money):
        return value.plain()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        if value.utcoffset() is None:
            raise InvalidValue(f"it returned the time {value.isoformat()}, which has no time zone")
        return plain_datetime(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise InvalidValue(f"it returned a value of type {type(value).__name__}, which is not plain and exact")


def is_huge(value: object) -> bool:
    """Whether a number has more digits than anybody reads, or than Python writes."""
    if isinstance(value, int):
        return abs(value) >= HUGE
    return isinstance(value, Decimal) and value.is_finite() and not -DIGITS <= value.adjusted() < DIGITS


def _text(text: str) -> str:
    if problem := storable_text(text):
        raise InvalidValue(f"it returned a text that {problem}")
    return text


def _key(name: object) -> str:
    if type(name) is not str or not name.strip():
        raise InvalidValue(f"it returned a mapping with {name!r} in place of a name")
    return _text(name)
