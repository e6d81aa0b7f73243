"""A record's history seen from an import: what it changed itself, and what others have changed since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import UUID

import attrs

from crmcore.application import changing
from crmcore.domain.change import LogEntry
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

SHOWN: Final = 3
"""How many changes of others a reason tells, the latest first."""
NAMED: Final = 5


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Past:
    """`own`: the entries of the import, oldest first; `others`: those of others from then on."""

    own: tuple[LogEntry, ...]
    others: tuple[LogEntry, ...]

    @classmethod
    def of(cls, history: Sequence[LogEntry], works: Collection[UUID]) -> Self:
        """The history, parted."""
        changes = [entry for entry in history if entry.operation != "read"]
        own = tuple(entry for entry in changes if entry.work in works)
        since = own[0].seq
        return cls(own=own, others=tuple(e for e in changes if e.seq > since and e.work not in works))

    @property
    def is_gone(self) -> bool:
        """Whether somebody has removed the record since."""
        return any(entry.operation == "remove" for entry in self.others)

    @cached_property
    def before(self) -> dict[str, Any]:
        """The values before the import, plain, of all that it changed."""
        found: dict[str, Any] = {}
        for entry in self.own:
            for name, (before, _) in entry.values().items():
                found.setdefault(name, before)
        return found

    @cached_property
    def touched(self) -> frozenset[str]:
        """What others have changed since."""
        return frozenset(name for entry in self.others for name in entry.values())

    @property
    def disputed(self) -> frozenset[str]:
        """What the import has changed and somebody else since."""
        return self.touched & frozenset(self.before)

    def told(self, asked: Collection[str] | None = None) -> str:
        """Who has changed what since, and when: of these fields, or of all."""
        told: list[str] = []
        for entry in reversed(self.others):
            names = [name for name in entry.values() if asked is None or name in asked]
            if names and len(told) < SHOWN:
                listed = ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
                told.append(f"{listed} by {entry.actor} at {entry.at.isoformat(timespec='seconds')}")
        return "; ".join(told)


def restore(unit: UnitOfWork, type: RecordType, past: Past) -> bool:
    """Give a record back what it had before the import, but for what others have changed since; whether there was
    anything. Raises what a change of the record raises."""
    facets = {facet.name: facet for facet in unit.catalogue.facets.get(type.name, ())}
    values: dict[str, Any] = {}
    dropped: list[FacetType] = []
    for name, before in past.before.items():
        if name in past.disputed:
            continue
        prefix, dot, inner = name.partition(".")
        facet = facets.get(prefix)
        if facet is not None and not dot and before is None:
            dropped += [] if _is_disputed(past, prefix) else [facet]
        elif field := facet.field(inner) if facet is not None and dot else type.field(name):
            values[name] = _typed(field, before)
        elif part := next((p for p in type.parts if p.attribute == name), None):
            values[name] = tuple(
                part.cls(no=each["no"], **{f.name: _typed(f, each.get(f.name)) for f in part.fields})
                for each in before or ()
            )
    gone = {facet.name for facet in dropped}
    made = {name for name, before in past.before.items() if name in facets and before is None} - gone
    kept = {n: v for n, v in values.items() if n.partition(".")[0] not in gone | made}
    id, records = past.own[0].id, unit.records(type.name)
    for facet in dropped:
        records.drop_facet(id, facet.cls)
    if kept:  # where something is disputed, the rest is a new mixture, which has to be settled
        former = changing.Former(past.touched, whole=not past.disputed)
        changing.change(unit, type, id, kept, None, former=former, shown=False)
    return bool(dropped or kept)


def _is_disputed(past: Past, facet: str) -> bool:
    return any(name == facet or name.startswith(facet + ".") for entry in past.others for name in entry.values())


def _typed(field: Field, plain: Any) -> Any:
    if plain is None:
        return frozenset() if field.kind == "choices" else None
    return field.from_plain(plain)
