"""References within a file to records of the type that it holds: whoever is referred to must come in first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmcore.application.importing.entries import Entry
from crmcore.application.importing.finding import searches, ways
from crmcore.application.importing.references import Need, References
from crmcore.application.importing.report import Refusal
from crmcore.domain.matching import search_key
from crmcore.domain.record import RecordType

CIRCLE = "refers in a circle: import the file without this column, then once more to update with it"

Index = Mapping[tuple[str, Any], Entry]


class Precedence:
    """Settles references among the new entries of a batch, and puts these in an order in which they can be added."""

    def __init__(self, type: RecordType, references: References, origin: str | None) -> None:
        self._type = type
        self._references = references
        self._origin = origin
        self._searches = searches(type)

    def settle(self, new: Sequence[Entry], final: bool) -> tuple[list[Entry], list[Entry]]:
        """The new entries in order, and those to be tried again: they wait for a record further down in the file.

        In the `final` pass nothing waits: what is still not there is treated as the map says. Entries may be refused.
        """
        index = self._index(new)
        waiting: list[Entry] = []
        befores: dict[Entry, list[tuple[Need, Entry]]] = {}
        for entry in new:
            needs = self._references.unresolved(entry)
            befores[entry] = [(need, found) for need in needs if (found := self._find(need, index)) is not None]
            if lacking := [need for need in needs if all(need is not known for known, _ in befores[entry])]:
                if final:
                    self._references.missing(lacking)
                else:
                    waiting.append(entry)
        waiting = _with_followers(waiting, befores)
        ready = _ordered([entry for entry in new if entry not in waiting], befores)
        for entry in ready:
            for need, found in befores[entry]:
                need.row.values[need.field] = found.id
        return ready, waiting

    def _index(self, new: Iterable[Entry]) -> dict[tuple[str, Any], Entry]:
        index: dict[tuple[str, Any], Entry] = {}
        for entry in new:
            values = entry.values
            if known_as := values.get("external_id"):
                index.setdefault(("external_id", (values.get("source", self._origin), known_as)), entry)
            if entry.id is not None:
                index.setdefault(("id", str(entry.id)), entry)
            for name, search in self._searches.items():
                held = values.get(name)
                for text in (held,) if isinstance(held, str) else held if isinstance(held, tuple) else ():
                    if search and isinstance(text, str) and (key := search_key(search, text)):
                        index.setdefault((name, key), entry)
        return index

    def _find(self, need: Need, index: Index) -> Entry | None:
        wanted = need.wanted
        for way in [wanted.match] if wanted.match else ways(self._type):
            search = self._searches.get(way)
            key: Any = search_key(search, wanted.text) if search else wanted.text
            if way == "external_id":
                key = (wanted.source, wanted.text)
            if found := index.get((way, key)):
                return found
        return None


def _with_followers(waiting: Sequence[Entry], befores: Mapping[Entry, Sequence[tuple[Need, Entry]]]) -> list[Entry]:
    """Those that wait, and those that wait for them."""
    held = dict.fromkeys(waiting)
    while True:
        more = [e for e, needed in befores.items() if e not in held and any(other in held for _, other in needed)]
        if not more:
            return list(held)
        held.update(dict.fromkeys(more))


def _ordered(entries: Sequence[Entry], befores: Mapping[Entry, Sequence[tuple[Need, Entry]]]) -> list[Entry]:
    """Each after those that it refers to; what refers in a circle is refused."""
    ordered: dict[Entry, None] = {}
    left = list(entries)
    while left:
        free = [e for e in left if all(other in ordered or other is e for _, other in befores[e])]
        if not free:
            for entry in left:
                need = befores[entry][0][0]
                entry.refuse(Refusal(need.field, need.wanted.text, CIRCLE))
            return [*ordered, *left]
        ordered.update(dict.fromkeys(free))
        left = [entry for entry in left if entry not in ordered]
    return list(ordered)
