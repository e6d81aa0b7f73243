"""Wiping: records, parts, facets and match keys of an erased person, one type after the other, the persons last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.removing import pointing
from crmcore.application.session import Session
from crmcore.application.subjects.belongings import Search
from crmcore.application.subjects.erased_log import ErasedLog
from crmcore.application.subjects.holding import Holds
from crmcore.application.subjects.tally import Tally
from crmcore.application.validating import check_facet, check_record
from crmcore.domain.bound import BoundQuery
from crmcore.domain.change import Change, LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.privacy import wiping
from crmcore.domain.privacy.belonging import Belonging
from crmcore.domain.privacy.keeping import kept
from crmcore.domain.privacy.wiping import Wiped
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import KeyRow

IMPERSONAL: Final = "nothing in it is personal: it stays as a figure without the person"
HELD: Final = "held by a plugin"

Facets = dict[FacetType, tuple[Facet, Facet | None]]
"""Facets as they are and as they are to be; None: they go."""


@attrs.define(eq=False)
class Wiper:
    """Wipes what belongs to certain persons, but for what is held."""

    unit: Session
    persons: tuple[UUID, ...]
    holds: Holds
    log: ErasedLog
    tally: Tally

    def run(self) -> None:
        """Wipe everything: what is named in records of others first, then what refers to the persons, then them."""
        search = Search(self.unit, self.persons, True)
        for way in reversed(search.ways.values()):
            for route in way.passages:
                for passage in search.passages(way, route):
                    self._passage(passage.type, route.place, passage.record, passage.parts)
            facets = self.unit.catalogue.facets.get(way.type.name, ())
            if not wiping.has_personal(way.type, facets):
                self._count(way, search)
                continue
            for chunk in search.records(way):
                self._chunk(way.type, chunk)

    def _count(self, way: Belonging, search: Search) -> None:
        if not way.type.options.system and (count := search.count(way)):
            self.tally.left[way.type.name, None, IMPERSONAL] += count

    def _chunk(self, type: RecordType, records: Sequence[Record]) -> None:
        for each in records:
            self._record(type, each)
        free = [(type.name, each.id) for each in records if not self.holds.of(type.name, each.id)]
        if free:
            with self.unit.writing() as transaction:
                transaction.auditing.blank_errors(free)

    def _record(self, type: RecordType, record: Record) -> None:
        holders = self.holds.of(type.name, record.id)
        facets = self._facets(type, record, holders)
        self._count_kept(type, record, held=bool(holders))
        outcome = Wiped((record,), False, ()) if holders else wiping.wiped(type, record, self.persons)
        if not holders:
            self.log.of_record(type, record)
            outcome = self._marked(type, outcome)
        if not holders and not outcome.fields and not facets and not wiping.is_person(type):
            self.tally.left[type.name, None, IMPERSONAL] += 1
        self._carry_out(type, record, outcome, facets)

    def _marked(self, type: RecordType, outcome: Wiped) -> Wiped:
        """The person as erased."""
        if not wiping.is_person(type) or getattr(outcome.attempts[0], "erased_at", None) is not None:
            return outcome
        marked = tuple(evolve(each, erased_at=self.unit.now()) for each in outcome.attempts)
        return Wiped(marked, False, (*outcome.fields, "erased_at"))

    def _facets(self, type: RecordType, record: Record, holders: frozenset[str]) -> Facets:
        """The facets that change; those of plugins that hold the record stay."""
        found: Facets = {}
        for facet in self.unit.catalogue.facets.get(type.name, ()):
            value = record.facets.get(facet.cls)
            if value is None or facet.name in holders:
                continue
            after = wiping.wiped_facet(facet, value, record.id)
            if after is not None and after != value:
                after = self._fitting(facet, evolve(after, version=value.version + 1))
            if after != value:
                found[facet] = (value, after)
        return found

    def _fitting(self, facet: FacetType, value: Facet) -> Facet | None:
        """The facet if its validators accept what is left; else it goes as a whole."""
        try:
            check_facet(facet, self.unit.kernel.facet_shape(facet), value)
        except InvalidRecord:
            return None
        return value

    def _passage(self, type: RecordType, place: str, record: Record, parts: Sequence[Any]) -> None:
        """Take a person out of a record that is not theirs."""
        if self.holds.of(type.name, record.id):
            self.tally.left[type.name, None, HELD] += 1
            return
        self.log.of_another(type, record)
        if part := type.part(place):
            self._carry_out(type, record, wiping.wiped_passage(part, record, parts), {})
        else:
            facets = self._facets(type, record, frozenset())
            mentioning = {f: v for f, v in facets.items() if f.name == place.removeprefix("facet:")}
            self._carry_out(type, record, Wiped((record,), False, ()), mentioning)

    def _carry_out(self, type: RecordType, record: Record, outcome: Wiped, facets: Facets) -> None:
        if not outcome.fields and not facets:
            return
        if outcome.goes and self._may_go(type, record):
            return self._remove(type, record)
        left = self._accepted(type, record, outcome)
        if left is None:
            return self._remove(type, record)
        self._store(type, record, left, outcome, facets)

    def _accepted(self, type: RecordType, record: Record, outcome: Wiped) -> Record | None:
        """What is left, as its validators accept it; None: it goes as a whole. `InvalidRecord` where neither can be."""
        problems = dict.fromkeys(outcome.stuck, "its validators accept nothing that says nothing")
        for attempt in () if problems else outcome.attempts:
            try:
                if outcome.fields:
                    check_record(self.unit.kernel.plan(type), attempt)
                return attempt
            except InvalidRecord as error:
                problems = error.problems
        if not self._may_go(type, record):
            told = {name: f"cannot be erased: {problem}" for name, problem in problems.items()}
            raise InvalidRecord(f"{type.name} {record.id}", told)
        return None

    def _may_go(self, type: RecordType, record: Record) -> bool:
        """Whether a record may go as a whole: it is no person, holds nothing that is declared to be kept, and nothing
        refers to it."""
        facets = self.unit.catalogue.facets.get(type.name, ())
        return not wiping.is_person(type) and not any(kept(type, facets, record)) and self._is_free(type, record.id)

    def _is_free(self, type: RecordType, id: UUID) -> bool:
        """Whether nothing refers to a record."""
        catalogue, transaction = self.unit.catalogue, self.unit.transaction
        asked = (
            BoundQuery(type=holder, where=pointing(self.unit, type, holder, place, field, [id]))
            for holder, place, field in catalogue.references_to(type.name)
        )
        return not any(transaction.count(each) for each in asked)

    def _ask(self, type: RecordType, before: Record, after: Record | None, fields: Iterator[str]) -> None:
        change = Change(type, before.id, "erase", before, after, frozenset(fields))
        self.unit.kernel.policy.write(self.unit.actor, [change])

    def _remove(self, type: RecordType, record: Record) -> None:
        self._ask(type, record, None, iter(()))
        keys = self.unit.kernel.plan(type).keys(record)
        with self.unit.writing() as transaction:
            transaction.drop_keys([KeyRow(kind, key, type.name, record.id) for kind, key in keys])
            transaction.delete(type, record)
            transaction.append([self._entry(type, record, "remove", record.version + 1, {})])
        self.tally.removed[type.name] += 1

    def _store(self, type: RecordType, before: Record, left: Record, outcome: Wiped, facets: Facets) -> None:
        after = evolve(left, version=before.version + 1, changed_at=self.unit.now())
        names = [*outcome.fields, *(f.dotted(each) for f in facets for each in f.fields if wiping.is_wiped(each))]
        self._ask(type, before, evolve(after, facets=self._facets_after(before, facets)), iter(names))
        plan, diff = self.unit.kernel.plan(type), self._diff(type, after, outcome, facets)
        old, new = set(plan.keys(before)), set(plan.keys(after))
        with self.unit.writing() as transaction:
            transaction.update(type, before, after)
            transaction.drop_keys([KeyRow(kind, key, type.name, after.id) for kind, key in sorted(old - new)])
            transaction.add_keys([KeyRow(kind, key, type.name, after.id) for kind, key in sorted(new - old)])
            for facet, (held, value) in facets.items():
                if value is None:
                    transaction.delete_facet(type, facet, after.id, held)
                else:
                    transaction.update_facet(type, facet, after.id, held, value)
            transaction.append([self._entry(type, after, "erase", after.version, diff)])
        self.tally.wiped[type.name] += bool(outcome.fields)
        for facet, (_, value) in facets.items():
            (self.tally.removed if value is None else self.tally.wiped)[f"{type.name}.{facet.name}"] += 1

    def _facets_after(self, before: Record, facets: Facets) -> dict[type[Facet], Facet | None]:
        return {**before.facets, **{facet.cls: value for facet, (_, value) in facets.items()}}

    def _diff(self, type: RecordType, after: Record, outcome: Wiped, facets: Facets) -> journal.Diff:
        """What stands in place of what was wiped, without what that was: so that the past can still be read."""
        plain = journal.plain_record(self.unit.kernel.plan(type), after)
        diff: journal.Diff = {name: [None, plain[name]] for name in outcome.fields if name in plain}
        for facet, (former, value) in facets.items():
            diff[facet.name] = [former.version, value.version if value else None]
            held = journal.plain_facet(facet, self.unit.kernel.facet_shape(facet), value)
            names = [facet.dotted(each) for each in facet.fields if wiping.is_wiped(each)]
            diff.update({name: [None, held[name]] for name in names if name in held})
        return diff

    def _entry(self, type: RecordType, record: Record, operation: str, version: int, diff: journal.Diff) -> LogEntry:
        return journal.entry(
            at=self.unit.now(),
            actor=str(self.unit.actor),
            source=self.unit.source,
            work=self.unit.id,
            record=type.name,
            id=record.id,
            subject=journal.subject_of(type, record),
            version=version,
            operation=operation,
            diff=diff,
            salt=self.unit.kernel.ids.salt(),
        )

    def _count_kept(self, type: RecordType, record: Record, *, held: bool) -> None:
        if held:
            self.tally.left[type.name, None, HELD] += 1
            return
        for name, reason in kept(type, self.unit.catalogue.facets.get(type.name, ()), record):
            self.tally.left[type.name, name, reason] += 1
