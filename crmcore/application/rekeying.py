"""Making every match key anew, after the fold or a normaliser has changed."""

from __future__ import annotations

from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery
from crmcore.domain.query import Cursor
from crmcore.domain.record import RecordType
from crmcore.ports.storage import KeyRow

CHUNK = 1_000


def rekey(unit: Session) -> int:
    """Drop all keys and make those of every record, in one transaction and constant memory; how many records."""
    unit.transaction.drop_all_keys()
    return sum(rekey_type(unit, type) for type in unit.catalogue.records.values())


def rekey_type(unit: Session, type: RecordType) -> int:
    """Make the keys of every record of one type; those that are there stay. How many records."""
    keys = unit.kernel.plan(type).keys
    searched = [*(f.search for f in type.fields), *(f.search for f in type.options.flats)]
    if not any(searched):
        return 0
    total, cursor = 0, None
    while True:
        found = unit.transaction.select(BoundQuery(type=type, limit=CHUNK, cursor=cursor))
        rows = [KeyRow(kind, key, type.name, f.record.id) for f in found for kind, key in keys(f.record)]
        unit.transaction.add_keys(rows)
        total += len(found)
        if len(found) < CHUNK:
            return total
        cursor = Cursor("", found[-1].keys, found[-1].record.id)
