"""Amounts whose currency stands in a column of its own, as in the usual sheet of `Amount` and `Currency`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money, no_currency
from crmcore.domain.reading import shorten
from crmcore.ports.codec import Problem, Reading, RowReader, Schemas

OF_COLUMN: Final = "\0"
"""Begins the field of a problem that is one of a currency's column, whose name follows."""
_MOST_READERS: Final = 256


def row_reader(binding: Binding, schemas: Schemas, keys: Mapping[str, str]) -> RowReader:
    """What reads the rows of a file: bare amounts beside a column of currencies are in the currency of their row.

    A cell that is no currency, and an amount that states another one itself, are problems.
    """
    beside = {name: rules[0].currency_column for name, rules in binding.rules.items() if rules[0].currency_column}

    @lru_cache(maxsize=_MOST_READERS)
    def reader(*currencies: tuple[str, str]) -> RowReader:
        fields = dict(binding.given.fields)
        fields.update((name, attrs.evolve(fields[name], currency=code)) for name, code in currencies)
        given = attrs.evolve(binding.given, fields=fields)
        return schemas.reader(binding.type, list(binding.rules), given, keys)

    return _reading(beside, reader) if beside else reader()


def _reading(beside: Mapping[str, str], reader: Callable[..., RowReader]) -> RowReader:
    def read(row: Mapping[str, object]) -> Reading:
        codes: dict[str, str] = {}
        problems: dict[str, Problem] = {}
        for name, column in beside.items():
            try:
                if code := _code(row.get(column)):
                    codes[name] = code
            except InvalidValue as error:
                problems[column] = Problem(OF_COLUMN + column, row.get(column), error.message)
        found = reader(*codes.items())(row)
        for name, code in codes.items():
            amount = found.values.get(name)
            if isinstance(amount, Money) and amount.currency != code:
                reason = f"{code!r} differs from the currency that the amount states: {amount}"
                problems[beside[name]] = Problem(OF_COLUMN + beside[name], code, reason)
        return Reading(found.values, [*found.problems, *problems.values()])

    return read


def _code(cell: object) -> str | None:
    """The currency in a cell, None for a blank one; `InvalidValue` for all else."""
    code = cell.strip() if isinstance(cell, str) else cell
    if code in (None, ""):
        return None
    if not isinstance(code, str) or no_currency(code):
        raise InvalidValue(f"{shorten(cell)} is no currency: give its code in capitals, such as EUR", value=cell)
    return code
