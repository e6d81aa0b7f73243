"""References within a file to records of the type that it holds: whoever is referred to must come in first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from crmcore.application.importing.entries import Entry
from crmcore.application.importing.finding import searches, ways
from crmcore.application.importing.references import Need, References
from crmcore.application.importing.report import Refusal
from crmcore.domain.matching import search_key
from crmcore.domain.record import RecordType

CIRCLE: Final = "refers in a circle: import the file without this column, then once more to update with it"

Key = tuple[str, Any]
Befores = Mapping[Entry, Sequence[tuple[Need, Entry]]]
"""What each entry needs of entries in its own batch."""


class Stage(Enum):
    """What a pass through the file does with references to records that are not there yet."""

    HOPING = "they wait, for the record may stand further down"
    SETTLING = "they wait for rows that wait as well; all others are treated as the map says"
    GIVING_UP = "they refer in a circle, and are refused"


class Precedence:
    """Settles references among the new entries of a batch, and puts these in an order in which they can be added."""

    def __init__(
        self,
        type: RecordType,
        references: References,
        origin: str | None,
        stage: Stage = Stage.HOPING,
        awaited: Collection[Key] = (),
    ) -> None:
        self._type = type
        self._references = references
        self._origin = origin
        self._searches = searches(type)
        self._stage = stage
        self._awaited = awaited
        self._befores: Befores = {}
        self.awaiting: set[Key] = set()

    def settle(self, new: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
        """The new entries in order, and those that wait for a later pass. Entries may be refused."""
        index: dict[Key, Entry] = {}
        for entry in new:
            for key in self._known_by(entry):
                index.setdefault(key, entry)
        befores: dict[Entry, list[tuple[Need, Entry]]] = {}
        waiting: dict[Entry, None] = {}
        for entry in new:
            needs = {need: self._first(need, index) for need in self._references.unresolved(entry)}
            befores[entry] = [(need, found) for need, found in needs.items() if found is not None]
            if self.must_wait([need for need, found in needs.items() if found is None]):
                waiting[entry] = None
        _add_followers(waiting, befores)
        for entry in waiting:
            self.wait(entry)
        ready = _ordered([entry for entry in new if entry not in waiting], befores)
        for entry in ready:
            for need, found in befores[entry]:
                if found.refused:
                    self._references.missing([need])
                else:
                    need.row.values[need.field] = found.id
        self._befores = befores
        return ready, list(waiting)

    def orphans(self, added: Sequence[Entry]) -> list[Entry]:
        """Those of the entries settled last that could not be added for the sake of another one that was refused: their
        references are treated as the map says of records that are not there, and they may be tried again."""
        found: dict[Entry, None] = {}
        for entry in added if self._befores else ():
            for need, other in self._befores.get(entry, ()):
                if entry not in found and entry.refused and need.row.values.get(need.field) == other.id:
                    if other.refused is None and other not in found:
                        continue
                    entry.rows[0].refusal = None
                    found[entry] = None
                    if other.refused:
                        self._references.missing([need])
        return list(found)

    def must_wait(self, needs: Sequence[Need]) -> bool:
        """Whether these references are left for a later pass; else they are settled, or their rows refused."""
        if not needs:
            return False
        if self._stage is Stage.HOPING:
            return True
        if self._stage is Stage.GIVING_UP:
            for need in needs:
                need.row.refuse(Refusal(need.field, need.wanted.text, CIRCLE))
            return False
        if any(key in self._awaited for need in needs for key in self._means(need)):
            return True
        self._references.missing(self._references.still_missing(needs))
        return False

    def wait(self, entry: Entry) -> None:
        """Remember that this entry waits, by all that others may know it by."""
        self.awaiting.update(self._known_by(entry))

    def _known_by(self, entry: Entry) -> Iterator[Key]:
        return known_by(self._searches, self._origin, entry)

    def _means(self, need: Need) -> Iterator[Key]:
        wanted = need.wanted
        for way in [wanted.match] if wanted.match else ways(self._type):
            search = self._searches.get(way)
            if way == "external_id":
                yield way, (wanted.source, wanted.text)
            else:
                yield way, search_key(search, wanted.text) if search else wanted.text.lower()

    def _first(self, need: Need, index: Mapping[Key, Entry]) -> Entry | None:
        return next((index[key] for key in self._means(need) if key in index), None)


def known_by(searched: Mapping[str, str | None], origin: str | None, entry: Entry) -> Iterator[Key]:
    """All that others may know the record of an entry by; `searched`: see `finding.searches`."""
    values = entry.values
    if known_as := values.get("external_id"):
        yield "external_id", (values.get("source", origin), known_as)
    if id := values.get("id"):
        yield "id", str(id)
    for name, search in searched.items():
        held = values.get(name)
        for text in (held,) if isinstance(held, str) else held if isinstance(held, tuple) else ():
            if search and isinstance(text, str) and (key := search_key(search, text)):
                yield name, key


def _add_followers(waiting: dict[Entry, None], befores: Befores) -> None:
    """Who needs what waits, waits as well."""
    more = True
    while more:
        more = False
        for entry, needed in befores.items():
            if entry not in waiting and any(other in waiting for _, other in needed):
                waiting[entry] = None
                more = True


def _ordered(entries: Sequence[Entry], befores: Befores) -> list[Entry]:
    """Each after those that it refers to; what refers in a circle is refused, and what refers to itself is not."""
    ordered: dict[Entry, None] = {}
    left = list(entries)
    while left:
        free = [e for e in left if all(other in ordered or other is e for _, other in befores[e])]
        for entry in () if free else left:
            need = befores[entry][0][0]
            entry.refuse(Refusal(need.field, need.wanted.text, CIRCLE))
        ordered.update(dict.fromkeys(free or left))
        left = [entry for entry in left if entry not in ordered]
    return list(ordered)
