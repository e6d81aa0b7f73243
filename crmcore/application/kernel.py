"""What every unit of work of one Crm shares, and what is worked out once per record type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import attrs

from crmcore.application.rules import Rule
from crmcore.domain import matching
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.kinds import CHECKS, TO_PLAIN
from crmcore.domain.part import Part, getter
from crmcore.domain.record import ENVELOPE, MERGING, Record, RecordType
from crmcore.domain.workflow import Workflow
from crmcore.plugins.routing import NO_HOOKS, Hooks
from crmcore.plugins.slots import NO_SLOTS, Slots
from crmcore.ports.clock import Clock, Ids
from crmcore.ports.policy import AllowAll, Policy

R = TypeVar("R", bound=Record)
T = TypeVar("T")
Checker = Callable[[Any], str | None]
STAMPED = frozenset(ENVELOPE) - {"source", "external_id"}
"""Envelope fields that the unit of work sets; the log derives them from its own columns."""


@attrs.frozen(eq=False)
class Shape:
    """How the fields of a record, part or facet are checked and written to the log, in order."""

    fields: tuple[Field, ...]
    values: Callable[[Any], tuple[Any, ...]]
    checks: tuple[tuple[str, Checker, bool], ...]
    plains: tuple[tuple[str, Callable[[Any], Any] | None], ...]


def shape(fields: Iterable[Field]) -> Shape:
    """The shape of these declared fields; those that the unit of work sets are left out."""
    kept = tuple(f for f in fields if f.name not in STAMPED)
    return Shape(
        kept,
        getter(tuple(f.name for f in kept)),
        tuple((f.name, _checker(f), f.optional) for f in kept),
        tuple((f.name, _plain(f)) for f in kept),
    )


def _plain(field: Field) -> Callable[[Any], Any] | None:
    """To the form that the log holds; an empty set is not worth logging."""
    return _filled if field.kind == "choices" else TO_PLAIN[field.kind]


def _filled(value: frozenset[str]) -> list[str] | None:
    return sorted(value) or None


def _checker(field: Field) -> Checker:
    return field.check if field.validators else partial(CHECKS[field.kind], field)


@attrs.frozen(eq=False)
class Copier(Generic[T]):
    """Makes copies of one declared class as attrs.evolve does, at a third of its time: bulk paths make many."""

    make: Callable[..., T]
    positional: Callable[[Any], tuple[Any, ...]]
    keyword_names: tuple[str, ...]
    keywords: Callable[[Any], tuple[Any, ...]]

    def copy(self, held: T, **changes: Any) -> T:
        """A copy with changes to attributes that are given by keyword (the envelope, a part's number)."""
        given = dict(zip(self.keyword_names, self.keywords(held), strict=True))
        given.update(changes)
        return self.make(*self.positional(held), **given)


def copier(cls: type[T]) -> Copier[T]:
    """The copier of a declared class."""
    declared: Any = cls
    attributes = [a for a in attrs.fields(declared) if a.init]
    keywords = tuple(a.name for a in attributes if a.kw_only)
    return Copier(cls, getter(tuple(a.name for a in attributes if not a.kw_only)), keywords, getter(keywords))


@attrs.frozen(eq=False)
class PartShape:
    """A part type's singular name, the owner's attribute that holds the parts, their class, shape and copier."""

    name: str
    attribute: str
    cls: type[Part]
    shape: Shape
    copier: Copier[Part]


@attrs.frozen(eq=False)
class Plan(Generic[R]):
    """What writing one record type takes, worked out once."""

    type: RecordType
    shape: Shape
    parts: tuple[PartShape, ...]
    copier: Copier[R]
    workflows: tuple[Workflow, ...]
    anywhere: tuple[Field, ...]
    keys: Callable[[Record], Sequence[tuple[str, str]]]
    keyed: frozenset[str]
    """The names of which keys are made."""

    follows: tuple[tuple[str, tuple[Field, ...]], ...]
    """The references that follow merges: its own under "", those of parts under their attribute."""

    loose: tuple[str, ...]
    """The attributes that hold JSON, or parts with JSON, which whoever holds them could alter."""

    loose_facets: frozenset[Any]
    """The classes of facets of this record type with JSON."""


def plan_for(catalogue: Catalogue, type: RecordType) -> Plan[Any]:
    """The plan of a record type."""
    return Plan(
        type,
        shape(type.fields),
        tuple(PartShape(p.name, p.attribute, p.cls, shape(p.fields), copier(p.cls)) for p in type.parts),
        copier(type.cls),
        tuple(w for (record, _), w in catalogue.workflows.items() if record == type.name),
        tuple(f for f in type.fields if f.kind == "reference" and f.target == "*"),
        matching.plan(type),
        matching.made_of(type),
        _follows(type),
        _loose(type),
        frozenset(f.cls for f in catalogue.facets.get(type.name, ()) if any(each.kind == "json" for each in f.fields)),
    )


def following(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The references among these fields that follow merges."""
    return tuple(f for f in fields if f.target in (MERGING, "*") and f.name != "id" and f.on_merge == "follow")


def _follows(type: RecordType) -> tuple[tuple[str, tuple[Field, ...]], ...]:
    held = [("", following(f for f in type.fields if not f.system))]
    held += [(part.attribute, following(part.fields)) for part in type.parts]
    return tuple((attribute, fields) for attribute, fields in held if fields)


def _loose(type: RecordType) -> tuple[str, ...]:
    own = [f.name for f in type.fields if f.kind == "json"]
    return (*own, *(p.attribute for p in type.parts if any(f.kind == "json" for f in p.fields)))


@attrs.define(eq=False)
class Kernel:
    """The shared, read-only parts of a Crm. `zone` and `currency` read dates and bare amounts in filters; `rules` are
    those of the core's record types, by name; `hooks` are those of the plugins, `slots` the names that they share.
    `sources`: systems of origin, the most trusted first. `log_reads`: reads of sensitive fields are logged."""

    catalogue: Catalogue
    policy: Policy
    clock: Clock
    ids: Ids
    zone: dt.tzinfo
    currency: str
    rules: Mapping[str, Rule] = attrs.field(factory=dict)
    hooks: Hooks = NO_HOOKS
    slots: Slots = NO_SLOTS
    sources: tuple[str, ...] = ()
    log_reads: bool = False
    _plans: dict[str, Plan[Any]] = attrs.field(factory=dict, init=False)
    _facets: dict[FacetType, Shape] = attrs.field(factory=dict, init=False)

    @property
    def open(self) -> bool:
        """Whether the policy allows everything, so that nothing need be put before it."""
        return isinstance(self.policy, AllowAll)

    def sharing(self, other: Kernel) -> Kernel:
        """This kernel, with what another one of the same catalogue has worked out."""
        self._plans, self._facets = other._plans, other._facets
        return self

    def plan(self, type: RecordType) -> Plan[Any]:
        """The plan of a record type, made at first use."""
        found = self._plans.get(type.name)
        if found is None:
            found = self._plans[type.name] = plan_for(self.catalogue, type)
        return found

    def facet_shape(self, facet: FacetType) -> Shape:
        """The shape of a facet, made at first use."""
        found = self._facets.get(facet)
        if found is None:
            found = self._facets[facet] = shape(facet.fields)
        return found
