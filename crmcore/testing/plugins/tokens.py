"""Values that are nowhere else, one for each place: to be looked for in what is handed out, and in what is left."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import attrs

from crmcore.domain.field import Field
from crmcore.domain.money import Money

SHORTEST: Final = 8
"""Characters of a text below which it could stand somewhere by chance."""
FIRST_DAY: Final = dt.date(1583, 1, 1)


@attrs.frozen
class Token:
    """A value for one place (`legal.matter.title`, `customer.loyalty.card_number`), and the texts by which any storage
    or export shows it."""

    place: str
    value: Any
    forms: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether a text has it, in whatever form."""
        return any(form in text for form in self.forms)


class Tokens:
    """Makes tokens; those of different names are different."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self.made: list[Token] = []

    def of(self, place: str, field: Field) -> Token | None:
        """A token for a field, or None if it can hold none: a choice, a reference, a text that is too short or that
        its validators want otherwise."""
        self._count += 1
        digits = str(int(hashlib.sha256(f"{self._name} {self._count}".encode()).hexdigest(), 16))[:15].replace("0", "7")
        for value, forms in _candidates(field, digits, self._count):
            if field.check(value) is None:
                token = Token(place, value, forms)
                self.made.append(token)
                return token
        return None

    def forget(self, places: Iterable[str]) -> None:
        """Leave out the tokens of these places, which could not be stored there."""
        gone = set(places)
        self.made = [token for token in self.made if token.place not in gone]


def found_in(tokens: Iterable[Token], text: str) -> list[str]:
    """The places whose tokens a text has."""
    return sorted(token.place for token in tokens if token.is_in(text))


def _candidates(field: Field, digits: str, number: int) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Values that a field of this kind may accept, each with its forms."""
    if field.kind == "text":
        yield from _texts(digits, field.length)
    elif field.kind == "json":
        yield {"token": f"t{digits}"}, (digits,)
    elif field.kind == "choices" and not field.options and field.length >= SHORTEST:
        text = f"t{digits}"[: field.length]
        yield frozenset({text}), (text,)
    elif field.kind == "integer":
        yield int(digits), (digits,)
    elif field.kind in ("decimal", "money"):
        yield from _numbers(field, digits)
    elif field.kind == "date":
        day = FIRST_DAY + dt.timedelta(days=int(digits[:4]) + number)
        yield day, (day.isoformat(),)
    elif field.kind == "datetime":
        moment = dt.datetime(1999, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(digits[:14]))
        yield moment, (f"{moment:%H:%M:%S.%f}",)


def _texts(digits: str, length: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words first, then what validators of numbers, codes, addresses and links want."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in digits)
    for text in (f"t{digits}", digits, letters, letters.upper()):
        if min(length, len(text)) >= SHORTEST:
            yield text[:length], (text[:length], text[:length].lower())
    for text in (f"{letters}@example.com", f"https://example.com/{letters}", f"+49{digits[:11]}"):
        if len(text) <= length:
            core = digits[:11] if text.startswith("+") else letters
            yield text, (core,)


def _numbers(field: Field, digits: str) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """With two decimal places, as far as there are; and shares between 0 and 1."""
    places = min(field.scale, 2) if field.kind == "decimal" else 2
    for scale, count in ((places, 15 - max(field.scale - places, 0)), (field.scale, min(field.scale, 15))):
        if count >= SHORTEST:
            amount = Decimal(digits[:count]).scaleb(-scale)
            value = Money(amount, "EUR") if field.kind == "money" else amount
            yield value, (digits[:count], str(amount))
