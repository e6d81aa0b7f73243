"""A look at the whole file before any row is taken: dates and numbers that could be read in several ways.

Such a column is never read row by row, some values one way and some the other: the file is refused, and the message
says what would settle it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.domain.errors import ImportRefused, InvalidValue
from crmcore.domain.reading import (
    fitting_date_formats,
    fitting_decimals,
    looks_like_date,
    read_date,
    read_decimal,
    shorten,
)
from crmcore.ports.exchange import RawRow, RowSource

DATES: Final = ("date", "datetime")
NUMBERS: Final = ("integer", "decimal", "money")
_CURRENCY: Final = re.compile(r"\s+[A-Z]{3}\s*$")


@attrs.define(kw_only=True)
class Doubt:
    """The first value of a column that could mean several things, and the readings that fit all such values; where
    none does, `upto` tells the value that ruled out the last one."""

    column: str
    dates: bool
    line: int = 0
    value: str = ""
    fitting: list[str] | None = None
    upto: str = ""

    def look(self, line: int, value: str) -> None:
        """Take one value into account."""
        fits = _date_formats(value) if self.dates else _decimals(value)
        if fits is None:
            return
        if self.fitting is None:
            self.line, self.value, self.fitting = line, value, fits
        elif self.fitting:
            self.fitting = [each for each in self.fitting if each in fits]
            self.upto = "" if self.fitting else f" up to line {line}: {shorten(value)}"

    def __str__(self) -> str:
        where = f"column {self.column!r}, line {self.line}: {shorten(self.value)}"
        option = "--date-format" if self.dates else "--decimal"
        if not self.fitting:
            reading = "format" if self.dates else "decimal mark"
            return f"{where} {self._alone()}, and no one {reading} fits all values{self.upto}"
        choices = " or ".join(f"{option} {each if not self.dates else repr(each)}" for each in self.fitting)
        certain = "fits" if len(self.fitting) == 1 else "would each fit"
        return f"{where} can be read in several ways; {choices} {certain} all values"

    def _alone(self) -> str:
        """What is wrong with the first value by itself."""
        try:
            if self.dates:
                read_date(self.value)
        except InvalidValue as error:
            return error.message.removeprefix(shorten(self.value)).strip()
        return "can be read in several ways"


def scan(rows: RowSource, binding: Binding) -> None:
    """`ImportRefused` naming column, line and value if dates or numbers are in doubt and nothing is declared."""
    doubts = _undeclared(binding)
    if not doubts:
        return
    for row in rows:
        if isinstance(row, RawRow):
            for doubt in doubts:
                value = row.values.get(doubt.column)
                if isinstance(value, str) and value:
                    doubt.look(row.line, value)
    if found := [doubt for doubt in doubts if doubt.fitting is not None]:
        first = found[0]
        raise ImportRefused(
            f"the file cannot be imported as it stands: {'; '.join(map(str, found))}",
            column=first.column,
            line=first.line,
            value=first.value,
            **{"formats" if first.dates else "decimals": first.fitting},
        )


def _undeclared(binding: Binding) -> Sequence[Doubt]:
    found = []
    for field, rules in binding.rules.items():
        kind, rule, given = binding.columns.by_name[field].field.kind, rules[0], binding.given
        declared: Any = rule.values
        if kind in DATES:
            declared = declared or rule.date_format or given.date_format or given.fields[field].read
        elif kind in NUMBERS:
            declared = declared or rule.decimal or given.decimal
        if kind in (*DATES, *NUMBERS) and not declared:
            found.append(Doubt(column=rule.column, dates=kind in DATES))
    return found


def _date_formats(value: str) -> list[str] | None:
    """The formats that a date could be in; None if it is in no doubt, or no date at all."""
    return fitting_date_formats([value.partition(" ")[0]]) if looks_like_date(value) else None


def _decimals(value: str) -> list[str] | None:
    """The decimal marks that a number could be read with; None if it is in no doubt, or no number at all."""
    if "," not in value:
        return None
    bare = _CURRENCY.sub("", value)
    try:
        read_decimal(bare)
    except InvalidValue:
        return fitting_decimals([bare]) or None
    return None
