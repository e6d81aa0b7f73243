"""All that is kept about a person, handed out to them: nothing of anybody else, and nothing left out silently."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.contributing.subject import disclosed
from crmcore.application.custom.described import read
from crmcore.application.session import Session
from crmcore.application.subjects.belongings import Passage, Search
from crmcore.application.subjects.figures import figures
from crmcore.application.subjects.history import SubjectHistory
from crmcore.application.subjects.plain import Plain, plain_passage, plain_record
from crmcore.application.subjects.retired import Kept, plain_kept
from crmcore.domain.customer import Customer
from crmcore.domain.kinds import plain_datetime
from crmcore.domain.privacy.belonging import Belonging
from crmcore.domain.record import Record, RecordType
from crmcore.ports.handing_out import Section
from crmcore.ports.stamp import CUSTOM_FIELDS

MERGE: Final = "merge"


@attrs.define(eq=False)
class SubjectExport:
    """Implements `ports.handing_out.HandedOut` for the persons of one family, in a unit of work that is open: what its
    actor may see, `withheld` names the rest.

    `retired`: the rows of plugins whose tables are put aside; None: nobody looked. `counts` has what was handed out so
    far, by record type."""

    unit: Session
    persons: tuple[UUID, ...]
    at: dt.datetime
    retired: Sequence[Kept] | None = None
    counts: dict[str, int] = attrs.field(factory=dict, init=False)
    told: dict[str, int] = attrs.field(factory=dict, init=False)
    withheld: set[str] = attrs.field(factory=set, init=False)

    @property
    def subject(self) -> UUID:
        """The customer; the others of the family were merged into it."""
        return self.persons[0]

    @property
    def search(self) -> Search:
        """What the actor may see of what belongs to them."""
        return Search(self.unit, self.persons, False)

    def language(self) -> str:
        """The person's language, as the record says; empty if it does not."""
        return self._customer().language or ""

    def contents(self) -> Mapping[str, int]:
        """The record types of which there is something, in the order of the sections, with how many records."""
        search = self.search
        counts = {name: search.count(way) for name, way in search.ways.items() if name != MERGE}
        return {name: count for name, count in counts.items() if count}

    def document(self) -> dict[str, Any]:
        """The whole document as plain values, in memory at once."""
        document: dict[str, Any] = {"records": {}}
        for section in self.sections():
            place = document
            for name in section.path[:-1]:
                place = place.setdefault(name, {})
            place[section.path[-1]] = section.value if section.rows is None else list(section.rows)
        return document

    def sections(self) -> Iterator[Section]:
        """The whole document, piece by piece; what was withheld is known at its end."""
        yield Section(("subject",), value=str(self.subject))
        yield Section(("persons",), value=[str(each) for each in self.persons])
        yield Section(("at",), value=plain_datetime(self.at))
        yield Section(("by",), value=str(self.unit.actor))
        search = self.search
        for way in search.ways.values():
            if way.type.name != MERGE and search.count(way):
                yield Section(("records", way.type.name), self._rows(search, way), type=way.type)
            self._note_withheld(search, way)
        yield from self._mentions(search)
        yield Section(("history",), SubjectHistory(search, self.withheld).entries())
        merges = search.ways[MERGE]
        yield Section(("merges",), self._rows(search, merges), type=merges.type)
        yield from self._retired()
        customer = self._customer()
        yield Section(("figures",), value=figures(self.unit, customer))
        told = disclosed(self.unit, customer)
        self.told.update({plugin: len(values) for plugin, values in told.items()})
        yield Section(("plugins",), value=told)
        yield Section(("withheld",), value=sorted(self.withheld))

    def _customer(self) -> Customer:
        type = self.unit.catalogue.of(Customer)
        facets = tuple(f.cls for f in self.unit.catalogue.facets.get(type.name, ()))
        customer: Any = reading.get(self.unit, type, self.subject, facets)
        found: Customer = customer
        return found

    def _rows(self, search: Search, way: Belonging) -> Iterator[Plain]:
        for chunk in search.records(way):
            self.counts[way.type.name] = self.counts.get(way.type.name, 0) + len(chunk)
            for record in chunk:
                yield plain_record(self.unit.catalogue, way.type, self._seen(way.type, record), self.persons)

    def _seen(self, type: RecordType, record: Record) -> Record:
        return reading.blanked(self.unit, type, record)

    def _note_withheld(self, search: Search, way: Belonging) -> None:
        """Name the record type if there is more than the actor may see, and the fields that are hidden from them."""
        if self.unit.kernel.open:
            return
        everything, seen = Search(self.unit, self.persons, True).count(way), search.count(way)
        if seen < everything:
            self.withheld.add(way.type.name)
        if everything:
            self.withheld.update(f"{way.type.name}.{name}" for name in self.unit.rule(way.type).hidden)

    def _mentions(self, search: Search) -> Iterator[Section]:
        """What records of others, or of nobody, say of them in a part or a facet."""
        for way in search.ways.values():
            found = [p for route in way.passages for p in Search(self.unit, self.persons, True).passages(way, route)]
            seen = [(p.record.id, p.place) for route in way.passages for p in search.passages(way, route)]
            kept = [p for p in found if (p.record.id, p.place) in set(seen)]
            if len(kept) < len(found):
                self.withheld.add(way.type.name)
            if kept:
                self.counts[way.type.name] = self.counts.get(way.type.name, 0) + len(kept)
                rows = (plain_passage(self.unit.catalogue, self._seen_passage(each)) for each in kept)
                yield Section(("mentions", way.type.name), rows, type=way.type)

    def _seen_passage(self, passage: Passage) -> Passage:
        record = self._seen(passage.type, passage.record)
        part = passage.type.part(passage.place)
        left = {each.no: each for each in getattr(record, part.attribute)} if part else {}
        parts = tuple(left[each.no] for each in passage.parts if each.no in left)
        return attrs.evolve(passage, record=record, parts=parts)

    def _retired(self) -> Iterator[Section]:
        """The rows of plugins that are retired, table by table, and the names of what nobody could look at."""
        if self.retired is None:
            self.withheld.add("retired plugins")
        for kept in read(self.unit.transaction.setting(CUSTOM_FIELDS)):
            if kept.state != "live" and kept.record in self.search.ways:
                self.withheld.add(f"{kept.record}.{kept.name}")
        for (plugin, table), rows in groupby(self.retired or (), key=lambda each: (each.plugin, each.table)):
            told = [plain for each in rows if (plain := self._plain_kept(each))]
            if told:
                self.counts[f"{plugin}:{table}"] = len(told)
                yield Section(("retired", plugin, table), iter(told))

    def _plain_kept(self, kept: Kept) -> Plain | None:
        """None for a row that the actor may not see: of a type that is put aside no rule can be asked row by row."""
        rule = self.unit.rule(kept.type)
        name = kept.place.removeprefix("facet:") or kept.type.name
        is_facet = kept.place.startswith("facet:")
        if (rule.where is not None and not is_facet) or name in rule.hidden:
            self.withheld.add(f"{kept.type.name}.{name}" if is_facet else kept.type.name)
            return None
        plain = plain_kept(kept, rule.hidden)
        if len(plain) < len(kept.row):
            self.withheld.update(f"{kept.type.name}.{hidden}" for hidden in rule.hidden)
        return plain
