"""The log of a record, read for what the record states by itself: see `own_values`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.domain.change import LogEntry
from crmcore.domain.errors import InvalidValue
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.merging.identity import Group, PartRule
from crmcore.domain.merging.own_values import Fact, Joined, Nomination, OwnPart, OwnValues
from crmcore.domain.record import Record

__all__ = ["Reader", "fact_date"]

MERGING: Final = ("merge", "unmerge")
Plain = Mapping[str, Any]


@attrs.frozen(eq=False)
class Reader:
    """Reads what records of one type state. `fields`: by the names of the log; `parts`: how parts are told apart."""

    fields: Mapping[str, Field]
    facets: tuple[FacetType, ...]
    parts: tuple[PartRule, ...]

    def read(self, record: Record, log: Iterable[LogEntry], kept: Mapping[dt.datetime, Collection[str]]) -> OwnValues:
        """What a record states. `kept`: by the moment of a merge into it, what was chosen by hand there."""
        told = _Log(self.parts, record.source)
        for entry in log:
            told.take(entry, kept.get(entry.at, ()))
        facts = {name: fact for name in self._names() if (fact := self._fact(record, name, told)) is not None}
        parts = {rule.part.attribute: self._own_parts(record, rule, told) for rule in self.parts}
        joined = told.joined
        parent = getattr(record, "merged_into", None)
        if parent is not None and joined is None:
            joined = Joined(parent)
        return OwnValues(record, facts, parts, told.dropped, told.nominated, joined if parent is not None else None)

    def _names(self) -> list[str]:
        return [*self.fields, *(facet.name for facet in self.facets)]

    def held(self, record: Record, name: str) -> Any:
        """The value that a record's row has under a name of the log; None if it has none."""
        prefix, _, inner = name.rpartition(".")
        facet = next((f for f in self.facets if f.name == (prefix or name)), None)
        if facet is None:
            return getattr(record, name)
        value = record.facets.get(facet.cls)
        return getattr(value, inner, None) if prefix else (True if value is not None else None)

    def _fact(self, record: Record, name: str, told: _Log) -> Fact | None:
        """What the log says since when; the row says what, unless a merge wrote there."""
        fact, value = told.facts.get(name), self.held(record, name)
        if name not in told.merged:
            if fact is not None:
                return attrs.evolve(fact, value=value)
            return None if value is None else Fact(value, record.changed_at, record.source)
        return None if fact is None else attrs.evolve(fact, value=self._typed(name, fact.value))

    def _typed(self, name: str, plain: Any) -> Any:
        field = self.fields.get(name)
        return plain if field is None else typed(field, plain)

    def _own_parts(self, record: Record, rule: PartRule, told: _Log) -> tuple[OwnPart, ...]:
        attribute = rule.part.attribute
        known = told.parts.get(attribute, {})
        if attribute in told.mixed:
            return tuple(_typed_part(rule, each) for _, each in sorted(known.items()))
        found = []
        for held in sorted(getattr(record, attribute), key=lambda each: each.no):
            values = {f.name: getattr(held, f.name) for f in rule.part.fields}
            logged = known.get(held.no)
            at, seq = (logged.at, logged.seq) if logged else (record.changed_at, 0)
            source = logged.source if logged else record.source
            found.append(OwnPart(rule.identity(rule.plain(held)), values, fact_date(values, at), source, seq))
        return tuple(found)


class _Log:
    """The log of one record, taken entry by entry, oldest first."""

    def __init__(self, rules: Sequence[PartRule], source: str | None) -> None:
        self._rules = {rule.part.attribute: rule for rule in rules}
        self._source = source
        self._now: dict[str, Any] = {}
        self._forget()

    def _forget(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.merged: set[str] = set()
        self.mixed: set[str] = set()
        self.parts: dict[str, dict[int, OwnPart]] = {}
        self.dropped: dict[tuple[str, Hashable], int] = {}
        self.nominated: dict[tuple[str, Group], Nomination] = {}
        self.joined: Joined | None = None

    def take(self, entry: LogEntry, kept: Collection[str]) -> None:
        """The next entry; `kept`: what was chosen by hand in it, if it is a merge."""
        if entry.operation == "remove":
            return self._forget()
        if entry.operation in ("read", "erase"):
            return
        values = entry.values()
        for name, (before, after) in values.items():
            if name == "merged_into":
                self.joined = Joined(UUID(after), entry.seq, entry.work) if after else None
            elif name in self._rules:
                self._take_parts(self._rules[name], entry, before or (), after or ())
            elif entry.operation in MERGING:
                if name not in self.facts and name not in self.merged and before is not None:
                    self.facts[name] = Fact(before, None, self._source)  # it was there before anything was logged
                self.merged.add(name)
            else:
                self.merged.discard(name)
                self.facts[name] = Fact(after, entry.at, entry.source or self._source, entry.seq)
            self._now[name] = after
        for name in kept if entry.operation == "merge" else ():
            self._keep(name, entry)

    def _keep(self, name: str, entry: LogEntry) -> None:
        """What was chosen by hand in a merge counts as if somebody had set it there."""
        for attribute, rule in self._rules.items():
            for group, identity in rule.nominees(self._now.get(attribute) or ()).items():
                if any(view.name == name for view in rule.views(group)) or name == rule.part.name:
                    told = Nomination(identity, entry.at, entry.source, entry.seq, entry.work)
                    self.nominated[attribute, group] = told
        if name in self._now:
            self.merged.add(name)
            self.facts[name] = Fact(self._now[name], entry.at, entry.source, entry.seq, entry.work)

    def _take_parts(self, rule: PartRule, entry: LogEntry, before: Sequence[Plain], after: Sequence[Plain]) -> None:
        attribute = rule.part.attribute
        if entry.operation in MERGING:
            if attribute not in self.parts and attribute not in self.mixed:
                held = {each["no"]: OwnPart(rule.identity(each), each, None, self._source) for each in before}
                self.parts[attribute] = held
            self.mixed.add(attribute)
            return
        own = self.parts.setdefault(attribute, {})
        old, new = ({each["no"]: each for each in parts} for parts in (before, after))
        for no, gone in old.items():
            identity = rule.identity(gone)
            if no not in new or rule.identity(new[no]) != identity:
                self.dropped[attribute, identity] = entry.seq
            if no not in new:
                own.pop(no, None)
        touched = {rule.identity(part) for no, part in (*old.items(), *new.items()) if old.get(no) != new.get(no)}
        for no, stated in new.items():
            # Of several that agree, whoever changed one has left the others as they are.
            left = rule.identity(stated) in touched and (no not in own or own[no].values != stated)
            if stated != old.get(no) or left:
                since = own[no].at if no in own and rule.same(stated, old.get(no)) else entry.at
                own[no] = OwnPart(rule.identity(stated), stated, since, entry.source or self._source, entry.seq)
        self._nominate(rule, entry, old, new)

    def _nominate(self, rule: PartRule, entry: LogEntry, old: Mapping[int, Plain], new: Mapping[int, Plain]) -> None:
        """Whoever changed a part of a group has chosen the preferred one of it, or left it as it is."""
        seen = {rule.group(part) for no, part in (*old.items(), *new.items()) if old.get(no) != new.get(no)}
        for group, identity in rule.nominees(new.values()).items():
            if group in seen:
                told = Nomination(identity, entry.at, entry.source or self._source, entry.seq)
                self.nominated[rule.part.attribute, group] = told


def typed(field: Field, plain: Any) -> Any:
    """A value out of the log; None for one that the field, which is another now, cannot hold."""
    try:
        return field.from_plain(plain)
    except InvalidValue:
        return None


def _typed_part(rule: PartRule, part: OwnPart) -> OwnPart:
    values = {f.name: typed(f, part.values.get(f.name)) for f in rule.part.fields}
    return attrs.evolve(part, values=values, at=fact_date(values, part.at))


def fact_date(values: Mapping[str, Any], at: dt.datetime | None) -> dt.datetime | None:
    """Since when a part holds: the day from which it is valid (its midnight in UTC), else when it was verified, else
    when it was written down."""
    valid_from, verified_at = values.get("valid_from"), values.get("verified_at")
    if isinstance(valid_from, dt.date) and not isinstance(valid_from, dt.datetime):
        return dt.datetime.combine(valid_from, dt.time(), dt.UTC)
    return verified_at if isinstance(verified_at, dt.datetime) else at
