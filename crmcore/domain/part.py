"""Parts: child types that are saved, versioned, exported, merged and erased with their owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform

import attrs

from crmcore.domain import field
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.field import Field, declared_fields, frozen

P = TypeVar("P", bound="Part")
PARTS: Final = "crmcore.parts"


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def _frozen(cls: type[P]) -> type[P]:
    return attrs.frozen(cls)


@_frozen
class Part:
    """What every part has: `no`, its number within its owner, which stays as long as the part does.

    0 means new: the number is given when the owner is saved.
    """

    __crm_part__: ClassVar[tuple[str, Mapping[str, str]]] = ("", {})

    no: int = attrs.field(default=0, kw_only=True)


@attrs.frozen(eq=False)
class PartType:
    """A declared part type: its singular `name`, the owner's `attribute` that holds the tuple, its fields."""

    name: str
    attribute: str
    cls: type[Part]
    fields: tuple[Field, ...] = attrs.field(repr=False)
    values: Callable[[Any], tuple[Any, ...]] = attrs.field(repr=False)
    label: Mapping[str, str] = attrs.field(factory=dict)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((f for f in self.fields if f.name == name), None)


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
def part(name: str, *, label: Mapping[str, str] | None = None) -> Callable[[type[P]], type[P]]:
    """Declare a part type: `@part("contact_point") class ContactPoint(Part): ...`."""

    def declare(cls: type[P]) -> type[P]:
        made = frozen(cls)
        if any(f.kind == "choices" or f.unique for f in declared_fields(made)):
            raise InvalidDeclaration(f"part {name!r}: a part holds neither sets nor unique fields")
        made.__crm_part__ = (name, dict(label or {}))
        return made

    return declare


def parts(cls: type[P], *, default: Any = field.NOTHING) -> Any:
    """The tuple of an owner's parts: `contact_points: tuple[ContactPoint, ...] = parts(ContactPoint, default=())`."""
    return attrs.field(default=default, converter=tuple, metadata={PARTS: cls})


def getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """One call that reads all these attributes as a tuple, also where there is only one or none."""
    if not names:
        return lambda _: ()
    read = attrgetter(*names)
    return read if len(names) > 1 else lambda each: (read(each),)


def declared_parts(owner: type) -> tuple[PartType, ...]:
    """The part types of an owner's class, in order of declaration."""
    found = []
    for attribute in attrs.fields(owner):
        cls = attribute.metadata.get(PARTS)
        if cls is not None:
            name, label = cls.__crm_part__
            fields = declared_fields(cls)
            read = getter(tuple(f.name for f in fields))
            found.append(PartType(name, attribute.name, cls, fields, read, label))
    return tuple(found)
