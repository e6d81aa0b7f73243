"""What one record states by itself, by its log: without what merges brought into it, and since when each value stands.

A record that survived a merge holds values of others. Those others still have their rows, so what they state is read
there; of the survivor counts what somebody set, before or after the merge, and what a person chose for it by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain.merging.identity import Group
from crmcore.domain.record import Record

__all__ = ["Fact", "Joined", "Nomination", "OwnPart", "OwnValues"]


@attrs.frozen
class Fact:
    """A value that a record states (None: it was cleared), since when and by which system. `seq`: the place in the log
    where it was set, 0 if that is not known. `work`: the merge in which it was chosen by hand, if it was."""

    value: Any
    at: dt.datetime | None
    source: str | None
    seq: int = 0
    work: UUID | None = None


@attrs.frozen
class OwnPart:
    """A part that a record states, with what makes it one with parts of others."""

    identity: Hashable
    values: Mapping[str, Any]
    at: dt.datetime | None
    source: str | None
    seq: int = 0


@attrs.frozen
class Nomination:
    """Which part somebody made the preferred one of its group, and when; `work` as for a fact."""

    identity: Hashable
    at: dt.datetime | None
    source: str | None
    seq: int
    work: UUID | None = None


@attrs.frozen
class Joined:
    """When a record became part of `parent`."""

    parent: UUID
    seq: int = 0
    work: UUID | None = None


@attrs.frozen(eq=False)
class OwnValues:
    """All that a record states: facts by name (facets dotted; the facet's name tells that there is one), parts by
    attribute. `dropped`: where in the log somebody took a part away; `nominated`: which one was made the preferred."""

    record: Record
    facts: Mapping[str, Fact]
    parts: Mapping[str, tuple[OwnPart, ...]]
    dropped: Mapping[tuple[str, Hashable], int]
    nominated: Mapping[tuple[str, Group], Nomination]
    joined: Joined | None

    def referred(self) -> Iterator[UUID]:
        """The ids to which the values refer."""
        yield from (fact.value for fact in self.facts.values() if isinstance(fact.value, UUID))
        for part in (each for held in self.parts.values() for each in held):
            yield from (value for value in part.values.values() if isinstance(value, UUID))

    def led(self, to: Mapping[UUID, UUID]) -> OwnValues:
        """The same, with others in place of those to whom it refers: the log tells only to whom it did then."""
        facts = {
            name: attrs.evolve(fact, value=to[fact.value])
            if isinstance(fact.value, UUID) and fact.value in to
            else fact
            for name, fact in self.facts.items()
        }
        parts = {name: tuple(_led(part, to) for part in held) for name, held in self.parts.items()}
        return attrs.evolve(self, facts=facts, parts=parts)


def _led(part: OwnPart, to: Mapping[UUID, UUID]) -> OwnPart:
    values = {n: to.get(v, v) if isinstance(v, UUID) else v for n, v in part.values.items()}
    return attrs.evolve(part, values=values)
