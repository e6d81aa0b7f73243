"""The family that is to become one record, read: its rows, those merged into them before, and what each states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

import attrs

from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Present, Test, every
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.field import Field
from crmcore.domain.merging.family import Family
from crmcore.domain.merging.identity import part_rules
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.own_log import Reader
from crmcore.domain.record import Record, RecordType

BATCH: Final = 500


@attrs.frozen(eq=False)
class Candidates:
    """A family, and what was chosen in those of its merges that still hold: `rules` by name, `sources` as they were
    trusted last. Else values would change that nobody touched, as soon as somebody else joins."""

    family: Family
    rules: Mapping[str, str]
    sources: tuple[str, ...]


def candidates_of(unit: Session, type: RecordType, records: Sequence[Record]) -> Candidates:
    """All who are to be one: these records, raw and with every facet, and who became a part of them earlier."""
    members = {each.id: each for each in [*records, *_parts_of(unit, type, records)]}
    logs = {id: unit.transaction.history(type.name, id) for id in members}
    merges = _merges(unit, [id for id, log in logs.items() if any(entry.operation == "merge" for entry in log)])
    reader, kept = reader_of(unit.catalogue, type), _kept(merges)
    read = [reader.read(record, logs[id], kept.get(id, {})) for id, record in members.items()]
    survivors = _survivors(unit, type, {value for each in read for value in each.referred()} - members.keys())
    family = Family(reader, [each.led(survivors) for each in read] if survivors else read)
    chosen = [each.choices for each in merges if isinstance(each.choices, dict)]
    rules = {name: rule for each in chosen for name, rule in each.get("rules", {}).items()}
    sources = next((each["sources"] for each in reversed(chosen) if each.get("sources")), ())
    return Candidates(family, rules, tuple(sources))


@lru_cache(maxsize=16)
def reader_of(catalogue: Catalogue, type: RecordType) -> Reader:
    """Reads what records of a type state."""
    facets = catalogue.facets.get(type.name, ())
    fields = {f.name: f for f in chosen_fields(type)}
    fields |= {facet.dotted(f): f for facet in facets for f in facet.fields}
    return Reader(fields, tuple(facets), part_rules(type))


def chosen_fields(type: RecordType) -> tuple[Field, ...]:
    """The own fields among whose values a merge chooses: not those that crmcore sets."""
    return tuple(f for f in type.own if not f.system)


def _parts_of(unit: Session, type: RecordType, records: Sequence[Record]) -> list[Record]:
    """Who became a part of these records in merges before."""
    via = type.field("merged_into")
    if via is None:
        return []
    facets = tuple(unit.catalogue.facets.get(type.name, ()))
    ids = [each.id for each in records]
    return [
        found.record
        for start in range(0, len(ids), BATCH)
        for found in unit.transaction.select(
            BoundQuery(type=type, where=Test(via, "in", tuple(ids[start : start + BATCH])), facets=facets)
        )
    ]


def _survivors(unit: Session, type: RecordType, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these who were merged since they were named, each with the one of whom it is a part."""
    known, via = type.field("id"), type.field("merged_into")
    left, found = sorted(ids), {}
    while left and known is not None and via is not None:
        where = every(Test(known, "in", tuple(left[:BATCH])), Present(via))
        for each in unit.transaction.select(BoundQuery(type=type, where=where)):
            found[each.record.id] = getattr(each.record, via.name)
        left = left[BATCH:]
    return found


def _merges(unit: Session, survivors: Sequence[UUID]) -> list[Merge]:
    """The merges into these that still hold, in order of time."""
    type = unit.catalogue.of(Merge)
    survivor, status = type.field("survivor"), type.field("status")
    found: list[Merge] = []
    if survivor is None or status is None:
        return found
    for start in range(0, len(survivors), BATCH):
        into = Test(survivor, "in", tuple(survivors[start : start + BATCH]))
        where = every(into, Test(status, "=", ("merged",)))
        rows = (each.record for each in unit.transaction.select(BoundQuery(type=type, where=where)))
        found += [each for each in rows if isinstance(each, Merge)]
    return sorted(found, key=lambda each: (each.at, each.id))


def _kept(merges: Sequence[Merge]) -> dict[UUID, dict[dt.datetime, frozenset[str]]]:
    """What was chosen by hand, by survivor and moment."""
    found: dict[UUID, dict[dt.datetime, frozenset[str]]] = {}
    for each in merges:
        if each.survivor is not None and isinstance(each.choices, dict):
            moments = found.setdefault(each.survivor, {})
            moments[each.at] = moments.get(each.at, frozenset()).union(each.choices.get("keep", ()))
    return found
