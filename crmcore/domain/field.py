"""How a field is declared. One declaration; table, converter, schema, columns and strategies follow from it.

Write `name: str = field.text()` for a required field and `name: str | None = field.text(default=None)` for one
that may be missing: what has no default is required.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar

import attrs

from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.kinds import CHECKS, FROM_PLAIN, TO_PLAIN, Kind

Search = Literal["name", "email", "phone", "code"]
OnRemove = Literal["refuse", "clear", "follow"]
OnErase = Literal["wipe", "keep"]
OnMerge = Literal["follow", "stay"]
Merge = Literal[
    "most_recent",
    "source_priority",
    "most_complete",
    "most_frequent",
    "longest",
    "verified_first",
    "pin",
    "union",
    "most_restrictive",
]
Validator = Callable[[Any], str | None]
T = TypeVar("T")
NOTHING: Final = attrs.NOTHING
KEY: Final = "crmcore"
CHOICE_LENGTH: Final = 40
"""How long an option may be, in characters: of any choice, so that one more option changes no column."""


@attrs.frozen(kw_only=True)
class Field:
    """A declared field. `length` is in characters, `scale` in decimal places; `target` names the record type
    that a reference points at ("*": the type that the sibling field `target_field` names). `tells` names fields of the
    record that a log is about which are read from this field of the log: it is hidden where one of them is.

    `merge` chooses among the values of records that are merged, `merge_with` the field beside which it survives: then
    the value comes from a record that states that one alike; `on_merge` says whether a reference then points at the
    survivor (follow) or tells what was (stay). `on_erase`: a personal value goes with the erasure of its person, or is
    kept, for what `keep_reason` says. Reads of a `sensitive` field can be logged. `system`: set by crmcore alone."""

    kind: Kind
    name: str = ""
    required: bool = False
    default: Any = None
    length: int = 255
    scale: int = 0
    options: tuple[str, ...] = ()
    target: str = ""
    target_field: str = ""
    index: bool = False
    unique: bool = False
    search: Search | None = None
    fold: bool = False
    personal: bool = False
    tells: tuple[str, ...] = ()
    merge: Merge = "most_recent"
    merge_with: str = ""
    on_remove: OnRemove = "refuse"
    on_erase: OnErase = "wipe"
    keep_reason: str = ""
    on_merge: OnMerge = "follow"
    sensitive: bool = False
    system: bool = False
    validators: tuple[Validator, ...] = ()
    label: Mapping[str, str] = attrs.field(factory=dict)
    since: str = "0.1"

    @property
    def optional(self) -> bool:
        """Whether the value may be missing (None): it has a default, and that is None."""
        return not self.required and self.default is None

    def check(self, value: Any) -> str | None:
        """What is wrong with a value that is not None; None if it fits."""
        problem = CHECKS[self.kind](self, value)
        if problem is None:
            for validate in self.validators:
                if problem := validate(value):
                    return problem
        return problem

    def plain(self, value: Any) -> Any:
        """The value as JSON can hold it."""
        convert = TO_PLAIN[self.kind]
        return value if value is None or convert is None else convert(value)

    def from_plain(self, plain: Any) -> Any:
        """The value back from its plain form; `InvalidValue` if it is not one."""
        return None if plain is None else FROM_PLAIN[self.kind](plain)


def _declare(
    kind: Kind, default: Any, kw_only: bool = False, converter: Callable[[Any], Any] | None = None, **options: Any
) -> Any:
    declared = Field(kind=kind, required=default is NOTHING, default=None if default is NOTHING else default, **options)
    return attrs.field(default=default, kw_only=kw_only, converter=converter, metadata={KEY: declared})


def in_utc(value: Any) -> Any:
    """A time in UTC; what is none, or cannot be brought there, is left for the check to refuse."""
    if value is None or not isinstance(value, dt.datetime) or value.tzinfo is dt.UTC or value.utcoffset() is None:
        return value
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return value


def text(*, default: Any = NOTHING, length: int = 255, fold: bool = True, **options: Any) -> Any:
    """Text of at most `length` characters, compared exactly; `fold=False` for codes, which are never sorted or
    searched by their fold."""
    if not 0 < length <= 1_000_000:
        raise InvalidDeclaration(f"a text's length is from 1 to 1,000,000 characters, not {length}")
    return _declare("text", default, length=length, fold=fold, **options)


def integer(*, default: Any = NOTHING, **options: Any) -> Any:
    """A whole number of 64 bits."""
    return _declare("integer", default, **options)


def decimal(*, scale: int, default: Any = NOTHING, **options: Any) -> Any:
    """An exact number with `scale` decimal places, 18 digits in all."""
    if not 0 <= scale <= 12:
        raise InvalidDeclaration(f"a decimal's scale is from 0 to 12, not {scale}")
    return _declare("decimal", default, scale=scale, **options)


def money(*, default: Any = NOTHING, **options: Any) -> Any:
    """An amount (scale 4) and its currency."""
    return _declare("money", default, **options)


def boolean(*, default: Any = NOTHING, **options: Any) -> Any:
    """True or false."""
    return _declare("boolean", default, **options)


def date(*, default: Any = NOTHING, **options: Any) -> Any:
    """A day, without a zone."""
    return _declare("date", default, **options)


def datetime(*, default: Any = NOTHING, **options: Any) -> Any:
    """A moment with its zone, kept in UTC to the microsecond."""
    return _declare("datetime", default, converter=in_utc, **options)


def choice(*options: str, default: Any = NOTHING, **rest: Any) -> Any:
    """One of `options`, each of at most 40 characters."""
    if not options or len(set(options)) != len(options):
        raise InvalidDeclaration(f"a choice needs distinct options, not {options!r}")
    if long := [each for each in options if len(each) > CHOICE_LENGTH]:
        raise InvalidDeclaration(f"an option has at most {CHOICE_LENGTH} characters, {long[0]!r} has {len(long[0])}")
    return _declare("choice", default, options=options, length=CHOICE_LENGTH, **rest)


def choices(*options: str, default: Any = NOTHING, length: int = 100, **rest: Any) -> Any:
    """A set (frozenset) of texts: out of `options`, or any text if none are given."""
    return _declare("choices", default, options=options, length=length, **rest)


def reference(target: str, *, default: Any = NOTHING, **options: Any) -> Any:
    """The id of a record of type `target`."""
    return _declare("reference", default, target=target, **options)


def json(*, default: Any = NOTHING, **options: Any) -> Any:
    """Anything that JSON holds exactly (no fractions), up to 60,000 characters; not to be filtered by value."""
    return _declare("json", default, **options)


def frozen(cls: type[T]) -> type[T]:
    """The class made immutable; InvalidDeclaration where a required field stands after one with a default."""
    try:
        return attrs.frozen(cls)
    except ValueError as error:
        if "mandatory" not in str(error):
            raise
        raise InvalidDeclaration(
            f"{cls.__name__}: a required field stands after one that has a default; put required fields first"
        ) from None


def declared_fields(cls: type) -> tuple[Field, ...]:
    """The declared fields of an attrs class, in order, each with its name."""
    found = []
    for attribute in attrs.fields(cls):
        if isinstance(declared := attribute.metadata.get(KEY), Field):
            found.append(attrs.evolve(declared, name=attribute.name))
    return tuple(found)
