"""What is agreed and planned about money: the terms on which customers pay, and payments of one's own to come."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from crmcore.domain import field
from crmcore.domain.money import Money
from crmcore.domain.record import Record, record
from crmcore.domain.sales.payment_terms import PaymentTerms

MOST_INSTALMENTS: Final = 120
MOST_DAYS: Final = 3_650


def sound_terms(terms: Terms) -> Mapping[str, str]:
    """A share from 0 to 1, one instalment at least, days that are not below 0."""
    problems = {}
    if not 0 <= terms.deposit <= 1:
        problems["deposit"] = f"{terms.deposit} is no share: from 0 to 1, such as 0.3 for 30 percent"
    for name, least, most in (
        ("instalments", 1, MOST_INSTALMENTS),
        ("net_days", 0, MOST_DAYS),
        ("interval_days", 0, MOST_DAYS),
    ):
        value = getattr(terms, name)
        if not least <= value <= most:
            problems[name] = f"{value} is not from {least} to {most:,}"
    return problems


@record(
    "payment_terms",
    plural="payment_terms",
    label={"en": "Payment terms", "fa": "شرایط پرداخت", "ar": "شروط الدفع"},
    title=("name",),
    validators=(sound_terms,),
    since="0.2",
)
class Terms(Record):
    """How customers pay: `deposit` (a share from 0 to 1) at once, the rest in equal instalments, the first `net_days`
    later, each further one `interval_days` after the one before."""

    name: str = field.text(unique=True, search="name", length=100)
    deposit: Decimal = field.decimal(scale=6, default=Decimal(0))
    net_days: int = field.integer(default=0)
    instalments: int = field.integer(default=1)
    interval_days: int = field.integer(default=30)

    @property
    def schedule(self) -> PaymentTerms:
        """The terms as forecasts reckon with them."""
        return PaymentTerms(
            deposit=self.deposit,
            instalments=self.instalments,
            net_days=self.net_days,
            interval_days=self.interval_days,
        )


def sound_plan(plan: PlannedPayment) -> Mapping[str, str]:
    """The last day is not before the first, and only what repeats has one."""
    if plan.until is None:
        return {}
    if plan.repeats == "once":
        return {"until": "what is paid once has no last day"}
    return {"until": f"{plan.until} is before first_on {plan.first_on}"} if plan.until < plan.first_on else {}


@record(
    "planned_payment",
    label={"en": "Planned payment", "fa": "پرداخت برنامه‌ریزی‌شده", "ar": "دفعة مخططة"},
    title=("name",),
    validators=(sound_plan,),
    since="0.2",
)
class PlannedPayment(Record):
    """Money that will go out (below 0: come in) on `first_on`, and if it repeats on that day of each month, or the
    last one of a shorter month, up to `until`. `kind` is under what the forecast of cash shows it."""

    name: str = field.text(search="name")
    first_on: dt.date = field.date(index=True)
    amount: Money = field.money()
    kind: str = field.choice("payroll", "campaign", "supplier", "tax", "rent", "loan", "other", default="other")
    repeats: str = field.choice("once", "monthly", default="once")
    until: dt.date | None = field.date(default=None)

    def days(self, start: dt.date, end: dt.date) -> Iterator[dt.date]:
        """The days of payment from `start` to `end`, both included."""
        last = end if self.until is None else min(end, self.until)
        if self.repeats == "once":
            if start <= self.first_on <= last:
                yield self.first_on
            return
        begin = max(start, self.first_on)
        year, month = begin.year, begin.month
        while (day := _day_of(year, month, self.first_on.day)) <= last:
            if day >= begin:
                yield day
            if (year, month) == (dt.MAXYEAR, 12):
                return
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _day_of(year: int, month: int, day: int) -> dt.date:
    """That day of the month, or its last."""
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
