"""The plain words for the types of columns, in revisions and snapshots. MariaDB's type tells all of ours apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from crmcore.adapters.sql import types
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.field import Field
from crmcore.domain.kinds import Kind

_MARIADB: Final = mysql.dialect()
_ASCII: Final = "CHARACTER SET ascii"
_PLAIN: Final = {
    "MEDIUMTEXT": "text",
    "CHAR": "id",
    "BIGINT": "integer",
    "TINYINT": "boolean",
    "DATE": "date",
    "DATETIME": "datetime",
}
_SPELLED: Final = re.compile(r"(text|code|decimal)\((\d{1,3})\)|text|integer|boolean|date|datetime|id")
_LONG: Final = 1_000_000
_TYPES: Final[dict[str, Callable[[], TypeEngine[Any]]]] = {
    "text": lambda: types.text_type(_LONG),
    "integer": types.integer_type,
    "boolean": lambda: types.column_type(Field(kind="boolean"), 0),
    "date": lambda: types.column_type(Field(kind="date"), 0),
    "datetime": types.datetime_type,
    "id": types.id_type,
}
_SIZED: Final[dict[str, Callable[[int], TypeEngine[Any]]]] = {
    "text": lambda size: types.text_type(size, size),
    "code": types.ascii_type,
    "decimal": types.decimal_type,
}
_KINDS: Final[dict[str, Kind]] = {"code": "choice", "id": "reference"}


def spelled(physical: TypeEngine[Any]) -> str:
    """The word for a column's type."""
    text = str(physical.compile(dialect=_MARIADB))
    head, _, rest = text.partition("(")
    if head == "VARCHAR":
        return f"{'code' if _ASCII in text else 'text'}({rest.partition(')')[0]})"
    if head == "NUMERIC":
        return f"decimal({rest.partition(')')[0].partition(',')[2].strip()})"
    return _PLAIN[head.partition(" ")[0]]


def type_of(word: str) -> TypeEngine[Any]:
    """The type that a word stands for; `InvalidDeclaration` for a word that is none."""
    name, size = _parts(word)
    return _SIZED[name](size) if size is not None else _TYPES[name]()


def field_of(word: str) -> Field:
    """A field whose values are stored as those of the column."""
    name, size = _parts(word)
    kind: Any = _KINDS.get(name, name)
    return Field(kind=kind, scale=(size or 0) if name == "decimal" else 0)


def is_wider(old: str, new: str) -> bool:
    """Whether every value of the one type fits into the other as it is."""
    (name, size), (other, room) = _parts(old), _parts(new)
    if name != other or name not in ("text", "code"):
        return False
    return room is None or (size is not None and room >= size)


def _parts(word: str) -> tuple[str, int | None]:
    found = _SPELLED.fullmatch(word)
    if found is None:
        raise InvalidDeclaration(
            f"{word!r} is no type of a column: write text(N), text, code(N), integer, decimal(N), boolean, date, "
            "datetime or id",
            type=word,
        )
    return (found[1], int(found[2])) if found[1] else (word, None)
