"""Readers of single values, kind by kind: of text by `domain.reading`, of JSON's own types where they are exact."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn
from uuid import UUID

from crmcore.domain.errors import InvalidValue, nearest
from crmcore.domain.field import Field
from crmcore.domain.kinds import JSON_LIMIT, storable_text
from crmcore.domain.money import Money
from crmcore.domain.reading import read_boolean, read_date, read_datetime, read_decimal, read_integer, shorten
from crmcore.ports.codec import FieldRule, Rules, Unresolved

Scalar = Callable[[Any], Any]
DIGITS: Final = 64
_ID: Final = re.compile("[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_MONEY: Final = re.compile(r"(?P<amount>.*\S)\s+(?P<currency>[A-Z]{3})\s*", re.DOTALL)


def _refuse(value: object, wanted: str) -> NoReturn:
    raise InvalidValue(f"expected {wanted}, got {type(value).__name__}", value=type(value).__name__)


def _text(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    """Any text as it stands; the field's own check says what does not fit."""
    return lambda value: value


def _integer(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    mark = rule.decimal or rules.decimal

    def read(value: Any) -> int:
        if type(value) is str:
            return read_integer(value, mark)
        return value if type(value) is int else _refuse(value, "a whole number")

    return read


def _decimal(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    mark = rule.decimal or rules.decimal

    def read(value: Any) -> Decimal:
        return _number(value, mark, "a number")

    return read


def _number(value: Any, mark: str | None, wanted: str) -> Decimal:
    if type(value) is str:
        return read_decimal(value, mark)
    if type(value) is not int and type(value) is not Decimal:
        _refuse(value, f"{wanted}, exact (a Decimal, a whole number or text)")
    number = Decimal(value)
    if not number.is_finite() or len(number.as_tuple().digits) > DIGITS or abs(number.adjusted()) > DIGITS:
        raise InvalidValue(f"is not {wanted} of usual size", value=type(value).__name__)
    return number


def _money(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    """`12.50 EUR`, or a bare amount in the currency of the rules; from JSON also `{"amount", "currency"}`."""
    mark, base = rule.decimal or rules.decimal, rule.currency or rules.currency

    def read(value: Any) -> Money:
        if isinstance(value, Mapping):
            return Money.from_plain(value)
        stated = _MONEY.fullmatch(value) if type(value) is str else None
        if stated is not None:
            return Money(read_decimal(stated["amount"], mark), stated["currency"])
        amount = _number(value, mark, "an amount")
        if base is None:
            raise InvalidValue(
                f"{amount:f} has no currency: write '{amount:f} EUR', or declare one for all", value=value
            )
        return Money(amount, base)

    return read


def _boolean(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    sheet = rules.sheet  # not the rules themselves: what is kept for them would keep them

    def read(value: Any) -> bool:
        if type(value) is int and sheet:
            value = str(value)
        if type(value) is str:
            return read_boolean(value)
        return value if type(value) is bool else _refuse(value, "true or false")

    return read


def _date(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    """A date as text, or typed in a sheet; there, midnight is a date as well."""
    form, sheet = rule.date_format or rules.date_format, rules.sheet
    convert = rule.read or (lambda text: read_date(text, form))

    def read(value: Any) -> dt.date:
        if type(value) is str:
            return convert(value)
        if isinstance(value, dt.datetime) and sheet:
            if value.time() != dt.time():
                raise InvalidValue(f"'{value}' has a time of day where a date alone is asked", value=str(value))
            return value.date()
        return value if type(value) is dt.date and sheet else _refuse(value, "a date as text")

    return read


def _datetime(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    form, zone, sheet = rule.date_format or rules.date_format, rules.zone, rules.sheet
    convert = rule.read or (lambda text: read_datetime(text, zone, form))

    def read(value: Any) -> dt.datetime:
        if type(value) is str:
            return convert(value)
        if isinstance(value, dt.date) and sheet:  # local to the zone, as every time without one
            return read_datetime(value.isoformat(), zone)
        return _refuse(value, "a time as text")

    return read


def _option(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    """One of the options, to the letter; any text if there are none."""
    options = field.options

    def read(value: Any) -> str:
        if type(value) is not str:
            _refuse(value, "text")
        if options and value not in options:
            close = nearest(value, options)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise InvalidValue(f"{shorten(value)} is none of {', '.join(options)}{hint}", value=value)
        return value

    return read


def _reference(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    """An id, or the text by which the record is to be found; the record's own id is nothing else."""

    def read(value: Any) -> UUID | Unresolved:
        if type(value) is not str:
            _refuse(value, "text")
        if rule.match is None and _ID.fullmatch(value):
            return UUID(value)
        if field.name == "id":
            raise InvalidValue(f"{shorten(value)} is no id", value=value)
        if problem := storable_text(value):
            raise InvalidValue(f"{shorten(value)} {problem}", value=value)
        return Unresolved(value)

    return read


def _json(field: Field, rule: FieldRule, rules: Rules) -> Scalar:
    if rules.typed:
        return lambda value: value
    return lambda value: _parsed(value) if type(value) is str else value


def _parsed(text: str) -> Any:
    if len(text) > JSON_LIMIT:
        raise InvalidValue(f"is longer than {JSON_LIMIT} characters", value=text)
    try:
        return json.loads(text, parse_float=_no_fraction, parse_constant=_no_fraction, object_pairs_hook=_no_doubles)
    except InvalidValue:
        raise
    except RecursionError:
        raise InvalidValue(f"{shorten(text)} is nested too deep", value=text) from None
    except ValueError as error:
        raise InvalidValue(f"{shorten(text)} is not JSON: {error}", value=text) from None


def _no_fraction(text: str) -> NoReturn:
    raise InvalidValue(f"{text} is not exact in JSON; write it as text", value=text)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidValue("an object has a key twice", value=str([key for key, _ in pairs]))
    return found


SCALARS: Final[dict[str, Callable[[Field, FieldRule, Rules], Scalar]]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "choice": _option,
    "choices": _option,
    "reference": _reference,
    "json": _json,
}
"""By kind, what makes the reader of one value; of a set, the reader of one of its values."""
