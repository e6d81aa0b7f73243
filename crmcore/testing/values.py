"""Hypothesis strategies for the values of a declared field, kind by kind. See `crmcore.testing.strategies`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crmcore.domain.errors import InvalidSetting
from crmcore.domain.field import Field
from crmcore.domain.kinds import DECIMAL_DIGITS, INTEGER_LIMIT
from crmcore.domain.money import MAX_AMOUNT, MONEY_SCALE, Money

References = Mapping[str, Sequence[UUID]]
"""The ids that references may point at, by the name of the record type."""

FIRST_DAY: Final = dt.date(1583, 1, 1)
LAST_DAY: Final = dt.date(9999, 12, 30)
CURRENCIES: Final = ("EUR", "USD", "JPY", "KWD", "IRR")
CHARACTERS: Final = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS: Final = (
    *("Leila", "لیلا حسینی", "كتاب", "محمّد", "علی\u200cرضا", "Zoë; Ñandú", "back\\slash", '"quoted"'),
    *("a,b", "=1+1", " x ", "🜁", "two\nlines", "null", "ﷺ", "e\u0301"),
)
"""Texts that careless code breaks on."""


def values(field: Field, references: References | None = None) -> SearchStrategy[Any]:
    """Values that the field's checks accept, None if it may be missing.

    References point at ids out of `references`; without those, anywhere. `InvalidSetting` if one is required and
    none of its type is given.
    """
    return st.none() | present(field, references) if field.optional else present(field, references)


def present(field: Field, references: References | None = None) -> SearchStrategy[Any]:
    """As `values`, but for None. A text with validators is a usual one, if any of those fits."""
    found = _ids(field, references) if field.kind == "reference" else _KINDS[field.kind](field)
    if not field.validators:
        return found
    usual = [text for text in (*CURRENCIES, *WORDS) if field.kind == "text" and field.check(text) is None]
    return st.sampled_from(usual) if usual else found.filter(lambda value: field.check(value) is None)


@lru_cache(maxsize=256)
def texts(length: int) -> SearchStrategy[str]:
    """Storable text of 1 to `length` characters."""
    words = [word for word in (*WORDS, "é" * min(length, 500)) if len(word) <= length]
    return st.sampled_from(words) | st.text(CHARACTERS, min_size=1, max_size=min(length, 20))


def moneys() -> SearchStrategy[Money]:
    """Amounts in currencies of different minor units, the usual ones often among them."""
    bound = int(MAX_AMOUNT) * 10**MONEY_SCALE - 1
    units = st.integers(-bound, bound) | st.integers(-10_000, 10_000_000)
    return st.builds(Money, units.map(lambda n: Decimal(n).scaleb(-MONEY_SCALE)), st.sampled_from(CURRENCIES))


def days() -> SearchStrategy[dt.date]:
    """Days of the years that files may state."""
    return st.dates(FIRST_DAY, LAST_DAY)


def moments() -> SearchStrategy[dt.datetime]:
    """Times in UTC, to the microsecond."""
    first, last = (dt.datetime.combine(day, dt.time()) for day in (FIRST_DAY, LAST_DAY))
    return st.datetimes(first, last, timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(fold=0))


def jsons() -> SearchStrategy[Any]:
    """What a JSON field can hold; null only inside."""
    leaves = st.booleans() | st.integers(-INTEGER_LIMIT, INTEGER_LIMIT - 1) | texts(10)
    nested = st.recursive(
        st.none() | leaves,
        lambda each: st.lists(each, max_size=3) | st.dictionaries(texts(5), each, max_size=3),
        max_leaves=5,
    )
    return nested.filter(lambda value: value is not None)


def _integers(field: Field) -> SearchStrategy[int]:
    return st.integers(-INTEGER_LIMIT, INTEGER_LIMIT - 1) | st.integers(-100, 100)


def _decimals(field: Field) -> SearchStrategy[Decimal]:
    """Shares between 0 and 1 are often among them, for those fields that take nothing else."""
    bound = 10**DECIMAL_DIGITS - 1
    units = st.integers(-bound, bound) | st.integers(0, 10**field.scale)
    return units.map(lambda n: Decimal(n).scaleb(-field.scale))


def _sets(field: Field) -> SearchStrategy[frozenset[str]]:
    each = st.sampled_from(field.options) if field.options else texts(field.length).filter(str.strip)
    return st.frozensets(each, max_size=4)


def _ids(field: Field, references: References | None) -> SearchStrategy[Any]:
    if references is None:
        return st.uuids()
    ids = [id for name, each in references.items() if field.target in (name, "*") for id in each]
    if ids:
        return st.sampled_from(ids)
    if field.optional:
        return st.none()
    raise InvalidSetting(f"{field.name} needs a {field.target}, but `references` has none")


_KINDS: Final[dict[str, Callable[[Field], SearchStrategy[Any]]]] = {
    "text": lambda field: texts(field.length),
    "integer": _integers,
    "decimal": _decimals,
    "money": lambda field: moneys(),
    "boolean": lambda field: st.booleans(),
    "date": lambda field: days(),
    "datetime": lambda field: moments(),
    "choice": lambda field: st.sampled_from(field.options),
    "choices": _sets,
    "json": lambda field: jsons(),
}
