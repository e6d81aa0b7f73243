"""How a record stands again when a merge is taken back, and each later edit that is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.domain.change import LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.merging.outcome import Blocker
from crmcore.domain.part import PartType
from crmcore.domain.record import RecordType

CHANGED: Final = "it was changed since the merge"
REMOVED: Final = "it was removed since the merge"
GONE: Final = "nothing declares it any more: enable or restore the plugin, or add the field again"
FOLLOWED: Final = "it followed the merge {} of others since: take that one back first"
ERASED: Final = "its history was erased"
Pair = Sequence[Any]


@attrs.define(eq=False)
class Restoring:
    """One customer's way back. `log`: its history; `merged`: what the merge wrote, by its entry of the log. `is_last`:
    they took part in no later merge; what such a one wrote is not told here."""

    unit: Session
    type: RecordType
    current: Customer
    log: Sequence[LogEntry]
    merged: LogEntry
    is_last: bool
    blockers: list[Blocker] = attrs.field(factory=list, init=False)

    def former(self) -> Customer:
        """The record with the values from before the merge where the merge had set them; what is in the way of that is
        in `blockers`."""
        diff = self.merged.values()
        if not diff and not _is_whole(self.merged):
            self._block("", ERASED)
        own = {name: pair for name, pair in diff.items() if "." not in name}
        values: dict[str, Any] = {}
        for name, pair in own.items():
            part = next((p for p in self.type.parts if p.attribute == name), None)
            if part is not None:
                values[name] = self._parts(part, pair)
            elif (field := self.type.field(name)) is not None:
                values[name] = self._own(name, pair, field)
        facets = {f.name: f for f in self.unit.catalogue.facets.get(self.type.name, ())}
        held = dict(self.current.facets)
        for name in own.keys() - values.keys():
            if name not in facets:
                self._block(name, GONE)
            else:
                held[facets[name].cls] = self._facet(facets[name], own[name], diff)
        return evolve(self.current, **values, facets=held)

    def _own(self, name: str, pair: Pair, field: Field) -> Any:
        now = getattr(self.current, name)
        if not _stands(field, now, pair[1]):
            self._block(name, CHANGED)
            return now
        return journal.typed(field, pair[0])

    def _parts(self, part: PartType, pair: Pair) -> tuple[Any, ...]:
        """The parts: those that the merge brought go, those that it changed are as before; all others stay."""
        before, after = ({each["no"]: each for each in side or ()} for side in pair)
        held = {each.no: each for each in getattr(self.current, part.attribute)}
        now = dict(held)
        for no in sorted(before.keys() | after.keys()):
            if before.get(no) == after.get(no):
                continue
            if now.get(no) != (journal.typed_part(part, after[no]) if no in after else None):
                self._block(f"{part.attribute}[{no}]", REMOVED if no not in now else CHANGED)
            elif no in before:
                held[no] = journal.typed_part(part, before[no])
            else:
                del held[no]
        return tuple(held[no] for no in sorted(held))

    def _facet(self, facet: FacetType, versions: Pair, diff: Mapping[str, Pair]) -> Facet | None:
        """The facet as it was, with the version that it had if nobody touched it since."""
        held = self.current.facets.get(facet.cls)
        if (held is None) != (versions[1] is None):
            self._block(facet.name, REMOVED if held is None else CHANGED)
            return held
        inner = {n.partition(".")[2]: pair for n, pair in diff.items() if n.startswith(f"{facet.name}.")}
        if unknown := [name for name in inner if facet.field(name) is None]:
            self._block(f"{facet.name}.{unknown[0]}", GONE)
            return held
        if not self._is_untouched(facet, held, versions, inner):
            return held
        if versions[0] is None:
            return None
        values = {f.name: journal.typed(f, inner[f.name][0]) for f in facet.fields if f.name in inner}
        if held is None:
            whole = {f.name: journal.typed(f, None) for f in facet.fields} | values
            return facet.cls(version=versions[0], **whole)
        version = versions[0] if held.version == versions[1] else held.version + 1
        return evolve(held, version=version, **values)

    def _is_untouched(self, facet: FacetType, held: Facet | None, versions: Pair, inner: Mapping[str, Pair]) -> bool:
        """Whether what the merge set in a facet is there still: of one that it brought, every value."""
        wanted = [f for f in facet.fields if f.name in inner or versions[0] is None]
        told = {f.name: inner.get(f.name, (None, None))[1] for f in wanted}
        changed = [f for f in wanted if not _stands(f, getattr(held, f.name, None), told[f.name])]
        for field in changed if held is not None else ():
            self._block(facet.dotted(field), CHANGED)
        return held is None or not changed

    def _block(self, name: str, why: str) -> None:
        last = next((entry for entry in reversed(self.log) if self._touched(entry, name)), None)
        if self.is_last or (last is not None and last.operation != "merge"):  # references of the family move unlogged
            at, by = (last.at, last.actor) if last else (None, None)
            told = self._led_away(name) if last is None else ""
            self.blockers.append(Blocker(self.type.name, self.current.id, name, told or why, at, by))

    def _led_away(self, name: str) -> str:
        """Which later merge of others let a reference follow, of which the log of this record does not tell."""
        moves = self.unit.transaction.moving.moves_of(self.type.name, self.current.id)
        later = [merge for merge, move in moves if move.field == name]
        return FOLLOWED.format(later[-1]) if later else ""

    def _touched(self, entry: LogEntry, name: str) -> bool:
        """Whether an entry from after the merge tells of this name."""
        return entry.seq > self.merged.seq and (not name or name.partition("[")[0] in entry.values())


def _stands(field: Field, value: Any, plain: Any) -> bool:
    """Whether a value is the one of which the log tells: 0.5 there may be 0.50 since it was stored."""
    try:
        return bool(journal.typed(field, plain) == value)
    except InvalidValue:
        return False


def _is_whole(entry: LogEntry) -> bool:
    """Whether an entry has all that was written: one whose values were erased keeps the digest of what it had."""
    return entry.digest == journal.digest(entry.record, entry.id, entry.version, entry.operation, entry.changes)
