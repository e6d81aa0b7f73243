"""Mapping files: which column of a file is which field, and how its texts are to be read (TOML; see `read_mapping`)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal, NoReturn

import attrs

from crmcore.domain.errors import ImportRefused, nearest
from crmcore.domain.reading import DECIMAL_MARKS, shorten

Missing = Literal["reject", "create", "leave"]
TABLES: Final = ("values", "also", "new")
"""What a rule says by a table."""
MISSING: Final = ("reject", "create", "leave")
NUMBERS: Final = ("whole",)
CALENDARS: Final = ("gregorian", "jalali")
SECTIONS: Final = ("record", "ignore", "columns", "defaults")


@attrs.frozen(kw_only=True)
class ColumnRule:
    """One line under `[columns]`. `missing`: what becomes of a reference to a record that is not there; `also`: by
    column of the file, further fields of a record that is created for it, `new`: values that each of those has.
    `number` "whole": 17850.0 stands for 17850. `currency_column`: the column that has the currencies of the amounts;
    where it is blank, `currency` counts.
    """

    column: str
    field: str
    values: Mapping[str, str] | None = None
    currency: str | None = None
    currency_column: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    calendar: str | None = None
    match: str | None = None
    missing: Missing = "reject"
    split: str | None = None
    number: str | None = None
    also: Mapping[str, str] | None = None
    new: Mapping[str, str] | None = None

    @property
    def others(self) -> tuple[str, ...]:
        """The further columns of the file that the rule uses."""
        return (*(self.also or ()), *((self.currency_column,) if self.currency_column else ()))

    @property
    def further(self) -> dict[str, str]:
        """The further fields of a record that is created, by the column that gives them; the values of `new` stand in
        columns that no file has, see `constants`."""
        return {**(self.also or {}), **{f"\0{name}": name for name in self.new or ()}}

    @property
    def constants(self) -> dict[str, str]:
        """The values of `new` by those columns."""
        return {f"\0{name}": value for name, value in (self.new or {}).items()}


RULES: Final = tuple(a.name for a in attrs.fields(ColumnRule) if a.name != "column")


@attrs.frozen(kw_only=True)
class ColumnMapping:
    """A mapping file, read. `defaults` has a value for fields of new records to which a row says nothing."""

    record: str | None = None
    ignore: tuple[str, ...] = ()
    columns: tuple[ColumnRule, ...] = ()
    defaults: Mapping[str, object] = attrs.field(factory=dict)


def read_mapping(text: str, name: str = "the map") -> ColumnMapping:
    """The mapping in a TOML text; `name` says in messages where it came from.

    Raises `ImportRefused` for what is no TOML, and for every key and value that has no meaning here.
    """
    try:
        given = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, ArithmeticError, RecursionError) as error:
        _refuse(name, f"it is not TOML: {error}")
    _check_keys(name, "", given, SECTIONS)
    columns = _table(name, "columns", given)
    return ColumnMapping(
        record=None if "record" not in given else _text(name, "record", given["record"]),
        ignore=_texts(name, "ignore", given.get("ignore", [])),
        columns=tuple(_column(name, column, rule) for column, rule in columns.items()),
        defaults={field: _default(name, field, value) for field, value in _table(name, "defaults", given).items()},
    )


def _column(name: str, column: str, rule: object) -> ColumnRule:
    where = f"columns.{column}"
    if isinstance(rule, str):
        return ColumnRule(column=column, field=rule)
    if not isinstance(rule, dict):
        _refuse(name, f"{where} is a field's name or a table with `field`, not {shorten(rule)}")
    _check_keys(name, where, rule, RULES)
    if "field" not in rule:
        _refuse(name, f"{where} does not say which `field` it is")
    made: dict[str, Any] = {key: _text(name, f"{where}.{key}", v) for key, v in rule.items() if key not in TABLES}
    for key in (key for key in TABLES if key in rule):
        made[key] = {
            known: _text(name, f"{where}.{key}.{known}", meant)
            for known, meant in _table(name, key, rule, where + ".").items()
        }
    _one_of(name, where, "missing", made, MISSING)
    _one_of(name, where, "decimal", made, DECIMAL_MARKS)
    _one_of(name, where, "calendar", made, CALENDARS)
    _one_of(name, where, "number", made, NUMBERS)
    return ColumnRule(column=column, **made)


def _default(name: str, field: str, value: object) -> object:
    """A value as JSON could hold it: the same reader takes it."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, str | bool | int | Decimal):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return list(value)
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return dict(value)
    _refuse(name, f"defaults.{field} cannot be {shorten(value)}")


def _check_keys(name: str, where: str, table: Mapping[str, object], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            close = nearest(key, known)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known are {', '.join(known)}"
            _refuse(name, f"{where + '.' if where else ''}{key} means nothing here; {hint}")


def _table(name: str, key: str, given: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    table = given.get(key, {})
    if not isinstance(table, dict):
        _refuse(name, f"{prefix}{key} is a table, not {shorten(table)}")
    return table


def _text(name: str, where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        _refuse(name, f"{where} is a text, not {shorten(value)}")
    return value


def _texts(name: str, where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        _refuse(name, f"{where} is a list of texts, not {shorten(value)}")
    return tuple(_text(name, where, each) for each in value)


def _one_of(name: str, where: str, key: str, made: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if key in made and made[key] not in known:
        _refuse(name, f"{where}.{key} is one of {', '.join(known)}, not {shorten(made[key])}")


def _refuse(name: str, problem: str) -> NoReturn:
    raise ImportRefused(f"{name} cannot be used: {problem}", map=name)
