"""Facets: how a plugin adds typed fields to a record type that it does not own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

import attrs

from crmcore.domain import field
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.field import Field, declared_fields, frozen
from crmcore.domain.part import getter

F = TypeVar("F", bound="Facet")


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def _frozen(cls: type[F]) -> type[F]:
    return attrs.frozen(cls)


@_frozen
class Facet:
    """What every facet has: `version`, its own count of changes (0: not stored yet)."""

    __crm_facet__: ClassVar[tuple[str, Mapping[str, str], str]] = ("", {}, "")

    version: int = attrs.field(default=0, kw_only=True)


@attrs.frozen(eq=False)
class FacetType:
    """A declared facet: the plugin it belongs to (`name`, the prefix of its fields), the record type it extends."""

    name: str
    record: str
    cls: type[Facet]
    fields: tuple[Field, ...] = attrs.field(repr=False)
    values: Callable[[Any], tuple[Any, ...]] = attrs.field(repr=False)
    label: Mapping[str, str] = attrs.field(factory=dict)
    since: str = "0.1"

    def field(self, name: str) -> Field | None:
        """The field of that (undotted) name, or None."""
        return next((f for f in self.fields if f.name == name), None)

    def dotted(self, declared: Field) -> str:
        """The name by which filters, imports and people know the field: `loyalty.tier`."""
        return f"{self.name}.{declared.name}"


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
    ),
)
def facet(record: str, *, label: Mapping[str, str] | None = None, since: str = "0.1") -> Callable[[type[F]], type[F]]:
    """Declare a facet of `record`: `@facet("customer") class LoyaltyMember(Facet): ...`."""

    def declare(cls: type[F]) -> type[F]:
        made = frozen(cls)
        if not declared_fields(made):
            raise InvalidDeclaration(f"facet {cls.__name__} of {record!r} declares no field")
        made.__crm_facet__ = (record, dict(label or {}), since)
        return made

    return declare


def facet_type(cls: type[Facet], plugin: str) -> FacetType:
    """The frozen description of a facet class, in the name of its plugin."""
    record, label, since = cls.__crm_facet__
    if not record:
        raise InvalidDeclaration(f"{cls.__name__} of plugin {plugin!r} is no facet: decorate it with @facet(...)")
    fields = declared_fields(cls)
    return FacetType(plugin, record, cls, fields, getter(tuple(f.name for f in fields)), label, since)
