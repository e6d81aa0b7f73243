"""The cash-flow forecast: what comes in and goes out each month, in the three views that a treasurer compares.

Source: domain reference value.md 12, EX-19 and INV-19. All money of one forecast is in one currency; `InvalidValue`
names the one that is not, to be converted first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum

from attrs import field, frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.ratio import number, probability, whole

__all__ = ["CashItem", "CashMonth", "View", "cash_by_source", "cash_flow"]


class View(Enum):
    """How an uncertain amount counts.

    `EXPECTED`: times its probability. `COMMITTED`: in full if it is certain (probability 1), else not at all.
    `BEST_CASE`: what comes in, in full, whatever its probability.
    """

    EXPECTED = "expected"
    COMMITTED = "committed"
    BEST_CASE = "best_case"


def _chance(_: object, __: object, value: Decimal) -> None:
    probability(number(value, "a probability"))


@frozen(kw_only=True)
class CashItem:
    """Money on a day: above 0 it comes in, below 0 it goes out; `probability` from 0 to 1.

    `source` says what kind of thing it comes from (`opportunity`, `invoice`, `payroll`), `reference` which one.
    """

    on: dt.date
    amount: Money
    probability: Decimal = field(default=Decimal(1), validator=_chance)
    source: str
    reference: str = ""

    def counted(self, view: View) -> Money:
        """The amount as `view` counts it; an expected amount is rounded half to even at its fourth decimal.

        A payment that is not certain is left out of the best case too: the best is that nobody asks for it.
        """
        if view is View.EXPECTED:
            return self.amount * self.probability
        certain = self.probability == 1 or (view is View.BEST_CASE and self.amount.amount > 0)
        return self.amount if certain else self.amount * 0


@frozen(kw_only=True)
class CashMonth:
    """One calendar month, named by its first day: `closing` = `opening` + `money_in` - `money_out`.

    `by_source` holds what each source brings (below 0: takes); these add up to closing less opening.
    """

    month: dt.date
    opening: Money
    money_in: Money
    money_out: Money
    closing: Money
    by_source: Mapping[str, Money]


def cash_flow(
    items: Iterable[CashItem], *, opening: Money, opens_on: dt.date, months: int, view: View = View.EXPECTED
) -> tuple[CashMonth, ...]:
    """`months` calendar months from `opens_on`, when the balance was `opening`.

    Items after the last month are left for a longer forecast. Raises `InvalidValue` for an item before `opens_on`,
    which the opening balance has in it already, for another currency and for less than one month.
    """
    whole(months, "a number of months", least=1)
    found: dict[int, list[CashItem]] = defaultdict(list)
    for item in items:
        _check(item, opening, opens_on)
        found[_months_between(opens_on, item.on)].append(item)
    flow: list[CashMonth] = []
    for index in range(months):
        flow.append(_month(_first_day(opens_on, index), flow[-1].closing if flow else opening, found[index], view))
    return tuple(flow)


def cash_by_source(items: Iterable[CashItem], view: View = View.EXPECTED) -> dict[str, Money]:
    """The amounts by source, as `view` counts them; `InvalidValue` for two currencies in one source."""
    sums: dict[str, Money] = {}
    for item in items:
        counted = item.counted(view)
        sums[item.source] = sums[item.source] + counted if item.source in sums else counted
    return sums


def _month(first: dt.date, opening: Money, items: list[CashItem], view: View) -> CashMonth:
    counted = [item.counted(view) for item in items]
    nothing = Money(0, opening.currency)
    money_in = sum((amount for amount in counted if amount.amount > 0), nothing)
    money_out = -sum((amount for amount in counted if amount.amount < 0), nothing)
    return CashMonth(
        month=first,
        opening=opening,
        money_in=money_in,
        money_out=money_out,
        closing=opening + money_in - money_out,
        by_source=cash_by_source(items, view),
    )


def _check(item: CashItem, opening: Money, opens_on: dt.date) -> None:
    if item.amount.currency != opening.currency:
        raise InvalidValue(
            f"{item.amount} of {item.source} {item.reference} is not in {opening.currency}, the currency of the "
            "forecast; convert it first",
            value=item.amount.plain(),
            currency=opening.currency,
        )
    if item.on < opens_on:
        raise InvalidValue(
            f"{item.source} {item.reference} of {item.on} is before {opens_on}, when the forecast begins; leave it out "
            "if it is in the opening balance, or give the day on which it is expected now",
            value=item.on.isoformat(),
        )


def _months_between(first: dt.date, last: dt.date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _first_day(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.month - 1 + months, 12)
    return dt.date(day.year + years, month + 1, 1)
