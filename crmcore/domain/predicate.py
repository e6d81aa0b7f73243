"""The predicate tree, its builders and its text.

Filters, segments, permissions, rules and reports share this one tree. It names things as a person writes
them; binding looks the names up in the catalogue and types the values. Trees compare and hash by meaning:
where a name or a value stood in a text is no part of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.literal import Value, is_reserved, value_of, written
from crmcore.domain.reading import shorten

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "~"]
OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)
MAX_DEPTH: Final = 20  # nested parentheses: at about 30 the parser of an older SQLite overflows


def _check_names(what: str, names: tuple[str, ...]) -> None:
    well_formed = all(name.isidentifier() and unicodedata.is_normalized("NFC", name) for name in names)
    if not names or not well_formed or is_reserved(names[0]):
        raise UnknownName(what, ".".join(names))


def _check_parts(parts: tuple[object, ...], at_least: int = 1) -> None:
    if len(parts) < at_least:
        raise InvalidValue(f"{at_least} predicates or more are joined, not {len(parts)}")
    for part in parts:
        if not isinstance(part, Predicate):
            raise InvalidValue(f"{shorten(part)} is no predicate; parse a text first")


@attrs.frozen
class Path:
    """What is asked about: `city`, `loyalty.tier`, `customer.city`. UnknownName for what can be no name."""

    names: tuple[str, ...]
    position: int = attrs.field(default=0, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_names("field", self.names)

    @classmethod
    def of(cls, dotted: str) -> Path:
        """The path that a dotted text means."""
        return cls(tuple(unicodedata.normalize("NFC", dotted).split(".")))

    def __str__(self) -> str:
        return ".".join(self.names)


@attrs.frozen
class Compare:
    """`path op value`; false where the path has no value. `~`: the folded text contains the folded value."""

    path: Path
    op: Operator
    value: Value

    def __attrs_post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise InvalidValue(f"unknown comparison {self.op!r}; use one of {' '.join(OPERATORS)}")


@attrs.frozen
class In:
    """`path in (values)`: equal to at least one of them."""

    path: Path
    values: tuple[Value, ...]

    def __attrs_post_init__(self) -> None:
        if not self.values:
            raise InvalidValue(f"{self.path} in (): name at least one value")


@attrs.frozen
class Missing:
    """`path is missing`: it has no value."""

    path: Path


@attrs.frozen
class Exists:
    """`record where (...)`: some related record of that type fits, or is there at all if `where` is None."""

    record: str
    where: Predicate | None = None
    position: int = attrs.field(default=0, eq=False)

    def __attrs_post_init__(self) -> None:
        _check_names("record type", tuple(self.record.split(".")))
        _check_parts(() if self.where is None else (self.where,), 0)


@attrs.frozen
class Not:
    """The part does not hold; so true where the part compares a missing value."""

    part: Predicate

    def __attrs_post_init__(self) -> None:
        _check_parts((self.part,), 1)


@attrs.frozen
class _Joined:
    parts: tuple[Predicate, ...]

    def __attrs_post_init__(self) -> None:
        _check_parts(self.parts, 2)


class And(_Joined):
    """All of two or more parts hold."""

    __slots__ = ()


class Or(_Joined):
    """At least one of two or more parts holds."""

    __slots__ = ()


Predicate: TypeAlias = And | Or | Not | Compare | In | Missing | Exists


def compare(path: str, op: Operator, value: Any) -> Compare:
    """`path op value`. UnknownName for what can be no path, InvalidValue for what `value_of` refuses."""
    return Compare(Path.of(path), op, value_of(value))


def equals(path: str, value: Any) -> Compare:
    """`path = value`."""
    return compare(path, "=", value)


def one_of(path: str, values: Iterable[Any]) -> In:
    """`path in (values)`. InvalidValue for none at all, and for a text where a list of texts is due."""
    if isinstance(values, str):
        raise InvalidValue(f"{path} in {shorten(values)}: give a list of values", value=values)
    return In(Path.of(path), tuple(map(value_of, values)))


def missing(path: str) -> Missing:
    """`path is missing`."""
    return Missing(Path.of(path))


def exists(record: str, where: Predicate | None = None) -> Exists:
    """`record where (...)`, or `record` alone. UnknownName for what can be no name."""
    return Exists(unicodedata.normalize("NFC", record), where)


def all_of(*parts: Predicate) -> Predicate:
    """The parts joined by `and`; one part is itself. InvalidValue for none."""
    return _joined(And, parts)


def any_of(*parts: Predicate) -> Predicate:
    """The parts joined by `or`; one part is itself. InvalidValue for none."""
    return _joined(Or, parts)


def _joined(kind: type[And] | type[Or], parts: tuple[Predicate, ...]) -> Predicate:
    _check_parts(parts, 1)
    flat = [each for part in parts for each in (part.parts if isinstance(part, kind) else (part,))]
    return kind(tuple(flat)) if len(flat) > 1 else flat[0]


def negate(part: Predicate) -> Predicate:
    """`not (...)`; a negation is undone."""
    return part.part if isinstance(part, Not) else Not(part)


def asks_for(predicate: Predicate, name: str) -> bool:
    """Whether a tree asks about this field of the record itself."""
    match predicate:
        case And(parts) | Or(parts):
            return any(asks_for(part, name) for part in parts)
        case Not(part):
            return asks_for(part, name)
        case Compare(path) | In(path) | Missing(path):
            return path.names[0] == name
        case Exists():
            return False


def render(predicate: Predicate) -> str:
    """The text from which `grammar.parse` reads an equal tree. InvalidValue for over 20 nested levels."""
    return _render(predicate, 0)


def _render(node: Predicate, depth: int) -> str:
    match node:
        case And(parts):
            return " and ".join(_within(part, And | Or, depth) for part in parts)
        case Or(parts):
            return " or ".join(_within(part, Or, depth) for part in parts)
        case Not(Exists() as part):
            return f"no {_render(part, depth)}"
        case Not(In(path, values)):
            return f"{path} not in ({', '.join(map(written, values))})"
        case Not(Missing(path)):
            return f"{path} is not missing"
        case Not(part):
            return f"not {_within(part, And | Or | Not, depth)}"
        case Compare(path, op, value):
            return f"{path} {op} {written(value)}"
        case In(path, values):
            return f"{path} in ({', '.join(map(written, values))})"
        case Missing(path):
            return f"{path} is missing"
        case Exists(record, where):
            return record if where is None else f"{record} where {_nest(where, depth)}"


def _within(part: Predicate, weaker: type | UnionType, depth: int) -> str:
    return _nest(part, depth) if isinstance(part, weaker) else _render(part, depth)


def _nest(node: Predicate, depth: int) -> str:
    if depth == MAX_DEPTH:
        raise InvalidValue(f"a predicate nested deeper than {MAX_DEPTH} levels cannot be written")
    return f"({_render(node, depth + 1)})"
