"""Readers of one column's values from outside: exact or refused, which raises `InvalidValue`.

An empty text and null are absent, or clear the value where the rules say so. For all kinds but text, blanks are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from crmcore.adapters.serialization.scalars import SCALARS
from crmcore.domain.cells import parted, shown
from crmcore.domain.columns import REQUIRED, Column
from crmcore.domain.errors import InvalidSetting, InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.kinds import CHECKS
from crmcore.domain.reading import DECIMAL_MARKS, shorten
from crmcore.ports.codec import FieldRule, Rules, Unresolved

Reader = Callable[[Any], Any]
WHOLE: Final = re.compile(r"\s*(-?[0-9]+)(?:\.0*)?\s*")
ABSENT: Final = object()
"""What a reader gives for an empty text."""

TYPED_IN_SHEETS: Final = frozenset({"integer", "decimal", "money", "boolean", "date", "datetime"})
"""Kinds that take a typed cell of a sheet as it is."""

SOUND: Final = frozenset({"boolean", "choice", "date", "datetime", "money"})
"""Kinds of which whatever was read fits the field, but for its validators."""


def reader_of(column: Column, rules: Rules) -> Reader:
    """The reader of a column; `InvalidSetting` for a rule that cannot work with it."""
    field, rule = column.field, rules.fields.get(column.name, FieldRule())
    _check_rule(column, rule)
    _check_mark(rule.decimal or rules.decimal)
    read = _mapped(rule, _whole(rule, SCALARS[field.kind](field, rule, rules)))
    if rules.sheet and (rule.values is not None or field.kind not in TYPED_IN_SHEETS):
        read = _of_text(read)
    if field.kind == "choices":
        read = _checked(field, _several(_parting(rule), read, frozenset))
    else:
        read = _checked(field, read)
        if column.many:
            read = _several(_parting(rule), read, _distinct)
        elif column.group is not None and column.group.several:
            read = _maybe_several(rule, read)
    if rules.sheet and (field.kind == "choices" or column.many or rule.split is not None):
        read = _of_text(read)
    return _unless_empty(column, rules, read)


def _of_text(read: Reader) -> Reader:
    """A reader of texts, for typed cells of a sheet; a list is several of them."""
    return lambda value: read(value if type(value) in (str, list) else shown(value))


def _check_rule(column: Column, rule: FieldRule) -> None:
    field = column.field
    plural = field.kind == "choices" or (column.group is not None and column.group.several)
    unfit = {
        "split": rule.split is not None and not plural,
        "currency": rule.currency is not None and field.kind != "money",
        "date_format": rule.date_format is not None and field.kind not in ("date", "datetime"),
        "read": rule.read is not None and field.kind not in ("date", "datetime"),
        "match": rule.match is not None and field.kind != "reference",
        "number": rule.number is not None and field.kind not in ("text", "reference", "integer"),
    }
    for name, wrong in unfit.items():
        if wrong:
            raise InvalidSetting(f"{column.name} is one value of type {field.kind}, to which {name!r} says nothing")
    if rule.split is not None and not rule.split.strip():
        raise InvalidSetting(
            f"{column.name}: {shorten(rule.split)} cannot part values; give a visible mark, such as ';'"
        )


def _check_mark(mark: str | None) -> None:
    if mark is not None and mark not in DECIMAL_MARKS:
        raise InvalidSetting(f"{shorten(mark)} is not a decimal mark; give '.' or ','")


def _whole(rule: FieldRule, read: Reader) -> Reader:
    """Without the fraction of zeros that a whole number may have where the rule says that all are whole."""
    if rule.number != "whole":
        return read

    def read_whole(value: Any) -> Any:
        found = WHOLE.fullmatch(value) if type(value) is str else None
        if found is None:
            raise InvalidValue(f"{shorten(value)} is no whole number", value=repr(value))
        return read(found[1])

    return read_whole


def _mapped(rule: FieldRule, read: Reader) -> Reader:
    meant = rule.values
    if meant is None:
        return read

    def read_meant(value: Any) -> Any:
        text = meant.get(value) if type(value) is str else None
        if text is None:
            raise InvalidValue(f"{shorten(value)} is not among the values that the map lists", value=repr(value))
        return read(text)

    return read_meant


def _checked(field: Field, read: Reader) -> Reader:
    if field.kind in SOUND and not field.validators:
        return read
    check = field.check if field.validators else partial(CHECKS[field.kind], field)

    def read_checked(value: Any) -> Any:
        found = read(value)
        if type(found) is not Unresolved and (problem := check(found)):
            raise InvalidValue(problem, value=value)
        return found

    return read_checked


def _parting(rule: FieldRule) -> Callable[[str], list[str]]:
    if rule.split is None:
        return parted
    mark = rule.split.strip()
    return lambda text: [piece for each in text.split(mark) if (piece := each.strip())]


def _several(part: Callable[[str], list[str]], read: Reader, collect: Callable[[list[Any]], Any]) -> Reader:
    def read_several(value: Any) -> Any:
        pieces: Sequence[Any] = part(value) if type(value) is str else value
        if type(pieces) is not list:
            raise InvalidValue(f"expected text or a list, got {type(value).__name__}", value=type(value).__name__)
        return collect([read(piece) for piece in pieces])

    return read_several


def _maybe_several(rule: FieldRule, read: Reader) -> Reader:
    """One value, or where that was declared several in one text; a list is always several."""
    several = _several(_parting(rule), read, _distinct)
    if rule.split is not None:
        return several
    return lambda value: several(value) if type(value) is list else read(value)


def _distinct(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _unless_empty(column: Column, rules: Rules, read: Reader) -> Reader:
    blanks_count = column.field.kind == "text" and not column.many
    empty: Any = None if rules.clear else ABSENT
    in_part = column.group is not None and column.group.place != "facet"  # there, clearing takes the part away
    refused = rules.clear and not (column.field.optional or column.field.kind == "choices" or in_part)

    def read_unless_empty(value: Any) -> Any:
        if value is None or value == "" or (not blanks_count and type(value) is str and value.isspace()):
            if refused:
                raise InvalidValue(REQUIRED, value=value)
            return empty
        return read(value)

    return read_unless_empty
