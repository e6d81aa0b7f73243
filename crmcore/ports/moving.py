"""References that follow a merge: repointed in bulk, each move kept, and given back. Part of the storage port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import attrs

from crmcore.domain.field import Field
from crmcore.domain.record import RecordType


@attrs.frozen(eq=False)
class Reference:
    """A declared reference as `Catalogue.references_to` gives it: `place` is "" for a field of the record itself, else
    the name of a part or `facet:NAME`."""

    holder: RecordType
    place: str
    field: Field

    @property
    def name(self) -> str:
        """The name of the field in its record type: `customer`, `line.product`, `loyalty.sponsor`."""
        return f"{self.place.removeprefix('facet:')}.{self.field.name}" if self.place else self.field.name


@attrs.frozen(order=True)
class Move:
    """A reference that was repointed: in the field `field` (`Reference.name`) of the record `id`, or of its part with
    the number `no` (0: no part), which pointed at `before`."""

    record: str
    field: str
    id: UUID
    no: int
    before: UUID


class Moving(Protocol):
    """What merges do to references. Versions and times of the records that refer stay: nobody has changed them."""

    def repoint(
        self, merge: UUID, reference: Reference, losers: Sequence[UUID], survivor: UUID, stays: Sequence[UUID] = ()
    ) -> int:
        """Let every such reference to one of `losers` point at `survivor`, but for those of the records `stays`, and
        keep a move for each; how many."""

    def give_back(self, merge: UUID, reference: Reference, survivor: UUID, stays: Sequence[UUID] = ()) -> int:
        """Let what this merge moved point again at what it did, where it points at `survivor` still and is not of one
        of the records `stays`; how many. The moves stay."""

    def astray(self, merge: UUID, reference: Reference, survivor: UUID, limit: int) -> list[Move]:
        """Moves of this merge after which the reference was changed, or its record or part removed: it does not point
        at `survivor` any more. In order of their ids."""

    def moves(self, merge: UUID, limit: int, after: Move | None = None) -> list[Move]:
        """The moves of a merge by record type, field, id and number, from the one that follows on `after`."""

    def moved(self, merge: UUID) -> Mapping[tuple[str, str], int]:
        """How many moves there are of each record type and field."""

    def moves_of(self, record: str, id: UUID) -> list[tuple[UUID, Move]]:
        """Every move of one record, each with its merge; in order of those."""
