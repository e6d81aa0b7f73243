"""When the money of a deal or an invoice comes in: deposit, instalments, net days, and how late customers pay.

Source: domain reference value.md 12, EX-19.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.ratio import number, probability, whole
from crmcore.domain.sales.cash_flow import CashItem

__all__ = ["PaymentTerms", "deal_receipts", "invoice_receipt", "observed_days_late"]


@frozen(kw_only=True)
class PaymentTerms:
    """How a deal is paid: `deposit` (a share from 0 to 1) on the day it closes, the rest in equal instalments.

    The first instalment is due `net_days` days after closing, each further one `interval_days` later. Raises
    `InvalidValue` for a share outside of 0 to 1, less than one instalment or days below 0.
    """

    deposit: Decimal = Decimal(0)
    instalments: int = 1
    net_days: int = 0
    interval_days: int = 30

    def __attrs_post_init__(self) -> None:
        probability(number(self.deposit, "a deposit, a share of the amount"))
        whole(self.instalments, "a number of instalments", least=1)
        whole(self.net_days, "a number of net days")
        whole(self.interval_days, "a number of days between instalments")

    @property
    def length(self) -> int:
        """Days from closing to the day on which the last payment is due."""
        return self.net_days + (self.instalments - 1) * self.interval_days

    def schedule(self, amount: Money, closes_on: dt.date, days_late: int = 0) -> tuple[tuple[dt.date, Money], ...]:
        """(day, amount) of each payment that is not 0, in order; they add up to `amount` exactly.

        The deposit comes with the signature; instalments come `days_late` days after they are due, as observed.
        """
        deposit, rest = amount.allocate([self.deposit, 1 - self.deposit]) if self.deposit else (amount * 0, amount)
        due = [(closes_on, deposit)]
        for index, part in enumerate(rest.allocate([1] * self.instalments) if self.instalments > 1 else [rest]):
            due.append((_later(closes_on, self.net_days + index * self.interval_days + days_late), part))
        return tuple((day, part) for day, part in due if part.amount)


def deal_receipts(
    amount: Money, closes_on: dt.date, chance: Decimal, terms: PaymentTerms, *, reference: str, days_late: int = 0
) -> tuple[CashItem, ...]:
    """The receipts of a deal that closes on a day with a probability (0 to 1); `days_late` as of `schedule`."""
    return tuple(
        CashItem(on=day, amount=part, probability=chance, source="opportunity", reference=reference)
        for day, part in terms.schedule(amount, closes_on, days_late)
    )


def invoice_receipt(
    unpaid: Money, due_on: dt.date, *, reference: str, days_late: int = 0, not_before: dt.date | None = None
) -> CashItem:
    """What is unpaid of an invoice, `days_late` days after it is due, as its customer has paid on average.

    If that day is past already, it is expected on `not_before`, the first day of the forecast.
    """
    day = _later(due_on, days_late)
    return CashItem(
        on=max(day, not_before) if not_before else day, amount=unpaid, source="invoice", reference=reference
    )


def observed_days_late(payments: Iterable[tuple[dt.date, dt.date]]) -> int:
    """Mean days from due to paid over (due day, day paid), rounded half to even; early payments count below 0.

    0 if nothing was paid yet: there is nothing to say that this customer will be late.
    """
    days = [(paid - due).days for due, paid in payments]
    return round(Fraction(sum(days), len(days))) if days else 0


def _later(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        raise InvalidValue(
            f"{days} days after {day} is on no calendar; give fewer net days or days late",
            value=days,
            on=day.isoformat(),
        ) from None
