"""Declarations as data: fields that can be kept in a database or a file, and facets made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import attrs

from crmcore.domain import field
from crmcore.domain.errors import CrmError, InvalidDeclaration
from crmcore.domain.facet import Facet, facet
from crmcore.domain.field import KEY, Field, in_utc
from crmcore.domain.kinds import Kind

KINDS: Final[tuple[str, ...]] = get_args(Kind)
LISTS: Final = frozenset(("options", "tells"))
UNTOLD: Final = frozenset(("kind", "default", "validators"))
"""What a plain form tells in another way, or not at all: functions are no data."""

_TOLD: Final = tuple(a for a in attrs.fields(Field) if a.name not in UNTOLD)
_BARE: Final = Field(kind="text")
"""A field with nothing said but its kind: what differs from it is worth telling."""


def field_to_plain(declared: Field) -> dict[str, Any]:
    """The field as JSON can hold it: its kind, and what is not as in a field of which nothing else was said.

    Validators are left out.
    """
    plain: dict[str, Any] = {"kind": declared.kind}
    for each in _TOLD:
        value = getattr(declared, each.name)
        if value != getattr(_BARE, each.name):
            plain[each.name] = _plain(each.name, value)
    if declared.default is not None:
        plain["default"] = declared.plain(declared.default)
    return plain


def field_from_plain(plain: Mapping[str, Any]) -> Field:
    """The field back from its plain form; `InvalidDeclaration` for what is none, or says what is not known here."""
    told = dict(plain)
    kind, default = told.pop("kind", None), told.pop("default", None)
    if kind not in KINDS:
        raise InvalidDeclaration(f"a field's kind is one of {', '.join(KINDS)}, not {kind!r}")
    if unknown := sorted(told.keys() - {each.name for each in _TOLD}):
        raise InvalidDeclaration(f"nothing called {unknown[0]!r} is known of a field: a newer crmcore wrote it")
    values: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in told.items()}
    made = Field(kind=kind, **values)
    try:
        return made if default is None else attrs.evolve(made, default=made.from_plain(default))
    except CrmError as error:
        raise InvalidDeclaration(f"the default of the field {made.name!r} {error}") from error


def facet_class(
    record: str,
    fields: Sequence[Field],
    *,
    name: str = "Custom",
    label: Mapping[str, str] | None = None,
    since: str = "0.1",
) -> type[Facet]:
    """A facet of `record` with these fields, as `@facet` makes one of a class; values are given by keyword.

    Raises InvalidDeclaration for no field at all, for two of one name, and for a name that hides what a facet has.
    """
    names = [each.name for each in fields]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise InvalidDeclaration(f"a facet of {record!r} has two fields called {twice[0]!r}")
    if hiding := sorted(set(names) & set(dir(Facet))):
        raise InvalidDeclaration(
            f"a field of a facet of {record!r} cannot be called {hiding[0]!r}: every facet has that"
        )
    body: dict[str, Any] = {each.name: attribute_of(each) for each in fields}
    body |= {"__module__": __name__, "__doc__": f"Fields of {record} that were declared by data."}
    body["__annotations__"] = dict.fromkeys(names, Any)
    made: type[Facet] = type(name, (Facet,), body)
    return facet(record, label=label, since=since)(made)


def attribute_of(declared: Field) -> Any:
    """The field as the attribute of a class that is made of data; it is given by keyword."""
    return attrs.field(
        default=field.NOTHING if declared.required else declared.default,
        kw_only=True,
        converter=in_utc if declared.kind == "datetime" else None,
        metadata={KEY: declared},
    )


def _plain(name: str, value: Any) -> Any:
    if name in LISTS:
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
