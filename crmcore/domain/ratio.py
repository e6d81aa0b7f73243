"""Exact numbers for figures: fractions of what was counted or summed, rounded once and at the end.

A third of a deal has no exact Decimal, so figures are fractions inside. Nothing here is a float, and nothing
depends on the precision that a host may have set for Decimal.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from crmcore.domain.errors import InvalidValue
from crmcore.domain.reading import shorten

__all__ = ["Number", "exact", "nonnegative", "number", "probability", "rounded", "share", "square_root", "whole"]

Number: TypeAlias = int | Decimal | Fraction

_LARGEST_EXPONENT = 60


def number(value: int | Decimal, what: str) -> Decimal:
    """`value` as a Decimal; `InvalidValue` names `what` for a float, a boolean, NaN, an infinity or 1E+999999."""
    if isinstance(value, Decimal):
        if value.is_finite() and abs(value.adjusted()) <= _LARGEST_EXPONENT:
            return value
    elif type(value) is int:
        return Decimal(value)
    raise InvalidValue(f"{shorten(value)} is not {what}; give a whole number or a Decimal, never a float", value=value)


def exact(value: Number, what: str) -> Fraction:
    """`value` as a fraction; errors as of `number`."""
    return value if isinstance(value, Fraction) else Fraction(number(value, what))


def nonnegative(value: Number, what: str) -> Fraction:
    """`value` as a fraction of 0 or more; `InvalidValue` names `what` otherwise."""
    found = exact(value, what)
    if found < 0:
        raise InvalidValue(f"{shorten(value)} is not {what}; give 0 or more", value=value)
    return found


def probability(value: Number) -> Fraction:
    """`value` as a fraction from 0 to 1 (60 percent is 0.6); `InvalidValue` otherwise."""
    found = exact(value, "a probability")
    if not 0 <= found <= 1:
        raise InvalidValue(
            f"{shorten(value)} is not a probability; give 0 to 1, such as 0.6 for 60 percent", value=value
        )
    return found


def whole(value: int, what: str, least: int = 0) -> int:
    """`value`, a whole number of `least` or more; `InvalidValue` names `what` otherwise."""
    if type(value) is not int or value < least:
        raise InvalidValue(f"{shorten(value)} is not {what}; give a whole number of {least} or more", value=value)
    return value


def share(part: Number, whole: Number) -> Fraction | None:
    """`part` / `whole`, or None if there is no whole to speak of (0 or less)."""
    total = exact(whole, "a total")
    return exact(part, "a part") / total if total > 0 else None


def rounded(value: Fraction, places: int = 4) -> Decimal:
    """`value` as a Decimal with `places` decimals, half to even."""
    return Decimal(f"{round(value * 10**places)}E-{places}")


def square_root(value: Fraction, places: int = 4) -> Decimal:
    """The root of a fraction of 0 or more, rounded to `places` decimals, by whole numbers only."""
    scaled = value * 100**places
    root = isqrt(scaled.numerator // scaled.denominator)
    above = scaled > root * root + root + Fraction(1, 4)
    return Decimal(f"{root + above}E-{places}")
