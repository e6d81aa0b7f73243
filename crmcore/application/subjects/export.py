"""All that is kept about a person, handed out to them: nothing of anybody else, and nothing left out silently."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.contributing.subject import disclosed
from crmcore.application.custom.described import read
from crmcore.application.session import Session
from crmcore.application.subjects.belongings import Passage, Search
from crmcore.application.subjects.figures import figures
from crmcore.application.subjects.history import SubjectHistory
from crmcore.application.subjects.plain import Plain, labels_in_history, labels_of, plain_passage, plain_record
from crmcore.application.subjects.retired import Kept, plain_kept
from crmcore.application.subjects.undone import MERGE
from crmcore.domain.customer import Customer
from crmcore.domain.kinds import plain_datetime
from crmcore.domain.label import label_of
from crmcore.domain.privacy.belonging import PERSON, Belonging
from crmcore.domain.record import Record, RecordType
from crmcore.ports.handing_out import Label, Section
from crmcore.ports.stamp import CUSTOM_FIELDS


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

    def title(self) -> str:
        """What the person is called."""
        return label_of(self.unit.catalogue.of(Customer), self._customer())

    def contents(self) -> Mapping[tuple[str, ...], tuple[Label, int]]:
        """The sections with records of which there are any, by path."""
        search, found = self.search, dict[tuple[str, ...], tuple[Label, int]]()
        for name, way in search.ways.items():
            if name != MERGE and (count := search.count(way)):
                found["records", name] = (way.type.options.label, count)
        for name, passages in self._passages().items():
            found["mentions", name] = (search.ways[name].type.options.label, len(passages))
        for path, rows in self._kept().items():
            found[path] = ({}, len(rows))
        return found

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
        yield Section(("persons",), value=self._seen_persons())
        yield Section(("at",), value=plain_datetime(self.at))
        yield Section(("by",), value=str(self.unit.actor))
        search = self.search
        for way in search.ways.values():
            if way.type.name != MERGE and search.count(way):
                yield self._section(("records", way.type.name), way.type, self._rows(search, way))
            self._note_withheld(search, way)
        for name, passages in self._passages().items():
            rows = (plain_passage(self.unit.catalogue, self._seen_passage(each)) for each in passages)
            self.counts[name] = self.counts.get(name, 0) + len(passages)
            yield self._section(("mentions", name), search.ways[name].type, rows)
        labels = labels_in_history(self.unit.catalogue, (way.type for way in search.ways.values()))
        yield Section(("history",), SubjectHistory(search, self.withheld).entries(), labels=labels)
        merges = search.ways[MERGE]
        yield self._section(("merges",), merges.type, map(_of_merge, self._rows(search, merges)))
        self._note_unread()
        for path, kept in self._kept().items():
            self.counts[":".join(path[1:])] = len(kept)
            yield Section(path, iter(kept))
        customer = self._customer()
        yield Section(("figures",), value=figures(self.unit, customer))
        told = disclosed(self.unit, customer)
        self.told.update({plugin: len(values) for plugin, values in told.items()})
        yield Section(("plugins",), value=told)
        yield Section(("withheld",), value=sorted(self.withheld))

    def _seen_persons(self) -> list[str]:
        search = self.search
        seen = {record.id for chunk in search.records(search.ways[PERSON]) for record in chunk}
        return [str(each) for each in self.persons if each in seen]

    def _section(self, path: tuple[str, ...], type: RecordType, rows: Iterator[Plain]) -> Section:
        return Section(path, rows, label=type.options.label, labels=labels_of(self.unit.catalogue, type))

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

    def _passages(self) -> dict[str, list[Passage]]:
        """What records of others, or of nobody, say of them in a part or a facet, by record type."""
        found: dict[str, list[Passage]] = {}
        for way in self.search.ways.values():
            for route in way.passages:
                seen = {each.record.id for each in self.search.passages(way, route)}
                there = list(Search(self.unit, self.persons, True).passages(way, route))
                found.setdefault(way.type.name, []).extend(each for each in there if each.record.id in seen)
                if len(seen) < len(there):
                    self.withheld.add(way.type.name)
        return {name: passages for name, passages in found.items() if passages}

    def _seen_passage(self, passage: Passage) -> Passage:
        record = self._seen(passage.type, passage.record)
        part = passage.type.part(passage.place)
        left = {each.no: each for each in getattr(record, part.attribute)} if part else {}
        parts = tuple(left[each.no] for each in passage.parts if each.no in left)
        return attrs.evolve(passage, record=record, parts=parts)

    def _note_unread(self) -> None:
        """Name what stands in the database, but where no unit of work can look."""
        if self.retired is None:
            self.withheld.add("retired plugins")
        for kept in read(self.unit.transaction.setting(CUSTOM_FIELDS)):
            if kept.state != "live" and kept.record in self.search.ways:
                self.withheld.add(f"{kept.record}.{kept.name}")

    def _kept(self) -> dict[tuple[str, ...], list[Plain]]:
        """The rows of plugins that are retired, by table."""
        found: dict[tuple[str, ...], list[Plain]] = {}
        for each in self.retired or ():
            if plain := self._plain_kept(each):
                found.setdefault(("retired", each.plugin, each.table), []).append(plain)
        return found

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


def _of_merge(plain: Plain) -> Plain:
    """Of one that was taken back, not from where values came: those are somebody else's again."""
    return {n: v for n, v in plain.items() if n != "origins"} if plain["status"] == "undone" else plain
