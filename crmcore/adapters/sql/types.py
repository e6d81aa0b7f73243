"""Physical types: the columns in which each kind of field is kept on each database.

Text compares exactly and by code point everywhere. SQLite has neither decimals nor times: it keeps scaled integers and
ISO texts of fixed width, which sort as the values do.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from crmcore.domain.errors import InvalidSetting
from crmcore.domain.field import Field
from crmcore.domain.kinds import DECIMAL_DIGITS, JSON_LIMIT
from crmcore.domain.money import MONEY_SCALE

Backend: TypeAlias = Literal["sqlite", "postgresql", "mariadb"]

DRIVERS: Final[dict[str, tuple[Backend, str]]] = {
    "pysqlite": ("sqlite", "qmark"),
    "psycopg": ("postgresql", "format"),
    "pymysql": ("mariadb", "format"),
    "mysqldb": ("mariadb", "format"),
}
"""SQLAlchemy's name of each driver that is supported: its backend and the parameter style of our statements."""

EXACT: Final = "utf8mb4_nopad_bin"
VARCHAR_LIMIT: Final = 500
"""Longer text is no VARCHAR on MariaDB, where all of a row's together have at most 65,535 bytes."""

_MARIADB = ("mysql", "mariadb")
_TEXTS = ("text", "choice", "choices")


def backend_of(dialect: sa.Dialect) -> Backend:
    """The backend that a SQLAlchemy dialect belongs to; `InvalidSetting` for a driver that is not supported."""
    found = DRIVERS.get(dialect.driver)
    if found is None:
        raise InvalidSetting(
            f"the database driver {dialect.driver!r} is not supported: use sqlite:///FILE, "
            "postgresql+psycopg://... or mysql+pymysql://...",
            driver=dialect.driver,
        )
    return found[0]


def text_type(length: int, varchar: int = VARCHAR_LIMIT) -> TypeEngine[Any]:
    """Text that compares exactly; on MariaDB a VARCHAR up to `varchar` characters, which alone can be indexed."""
    exact = {"charset": "utf8mb4", "collation": EXACT}
    maria: TypeEngine[Any] = mysql.VARCHAR(length, **exact) if length <= varchar else mysql.MEDIUMTEXT(**exact)
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql").with_variant(maria, *_MARIADB)


def ascii_type(length: int) -> TypeEngine[Any]:
    """Text out of names and codes of ours."""
    maria = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql").with_variant(maria, *_MARIADB)


def id_type() -> TypeEngine[Any]:
    """A UUID: native on PostgreSQL, else 32 hexadecimal digits."""
    maria = mysql.CHAR(32, charset="ascii", collation="ascii_bin")
    return sa.Text().with_variant(postgresql.UUID(as_uuid=True), "postgresql").with_variant(maria, *_MARIADB)


def integer_type() -> TypeEngine[Any]:
    """A whole number of 64 bits."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def decimal_type(scale: int) -> TypeEngine[Any]:
    """An exact number of 18 digits; on SQLite an integer that counts units of the last place."""
    return sa.Numeric(DECIMAL_DIGITS, scale).with_variant(sa.Integer(), "sqlite")


def datetime_type() -> TypeEngine[Any]:
    """A moment in UTC, to the microsecond."""
    native = postgresql.TIMESTAMP(timezone=True)
    return sa.Text().with_variant(native, "postgresql").with_variant(mysql.DATETIME(fsp=6), *_MARIADB)


def column_type(field: Field, varchar: int) -> TypeEngine[Any]:
    """The type of a field's (first) column."""
    match field.kind:
        case "text" | "choice":
            return text_type(field.length, varchar)
        case "integer":
            return integer_type()
        case "decimal":
            return decimal_type(field.scale)
        case "money":
            return decimal_type(MONEY_SCALE)
        case "boolean":
            return sa.Integer().with_variant(sa.Boolean(), "postgresql").with_variant(mysql.TINYINT(1), *_MARIADB)
        case "date":
            return sa.Text().with_variant(sa.Date(), "postgresql", *_MARIADB)
        case "datetime":
            return datetime_type()
        case "reference":
            return id_type()
    return text_type(JSON_LIMIT, varchar)


def fold_name(field: Field) -> str:
    """The shadow column that holds the fold of a text."""
    return f"{field.name}_fold"


def currency_name(field: Field) -> str:
    """The column that holds the currency of an amount."""
    return f"{field.name}_currency"


def column_names(field: Field) -> tuple[str, ...]:
    """The columns of a field, in order; none for a set, which has a table of its own."""
    if field.kind == "choices":
        return ()
    if field.kind == "money":
        return (field.name, currency_name(field))
    return (field.name, fold_name(field)) if field.kind == "text" and field.fold else (field.name,)


def columns(field: Field, required: bool, indexed: bool, varchar: int) -> list[sa.Column[Any]]:
    """The columns of a field, unbound; `info["bytes"]` is what each takes in an index. `varchar`: see `text_type`."""
    names = column_names(field)
    if not names:
        return []
    limit = field.length if indexed else varchar
    made = [_column(names[0], column_type(field, limit), 4 * field.length if field.kind in _TEXTS else 32, required)]
    if field.kind == "money":
        made.append(_column(names[1], ascii_type(3), 3, required))
    elif len(names) > 1:
        made.append(_column(names[1], text_type(field.length, limit), 4 * field.length, required))
    return made


def _column(name: str, physical: TypeEngine[Any], size: int, required: bool) -> sa.Column[Any]:
    boolean = isinstance(physical, sa.Integer) and not isinstance(physical, sa.BigInteger)
    return sa.Column(name, physical, nullable=not required, info={"bytes": size, "boolean": boolean})
