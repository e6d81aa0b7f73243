"""Metrics: figures of a customer to which plugins contribute, summed exactly, each contribution with its plugin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import partial
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.contributing.asking import Answers, Missing, ask, listed
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.kinds import plain_decimal, storable_text
from crmcore.domain.money import Money
from crmcore.plugins.answers import Contribution
from crmcore.plugins.contexts import Measuring
from crmcore.plugins.specs import Metric

HOOK: Final = "contribute_metrics"
MONEY: Final = "money"
MOST: Final = 1_000
DIGITS: Final = 30
_EXACT: Final = Context(prec=120, traps=[InvalidOperation, Inexact])
Amount = Decimal | Money


@attrs.frozen
class Share:
    """What one plugin adds to a metric, and why."""

    plugin: str
    amount: Amount
    reason: str


@attrs.frozen
class Total:
    """A metric of a customer: the exact sum of all contributions (of money one for each currency, by its name), the
    contributions themselves, and which plugins are missing."""

    name: str
    unit: str
    total: Decimal | tuple[Money, ...]
    contributions: tuple[Share, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether the total may be less than all, because a plugin did not answer."""
        return bool(self.missing)

    def plain(self) -> dict[str, Any]:
        """The same as plain values; decimals are texts."""
        return {
            "name": self.name,
            "unit": self.unit,
            "total": _plain(self.total),
            "contributions": [
                {"plugin": each.plugin, "amount": _plain(each.amount), "reason": each.reason}
                for each in self.contributions
            ],
            "partial": self.partial,
            "missing": [{"plugin": each.plugin, "error": each.error} for each in self.missing],
        }


def metrics(unit: Session, customer: UUID) -> tuple[Total, ...]:
    """The metrics of a customer; `NotFound` where the actor may not see them."""
    facets = tuple(f.cls for f in unit.catalogue.facets.get("customer", ()))
    return metrics_of(unit, repository(unit, Customer).get(customer, with_=facets))


def metrics_of(unit: Session, customer: Customer) -> tuple[Total, ...]:
    """The metrics of a customer who has every facet with them, by name; none if none are declared."""
    declared = {name: slot.spec for name, slot in unit.kernel.slots.get("metric", {}).items()}
    if not declared:
        return ()

    def context(seen: Customer, work: Any) -> Measuring:
        return Measuring(seen, frozenset(declared), work)

    return totals(declared.values(), ask(unit, HOOK, customer, context, partial(_checked, declared)))


def totals(declared: Iterable[Metric], answers: Answers[Sequence[Contribution]]) -> tuple[Total, ...]:
    """The sums of what plugins gave, by metric. Who is missing might have given to any of them, so all are partial."""
    return tuple(_total(each, answers) for each in sorted(declared, key=lambda each: each.name))


def _total(metric: Metric, answers: Answers[Sequence[Contribution]]) -> Total:
    shares = tuple(
        Share(plugin, _amount(each.amount), each.reason)
        for plugin, given in answers.given
        for each in given
        if each.metric == metric.name
    )
    try:
        total = _sums(shares) if metric.unit == MONEY else _sum(shares)
    except InvalidValue as error:  # single amounts are money, and their sum is more than that can be
        nothing: tuple[Money, ...] = ()
        who = sorted({share.plugin for share in shares})
        too_much = tuple(Missing(plugin, HOOK, f"the sum is too large: {error.message}") for plugin in who)
        return Total(metric.name, metric.unit, nothing, (), (*answers.missing, *too_much))
    return Total(metric.name, metric.unit, total, shares, answers.missing)


def _sum(shares: Iterable[Share]) -> Decimal:
    total = Decimal(0)
    for share in shares:
        total = _EXACT.add(total, share.amount if isinstance(share.amount, Decimal) else share.amount.amount)
    return total


def _sums(shares: Iterable[Share]) -> tuple[Money, ...]:
    by_currency: dict[str, list[Share]] = {}
    for share in shares:
        if isinstance(share.amount, Money):
            by_currency.setdefault(share.amount.currency, []).append(share)
    return tuple(Money(_sum(by_currency[currency]), currency) for currency in sorted(by_currency))


def _amount(amount: Decimal | int | Money) -> Amount:
    return Decimal(amount) if isinstance(amount, int) else amount


def _plain(value: Amount | tuple[Money, ...]) -> Any:
    if isinstance(value, tuple):
        return [each.plain() for each in value]
    return value.plain() if isinstance(value, Money) else plain_decimal(value)


def _checked(declared: Mapping[str, Metric], plugin: str, answer: Any) -> list[Contribution]:
    found = listed(answer, "contributions", MOST)
    for each in found:
        if type(each) is not Contribution:
            raise InvalidValue(f"it returned a value of type {type(each).__name__} in its list, and no Contribution")
        _check(declared, each)
    return found


def _check(declared: Mapping[str, Metric], each: Contribution) -> None:
    if each.metric not in declared:
        raise UnknownName("metric", str(each.metric), declared)
    unit, amount = declared[each.metric].unit, each.amount
    if not isinstance(amount, Money) if unit == MONEY else not _is_number(amount):
        wanted = "Money" if unit == MONEY else "a Decimal or a whole number of usual size"
        raise InvalidValue(f"{each.metric} is in {unit}: its amounts are {wanted}, not {amount!r}")
    reason: object = each.reason
    if not isinstance(reason, str) or storable_text(reason):
        raise InvalidValue(f"a contribution to {each.metric} has a reason that is no text")


def _is_number(amount: object) -> bool:
    if isinstance(amount, Decimal):
        return amount.is_finite() and amount.adjusted() < DIGITS and _exponent(amount) >= -DIGITS
    return type(amount) is int and abs(amount) < 10**DIGITS


def _exponent(amount: Decimal) -> int:
    return int(amount.as_tuple().exponent)
