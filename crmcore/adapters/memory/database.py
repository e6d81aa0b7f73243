"""The data of one database in memory, and the turn to work on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import attrs

from crmcore.adapters.memory.change_log import ChangeLog
from crmcore.adapters.memory.consuming import Ledgers
from crmcore.adapters.memory.match_keys import MatchKeys
from crmcore.adapters.memory.table import Table, facet_table, record_table
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import StorageBusy, StorageFailed
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import Record, RecordType
from crmcore.ports.auditing import Link
from crmcore.ports.moving import Move
from crmcore.ports.stamp import CUSTOM_FIELDS, EPOCH, Stamp

Undo = list[Callable[[], object]]
"""What takes a transaction's writes back, to be called from the last to the first."""


class MemoryDatabase:
    """Tables, match keys, change log, settings, ledgers, moves by merge and the chain. Lasts as long as the object;
    several storages may share it, one after the other, as several starts of an application share a file. It is a
    `Lookup` for predicates."""

    def __init__(self) -> None:
        self.records: dict[str, Table[Record]] = {}
        self.facets: dict[tuple[str, str], Table[Facet]] = {}
        self.retired: tuple[dict[str, Table[Record]], dict[tuple[str, str], Table[Facet]]] = ({}, {})
        self.keys = MatchKeys()
        self.log = ChangeLog()
        self.settings: dict[str, str] = {}
        self.ledgers = Ledgers()
        self.moves: dict[UUID, list[Move]] = {}
        self.chain: list[Link] = []
        self.stamp: Stamp | None = None
        self._turn = threading.Lock()
        self._holder: int | None = None

    def enter(self, timeout: float) -> None:
        """Wait for the turn; `StorageBusy` after `timeout` seconds, at once for a thread that has it already."""
        if self._holder == threading.get_ident():
            raise StorageBusy(
                "this thread has a transaction open, which a second one would wait for for ever: "
                "end it first, join it, or use a savepoint"
            )
        if not self._turn.acquire(timeout=timeout):
            raise StorageBusy(f"another transaction has been open for more than {timeout:g} seconds: repeat later")
        self._holder = threading.get_ident()

    def leave(self) -> None:
        """Give up the turn."""
        self._holder = None
        self._turn.release()

    def create(self, catalogue: Catalogue, distributions: Iterable[str]) -> None:
        """Make the tables of these distributions ("core" or a plugin's name); those that are there stay."""
        wanted = set(distributions)
        for type in catalogue.records.values():
            if (type.plugin or "core") in wanted and type.name not in self.records:
                self.records[type.name] = record_table(type)
            for facet in catalogue.facets.get(type.name, ()):
                if facet.name in wanted and (type.name, facet.name) not in self.facets:
                    self.facets[type.name, facet.name] = facet_table(facet)

    def told(self) -> Stamp | None:
        """The stamp, with the settings that are read with it."""
        read = self.settings.get
        made = self.stamp
        return made and attrs.evolve(made, epoch=read(EPOCH, ""), custom_fields=read(CUSTOM_FIELDS, ""))

    def of(self, type: RecordType) -> Table[Record]:
        """The table of a record type."""
        return _existing(self.records.get(type.name), type.name)

    def of_facet(self, facet: FacetType) -> Table[Facet]:
        """The table of a facet."""
        return _existing(self.facets.get((facet.record, facet.name)), f"{facet.record}:{facet.name}")

    def tables(self) -> list[Table[Any]]:
        """Every table, also those of plugins that are not active now."""
        return [*self.records.values(), *self.facets.values()]

    def facet(self, record: Record, facet: FacetType) -> Facet | None:
        """The record's facet of that type, or None."""
        return self.of_facet(facet).rows.get(record.id)

    def record(self, type: RecordType, id: UUID) -> Record | None:
        """The record of that type and id, or None."""
        return self.of(type).rows.get(id)

    def related(self, type: RecordType, via: Field, id: UUID) -> Iterable[Record]:
        """The records of that type whose own field `via` holds the id."""
        table = self.of(type)
        return [table.rows[owner] for owner in table.owners_of("", via, id)]


def _existing(table: Table[Any] | None, name: str) -> Table[Any]:
    if table is None:
        raise StorageFailed(f"this database holds no table for {name}: make it with `create`", table=name)
    return table
