"""Record types: declared once; table, converter, schema, columns and strategies follow from the declaration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal, Self, TypeVar, dataclass_transform
from uuid import UUID

import attrs

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.errors import FacetNotLoaded, InvalidDeclaration, NoFacet
from crmcore.domain.facet import Facet
from crmcore.domain.field import Field, Search, declared_fields, frozen
from crmcore.domain.part import PartType, declared_parts, getter, parts

R = TypeVar("R", bound="Record")
F = TypeVar("F", bound=Facet)

NIL: Final = UUID(int=0)
"""The id of a record that is not stored yet."""


MERGING: Final = "customer"
"""The record type whose records can be merged."""


@attrs.frozen(kw_only=True)
class Flat:
    """A flat name for a field of a part: `email` for the value of a contact point of kind e-mail.

    Filters match any such part, lists show the preferred one, a change replaces it. `many`: the name stands for the
    values of all such parts.
    """

    name: str
    part: str
    field: str
    where: Mapping[str, str] = attrs.field(factory=dict)
    many: bool = False
    search: Search | None = None
    label: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Derived:
    """A figure over related records that can be filtered by but is stored nowhere: the latest order's time, say.

    `how` is max or min, over `field` (a number, a day or a time) of the records of type `record` whose reference
    `via` points here.
    """

    name: str
    record: str
    via: str
    field: str
    how: Literal["max", "min"]
    label: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Hierarchy:
    """Fields by which records of certain kinds join one thing `above` to one `below` from a day until before
    another; such edges never go in a circle on any day."""

    above: str
    below: str
    kind: str
    kinds: frozenset[str]
    from_date: str
    to_date: str


@attrs.frozen(kw_only=True, eq=False)
class Options:
    """What a record type declares besides its fields: see `record`."""

    name: str
    plural: str
    label: Mapping[str, str]
    title: tuple[str, ...]
    subject: str
    timeline: tuple[str, str] | None
    flats: tuple[Flat, ...]
    derived: tuple[Derived, ...]
    append_only: bool
    indexes: tuple[tuple[str, ...], ...]
    unique: tuple[tuple[str, ...], ...]
    complete: Callable[[Any, Any], Any] | None
    validators: tuple[Callable[[Any], Mapping[str, str]], ...]
    hierarchy: Hierarchy | None
    system: bool
    since: str


@dataclass_transform(
    frozen_default=True, field_specifiers=(field.text, field.integer, field.reference, field.datetime, attrs.field)
)
def _frozen(cls: type[R]) -> type[R]:
    return attrs.frozen(cls)


@_frozen
class Record:
    """What every record has. Records are immutable; a change gives a new one.

    `id` is a UUIDv7 (nil until stored), `version` counts changes from 1, `source` and `external_id` name the system
    of origin and are unique together, times are in UTC, `facets` holds the facets that were fetched.
    """

    __crm__: ClassVar[Options | None] = None

    id: UUID = field.reference("", default=NIL, kw_only=True)
    version: int = field.integer(default=0, kw_only=True)
    source: str | None = field.text(default=None, kw_only=True, length=100, fold=False)
    external_id: str | None = field.text(default=None, kw_only=True, length=190, fold=False)
    created_at: dt.datetime | None = field.datetime(default=None, kw_only=True, index=True)
    changed_at: dt.datetime | None = field.datetime(default=None, kw_only=True)
    facets: Mapping[type[Facet], Facet | None] = attrs.field(factory=dict, kw_only=True)

    def facet_or_none(self, cls: type[F]) -> F | None:
        """The facet, or None if the record has none; `FacetNotLoaded` if it was not fetched."""
        try:
            found = self.facets[cls]
        except KeyError:
            raise FacetNotLoaded(
                f"{cls.__name__} was not fetched with this record: get it with with_=[{cls.__name__}]",
                facet=cls.__name__,
            ) from None
        return found if isinstance(found, cls) else None

    def facet(self, cls: type[F]) -> F:
        """The facet; `NoFacet` if the record has none, `FacetNotLoaded` if it was not fetched."""
        found = self.facet_or_none(cls)
        if found is None:
            raise NoFacet(f"this record has no {cls.__name__}", facet=cls.__name__, id=str(self.id))
        return found

    def with_facets(self, *facets: Facet) -> Self:
        """A copy that carries these facets too, to be added together with the record."""
        return evolve(self, facets={**self.facets, **{type(each): each for each in facets}})


ENVELOPE: Final = tuple(f.name for f in declared_fields(Record))


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(
        field.text,
        field.integer,
        field.decimal,
        field.money,
        field.boolean,
        field.date,
        field.datetime,
        field.choice,
        field.choices,
        field.reference,
        field.json,
        parts,
    ),
)
def record(
    name: str,
    *,
    plural: str = "",
    label: Mapping[str, str] | None = None,
    title: tuple[str, ...] = (),
    subject: str = "",
    timeline: tuple[str, str] | None = None,
    flats: tuple[Flat, ...] = (),
    derived: tuple[Derived, ...] = (),
    append_only: bool = False,
    indexes: tuple[tuple[str, ...], ...] = (),
    unique: tuple[tuple[str, ...], ...] = (),
    complete: Callable[[Any, Any], Any] | None = None,
    validators: tuple[Callable[[Any], Mapping[str, str]], ...] = (),
    hierarchy: Hierarchy | None = None,
    system: bool = False,
    since: str = "0.1",
) -> Callable[[type[R]], type[R]]:
    """Declare a record type.

    `title`: the fields a person knows a record by, best first. `subject`: the reference that names the person it is
    about ("id": the record is that person). `timeline`: the reference to a customer and the time or day under which
    the record stands on that customer's timeline. `complete(before, after)`: a pure function that fills what follows
    from the rest (`before` is None for a new record). `validators`: pure functions from a record to its problems by
    field. `system`: written by crmcore alone.
    """
    options = Options(
        name=name,
        plural=plural or name + "s",
        label=dict(label or {}),
        title=title,
        subject=subject,
        timeline=timeline,
        flats=flats,
        derived=derived,
        append_only=append_only,
        indexes=indexes,
        unique=unique,
        complete=complete,
        validators=validators,
        hierarchy=hierarchy,
        system=system,
        since=since,
    )

    def declare(cls: type[R]) -> type[R]:
        if not issubclass(cls, Record):
            raise InvalidDeclaration(f"record type {name!r}: {cls.__name__} must inherit from Record")
        made = frozen(cls)
        made.__crm__ = options
        return made

    return declare


@attrs.frozen(eq=False)
class RecordType:
    """The frozen description of a record type; `name` is qualified (`loyalty.entry`) if a plugin owns it."""

    name: str
    plugin: str | None
    cls: type[Record]
    fields: tuple[Field, ...] = attrs.field(repr=False)
    parts: tuple[PartType, ...] = attrs.field(repr=False)
    options: Options = attrs.field(repr=False)
    values: Callable[[Any], tuple[Any, ...]] = attrs.field(repr=False)

    def field(self, name: str) -> Field | None:
        """The field of that name (envelope included), or None."""
        for each in self.fields:  # asked for every name of every question
            if each.name == name:
                return each
        return None

    def part(self, name: str) -> PartType | None:
        """The part type of that singular name, or None."""
        return next((p for p in self.parts if p.name == name), None)

    def flat(self, name: str) -> Flat | None:
        """The flat name, or None."""
        return next((f for f in self.options.flats if f.name == name), None)

    def derived(self, name: str) -> Derived | None:
        """The derived figure of that name, or None."""
        return next((d for d in self.options.derived if d.name == name), None)

    @property
    def followed(self) -> Field | None:
        """The reference to the record whose log this is (`on_remove="follow"`): it goes with that, and is seen as that
        is seen."""
        if not self.options.append_only:
            return None
        return next((f for f in self.fields if f.on_remove == "follow"), None)

    @property
    def merges(self) -> bool:
        """Whether records of this type can be merged: the one that was then refers to the one that it is a part of."""
        return self.name == MERGING

    @property
    def own(self) -> tuple[Field, ...]:
        """The fields without the envelope."""
        return tuple(f for f in self.fields if f.name not in ENVELOPE)


def record_type(cls: type[Record], plugin: str | None) -> RecordType:
    """The frozen description of a record class, in the name of its plugin (None: the core's own)."""
    options = cls.__crm__
    if options is None:
        raise InvalidDeclaration(f"{cls.__name__} is no record type: decorate it with @record(...)")
    name = f"{plugin}.{options.name}" if plugin else options.name
    fields = tuple(attrs.evolve(f, target=name) if f.name == "id" else f for f in declared_fields(cls))
    return RecordType(name, plugin, cls, fields, declared_parts(cls), options, getter(tuple(f.name for f in fields)))
