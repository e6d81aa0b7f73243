"""How values become what a driver takes and back, for each backend.

The snippets are what `rowcode` builds its functions from; `{v}` stands for the value, which is never None there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import StorageFailed
from crmcore.domain.field import Field
from crmcore.domain.fold import fold_column
from crmcore.domain.money import MONEY_SCALE, Money

_WIDE: Final = Context(prec=60)
"""Our own context: a host may have set the thread's to any precision."""


def scaled(value: Decimal, scale: int) -> int:
    """A decimal as a count of units of its last place."""
    return int(value.scaleb(scale, _WIDE))


def unscaled(count: int, scale: int) -> Decimal:
    """The decimal back."""
    return Decimal(count).scaleb(-scale, _WIDE)


def utc(value: dt.datetime) -> dt.datetime:
    """The moment in UTC."""
    return value if value.tzinfo is dt.UTC else value.astimezone(dt.UTC)


def stamp(value: dt.datetime) -> str:
    """A moment as text of fixed width, which sorts as moments do."""
    return utc(value).isoformat(" ", "microseconds")


def naive(value: dt.datetime) -> dt.datetime:
    """A moment in UTC without saying so."""
    return utc(value).replace(tzinfo=None)


def aware(value: dt.datetime) -> dt.datetime:
    """The moment that `naive` gave; PostgreSQL and MariaDB are asked for it in that form."""
    return value.replace(tzinfo=dt.UTC)


def aware_text(value: str) -> dt.datetime:
    """The same from a text."""
    return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)


def canonical(value: Any) -> str:
    """JSON text that is equal for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def money_of_units(count: int, currency: str) -> Money:
    """Money from a scaled amount."""
    return Money(unscaled(count, MONEY_SCALE), currency)


Read: TypeAlias = Callable[[str], tuple[Any, int]]

_read: Final[Read] = json.JSONDecoder().raw_decode
_read_exact: Final[Read] = json.JSONDecoder(parse_float=Decimal).raw_decode
"""From text of a database to (value, its end): half the time of `json.loads`, which looks for blanks as well."""


def counted(text: str, read: Read = _read) -> tuple[list[Any], int]:
    """What MariaDB gathered, with the number of rows in front; `StorageFailed` if it was cut (see `gathering`)."""
    start = text.index("[")
    try:
        rows, end = read(text[start:])
    except ValueError:
        rows, end = [], 0
    if len(rows) != int(text[:start]):
        raise StorageFailed(
            f"MariaDB cut what belongs to a record after {len(text)} characters: raise group_concat_max_len"
        )
    return rows, end


def counted_exact(text: str) -> tuple[list[Any], int]:
    """The same with decimals."""
    return counted(text, _read_exact)


def first(row: list[Any]) -> Any:
    """What parts are sorted by: their number."""
    return row[0]


def padded(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of an IN list, the last repeated up to a power of two, so that lists of all lengths share shapes."""
    wanted = 1 << (len(values) - 1).bit_length() if values else 0
    return values + values[-1:] * (wanted - len(values))


NAMES: Final[Mapping[str, Any]] = {
    "Decimal": Decimal,
    "Money": Money,
    "UUID": UUID,
    "aware": aware,
    "aware_text": aware_text,
    "canonical": canonical,
    "date_from": dt.date.fromisoformat,
    "datetime_from": dt.datetime.fromisoformat,
    "first": first,
    "fold_column": fold_column,
    "counted": counted,
    "counted_exact": counted_exact,
    "read": _read,
    "read_exact": _read_exact,
    "money_of_units": money_of_units,
    "naive": naive,
    "scaled": scaled,
    "stamp": stamp,
    "unscaled": unscaled,
    "utc": utc,
}
"""What the generated functions may use."""

ENCODE: Final[Mapping[Backend, Mapping[str, str]]] = {
    "sqlite": {
        "decimal": "scaled({v}, {scale})",
        "money": "scaled({v}.amount, 4)",
        "boolean": "int({v})",
        "date": "{v}.isoformat()",
        "datetime": "stamp({v})",
        "reference": "{v}.hex",
        "json": "canonical({v})",
    },
    "postgresql": {"money": "{v}.amount", "datetime": "utc({v})", "json": "canonical({v})"},
    "mariadb": {
        "money": "{v}.amount",
        "boolean": "int({v})",
        "datetime": "naive({v})",
        "reference": "{v}.hex",
        "json": "canonical({v})",
    },
}
"""From a value to the driver; kinds that are not named pass as they are."""

DECODE: Final[Mapping[Backend, Mapping[str, str]]] = {
    "sqlite": {
        "decimal": "unscaled({v}, {scale})",
        "money": "money_of_units({v}, {c})",
        "boolean": "{v} == 1",
        "date": "date_from({v})",
        "datetime": "datetime_from({v})",
        "reference": "UUID(int=int({v}, 16))",
        "json": "read({v})[0]",
    },
    "postgresql": {"money": "Money({v}, {c})", "datetime": "aware({v})", "json": "read({v})[0]"},
    "mariadb": {
        "money": "Money({v}, {c})",
        "boolean": "{v} == 1",
        "datetime": "aware({v})",
        "reference": "UUID(int=int({v}, 16))",
        "json": "read({v})[0]",
    },
}
"""From a column of a row to the value; `{c}` is the currency."""

_JSON: Final[Mapping[str, str]] = {
    "decimal": "Decimal({v})",
    "money": "Money(Decimal({v}), {c})",
    "boolean": "bool({v})",
    "date": "date_from({v})",
    "datetime": "aware_text({v})",
    "reference": "UUID({v})",
    "json": "read({v})[0]",
}

DECODE_JSON: Final[Mapping[Backend, Mapping[str, str]]] = {
    "sqlite": DECODE["sqlite"],
    "postgresql": _JSON,
    "mariadb": _JSON,
}
"""The same for what a sub-select gathered as JSON."""

Parameter: TypeAlias = Callable[[Field, Any], Any]


def escaped(field: Field, value: str) -> str:
    """The pattern of a LIKE that looks for a text wherever it stands; ! escapes."""
    return "%" + value.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


PARAMETERS: Final[Mapping[Backend, Mapping[str, Parameter]]] = {
    "sqlite": {
        "decimal": lambda field, value: scaled(value, field.scale),
        "money": lambda field, value: scaled(value.amount, MONEY_SCALE),
        "boolean": lambda field, value: int(value),
        "date": lambda field, value: value.isoformat(),
        "datetime": lambda field, value: stamp(value),
        "reference": lambda field, value: value.hex,
    },
    "postgresql": {
        "money": lambda field, value: value.amount,
        "datetime": lambda field, value: utc(value),
        "contains": escaped,
    },
    "mariadb": {
        "money": lambda field, value: value.amount,
        "boolean": lambda field, value: int(value),
        "datetime": lambda field, value: naive(value),
        "reference": lambda field, value: value.hex,
    },
}
"""From a value of a predicate to a parameter; kinds that are not named pass as they are. Of money: the amount."""
