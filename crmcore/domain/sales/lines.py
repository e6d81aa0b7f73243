"""Lines that are bought or billed: what each comes to, and what all of them do, less discounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money


class Priced(Protocol):
    """`quantity` of something at `unit_price` each."""

    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price(self) -> Money | None: ...


class Line(Priced, Protocol):
    """So much, less `discount`; a negative quantity is a return."""

    @property
    def discount(self) -> Money | None: ...


def gross_amount(line: Priced) -> Money | None:
    """Quantity times unit price, rounded half-even to four places, the scale of money; None without a price.

    Raises InvalidValue where the product is more than money can be.
    """
    return None if line.unit_price is None else line.unit_price * line.quantity


def line_amount(line: Priced) -> Money | None:
    """What a line comes to: its gross amount, less its discount if it has any.

    Raises InvalidValue for a discount in another currency and for what is more than money can be.
    """
    gross, discount = gross_amount(line), getattr(line, "discount", None)
    return gross if gross is None or discount is None else gross - discount


def lines_total(lines: Iterable[Priced], discount: Money | None = None) -> Money | None:
    """The sum of what the lines come to, less `discount` on all of them; None if no line has a price, if currencies
    differ, or if it is more than money can be."""
    try:
        amounts = [amount for line in lines if (amount := line_amount(line)) is not None]
        if not amounts:
            return None
        total = sum(amounts[1:], amounts[0])
        return total if discount is None else total - discount
    except InvalidValue:
        return None


def discount_problem(amount: Money | None, discount: Money | None) -> str | None:
    """What is wrong with a discount on an amount: it is in another currency, has another sign (a return takes the
    discount back), or is more than the amount. None if it is sound, or nothing can be said."""
    if amount is None or discount is None:
        return None
    if amount.currency != discount.currency:
        return f"a discount of {discount} cannot be taken off an amount in {amount.currency}"
    if not discount.amount:
        return None
    if (discount.amount < 0) != (amount.amount < 0):
        return f"a discount of {discount} on {amount} is no discount: give it the sign of the amount"
    return f"a discount of {discount} is more than the amount, {amount}" if abs(discount) > abs(amount) else None


def line_problems(lines: Sequence[Line], discount: Money | None) -> dict[str, str]:
    """What is wrong with lines and the discount on all of them, under `lines` and `discount`."""
    try:
        for number, line in enumerate(lines, 1):
            if problem := discount_problem(gross_amount(line), line.discount):
                return {"lines": f"line {number}: {problem}"}
        amounts = [amount for line in lines if (amount := line_amount(line)) is not None]
        if len({amount.currency for amount in amounts}) != 1:
            return {}
        problem = discount_problem(sum(amounts[1:], amounts[0]), discount)
    except InvalidValue as error:
        return {"lines": f"they come to more than money can be: {error.message}"}
    return {"discount": problem} if problem else {}
