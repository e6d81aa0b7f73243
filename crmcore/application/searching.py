"""Search over folded names and contact points: exact and by prefix, for every record type that declares keys."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.session import Session
from crmcore.domain import matching
from crmcore.domain.label import label_of
from crmcore.domain.query import checked_limit
from crmcore.domain.record import Record, RecordType
from crmcore.ports.storage import KeyRow

KINDS = ("name", "email", "phone", "code")
BATCHES = (200, 1_000, 5_000, 25_000)
"""How many keys are read, as long as those that the actor may see are too few."""
CHUNK = 1_000
FIRST, LAST = chr(1), chr(0x10FFFF)
"""No key holds a control character, so these stand before and after all that may follow."""


@attrs.frozen
class Hit:
    """A found record; `score` is 1 for an exact match, less for a prefix; `why` says which key matched how."""

    type: RecordType
    id: UUID
    label: str
    score: float
    why: str


def search(unit: Session, text: str, limit: int = 20) -> list[Hit]:
    """The records whose name or contact point is or begins with `text`, best first. No syntax: every character is
    meant literally. A key counts only if it comes from what the actor may see."""
    wanted = checked_limit(limit)
    best: dict[tuple[str, UUID], Hit] = {}
    for kind in KINDS:
        key = matching.search_key(kind, text)
        if key:
            for hit in _hits(unit, kind, key, wanted):
                known = best.get((hit.type.name, hit.id))
                if known is None or hit.score > known.score:
                    best[hit.type.name, hit.id] = hit
    ranked = sorted(best.values(), key=lambda h: (-h.score, h.label, h.id))
    return ranked[:wanted]


def _hits(unit: Session, kind: str, key: str, wanted: int) -> list[Hit]:
    """Whole keys first, then longer ones; more rows are read while the policy takes some of them away."""
    types = tuple(unit.catalogue.records)
    hits: list[Hit] = []
    for low, high in ((key, None), (key + FIRST, key + LAST)):
        read = 0
        for limit in BATCHES:
            rows = unit.transaction.find_keys(kind, low, high, types, limit)
            for start in range(read, len(rows), CHUNK):
                hits += _visible(unit, kind, key, rows[start : start + CHUNK])
            if len({(h.type.name, h.id) for h in hits}) >= wanted or len(rows) < limit:
                break
            read = len(rows)
    return hits


def _visible(unit: Session, kind: str, key: str, rows: list[KeyRow]) -> Iterable[Hit]:
    by_type: dict[str, dict[UUID, list[str]]] = {}
    for row in rows:
        by_type.setdefault(row.record, {}).setdefault(row.id, []).append(row.key)
    for name, found in by_type.items():
        type = unit.catalogue.record(name)
        keys_of = unit.kernel.plan(type).keys
        for record in reading.several(unit, type, list(found), shown=False):
            seen = set(keys_of(record))
            for survivor in reading.surviving(unit, type, [record], shown=False):
                for matched in found[record.id]:
                    if (kind, matched) in seen:
                        yield _hit(type, survivor, kind, key, matched)


def _hit(type: RecordType, record: Record, kind: str, key: str, matched: str) -> Hit:
    exact = matched == key
    score = 1.0 if exact else round(0.5 + 0.4 * len(key) / len(matched), 3)
    return Hit(type, record.id, label_of(type, record), score, f"{kind} {'is' if exact else 'begins with'} {key}")
