"""The family that is to become one record, read: its rows, those merged into them before, and what each states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Present, Test, every
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.field import Field
from crmcore.domain.merging.family import Family
from crmcore.domain.merging.identity import part_rules
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.own_log import Reader
from crmcore.domain.record import Record, RecordType

KEPT = "keep"
"""The rule under which a value is remembered that somebody chose by hand."""
Kept = Mapping[UUID, Mapping[dt.datetime, frozenset[str]]]
BATCH = 500


def family_of(unit: Session, type: RecordType, records: Sequence[Record]) -> Family:
    """All who are to be one: these records, raw and with every facet, and who became a part of them earlier."""
    members = {each.id: each for each in [*records, *_parts_of(unit, type, records)]}
    logs = {id: unit.transaction.history(type.name, id) for id in members}
    survived = [id for id, log in logs.items() if any(entry.operation == "merge" for entry in log)]
    kept = _kept(unit, survived)
    reader = reader_of(unit.catalogue, type)
    read = [reader.read(record, logs[id], kept.get(id, {})) for id, record in members.items()]
    survivors = _survivors(unit, type, {value for each in read for value in each.referred()} - members.keys())
    return Family(reader, [each.led(survivors) for each in read] if survivors else read)


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


def _kept(unit: Session, survivors: Sequence[UUID]) -> Kept:
    """What was chosen by hand in earlier merges that still hold: by survivor and moment."""
    type = unit.catalogue.of(Merge)
    survivor, status = type.field("survivor"), type.field("status")
    if not survivors or survivor is None or status is None:
        return {}
    where = every(Test(survivor, "in", tuple(survivors)), Test(status, "=", ("merged",)))
    found: dict[UUID, dict[dt.datetime, frozenset[str]]] = {}
    for each in unit.transaction.select(BoundQuery(type=type, where=where)):
        merge = each.record
        if isinstance(merge, Merge) and merge.survivor is not None and isinstance(merge.origins, dict):
            names = (name for name, origin in merge.origins.items() if origin.get("rule") == KEPT)
            moments = found.setdefault(merge.survivor, {})
            moments[merge.at] = moments.get(merge.at, frozenset()).union(names)
    return found
