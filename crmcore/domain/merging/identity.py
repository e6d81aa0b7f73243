"""What makes two parts of several records one, and which parts share one place to be the preferred one."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

import attrs

from crmcore.domain.field import Field
from crmcore.domain.matching import search_key
from crmcore.domain.part import PartType
from crmcore.domain.record import Flat, RecordType

__all__ = ["PREFERRED", "Group", "PartRule", "part_rules"]

PREFERRED: Final = "preferred"
IDENTITY_KEYS: Final = ("email", "phone", "code")
"""Kinds of match keys that are an identity; those of names only say who may be meant, so names are compared exactly."""
Group: TypeAlias = tuple[Hashable, ...]
Plain = Mapping[str, Any]


@attrs.frozen(eq=False)
class PartRule:
    """How the parts of one type are told apart. Plain parts are those of the log: what is missing is left out.

    Two are one if they agree in the fields that are united (`merge="union"`), normalised as match keys are, and in the
    required choices; where no field is united, in all values but that one of them is preferred. Parts of one group,
    those that agree in the required choices, have one preferred part.
    """

    part: PartType
    flats: tuple[Flat, ...]

    @cached_property
    def united(self) -> tuple[Field, ...]:
        """The fields that are united."""
        return tuple(f for f in self.part.fields if f.merge == "union")

    @cached_property
    def choices(self) -> tuple[Field, ...]:
        """The required choices."""
        return tuple(f for f in self.part.fields if f.kind == "choice" and f.required)

    @cached_property
    def has_preferred(self) -> bool:
        """Whether one part of each group is marked as the preferred one."""
        field = self.part.field(PREFERRED)
        return field is not None and field.kind == "boolean"

    def plain(self, part: Any) -> dict[str, Any]:
        """A part as the log holds it."""
        values = {f.name: f.plain(getattr(part, f.name)) for f in self.part.fields}
        return {"no": part.no, **{name: value for name, value in values.items() if value is not None}}

    def identity(self, plain: Plain) -> Hashable:
        """What parts that are one have in common."""
        if not self.united:
            return tuple(_comparable(plain.get(f.name)) for f in self.part.fields if not self._is_mark(f))
        return (*self.group(plain), *(self._normalised(f, plain) for f in self.united))

    def group(self, plain: Plain) -> Group:
        """The group of a part."""
        return tuple(_comparable(plain.get(f.name)) for f in self.choices)

    def views(self, group: Group) -> tuple[Flat, ...]:
        """The flat names that show the preferred part of a group."""
        held = dict(zip((f.name for f in self.choices), group, strict=True))
        return tuple(v for v in self.flats if all(held.get(name) == value for name, value in v.where.items()))

    def same(self, one: Plain, other: Plain | None) -> bool:
        """Whether two parts differ in nothing but in which of them is preferred."""
        return other is not None and all(one.get(f.name) == other.get(f.name) for f in self._facts)

    @cached_property
    def _facts(self) -> tuple[Field, ...]:
        return tuple(f for f in self.part.fields if not self._is_mark(f))

    def nominees(self, parts: Iterable[Plain]) -> dict[Group, Hashable]:
        """The preferred part of each group, or else its first, by what tells it apart."""
        if not self.has_preferred:
            return {}
        ranked = sorted(parts, key=lambda each: (not each.get(PREFERRED), each["no"]))
        return {self.group(each): self.identity(each) for each in reversed(ranked)}

    def _is_mark(self, field: Field) -> bool:
        return self.has_preferred and field.name == PREFERRED

    def _normalised(self, field: Field, plain: Plain) -> Hashable:
        value = plain.get(field.name)
        kind = field.search or next(
            (v.search for v in self.flats if v.field == field.name and v.search and _fits(v, plain)), None
        )
        if kind in IDENTITY_KEYS and isinstance(value, str):
            return search_key(str(kind), value) or value
        return _comparable(value)


def _fits(view: Flat, plain: Plain) -> bool:
    return all(plain.get(name) == value for name, value in view.where.items())


def _comparable(value: Any) -> Hashable:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if isinstance(value, dict | list) else value


def part_rules(type: RecordType) -> tuple[PartRule, ...]:
    """How the parts of a record type are told apart."""
    return tuple(PartRule(part, tuple(v for v in type.options.flats if v.part == part.name)) for part in type.parts)
