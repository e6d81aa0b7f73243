"""Replaying erasures: after an older backup was restored, who is erased in the ledger is erased again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.adding import add
from crmcore.application.session import Session
from crmcore.application.subjects import ledger
from crmcore.application.subjects.erasing import carry_out
from crmcore.application.subjects.ledger_text import Ledger, current
from crmcore.application.subjects.tally import Erased
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, SortKey, Test
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.privacy.erasure import Erasure
from crmcore.domain.query import Cursor

AT_ONCE: Final = 1_000
SURE: Final = frozenset(("external_id", "name_birth"))
"""Kinds of keys that no two persons share: by an e-mail address alone nobody is erased, families have one together."""


@attrs.frozen(kw_only=True)
class Replayed:
    """What replaying did: `erased` again, `recorded` in the ledger anew, `absent`: how many are not in this database.
    `doubtful` are customers whom an erased person's address or number alone points at: somebody has to look."""

    erased: tuple[Erased, ...]
    recorded: int
    absent: int
    doubtful: tuple[UUID, ...]


def replay(unit: Session, held: Ledger | None = None) -> Replayed:
    """Erase everybody in this ledger (None: that of this database) who is here, and enter what the ledger here lacks.
    Repeating it changes nothing. `InvalidSetting` where the ledger here has another key."""
    given = held or current(unit)
    if not given.rows:
        return Replayed(erased=(), recorded=0, absent=0, doubtful=())
    _put_key(unit, given)
    recorded = _record(unit, given)
    mine = {row.id: row for row in ledger.every_row(unit)}
    done, absent = [], list[Erasure]()
    for row in (mine[each.id] for each in given.rows):
        if row.state == "held":
            continue
        if _is_here(unit, UUID(row.person)):
            done += _again(unit, UUID(row.person), row)
        else:
            absent.append(row)
    sure, doubtful = _found_by_keys(unit, given.key, absent)
    for id, row in sure.items():
        done += _again(unit, id, row)
    return Replayed(
        erased=tuple(done),
        recorded=recorded,
        absent=len(absent) - len({row.id for row in sure.values()}),
        doubtful=tuple(doubtful),
    )


def _put_key(unit: Session, given: Ledger) -> None:
    here = unit.transaction.setting(ledger.KEY)
    if here is None:
        with unit.writing() as transaction:
            transaction.put_setting(ledger.KEY, given.key)
    elif here != given.key:
        raise InvalidSetting(
            "this database has an erasure ledger of its own, with another key: it is not the one that this file is of"
        )


def _record(unit: Session, given: Ledger) -> int:
    """Enter the rows that are missing; of one that is here too, the keys that were let in again stay let in."""
    type, count = unit.catalogue.of(Erasure), 0
    here = {row.id: row for row in ledger.every_row(unit)}
    for row in given.rows:
        mine = here.get(row.id)
        if mine is None:
            there = row.customer is not None and _is_here(unit, row.customer)
            add(unit, type, [row if there else evolve(row, customer=None)], by_rule=True)
            count += 1
        elif row.readmitted_at is not None and mine.readmitted_at is None:
            with unit.writing() as transaction:
                after = evolve(mine, keys=row.keys, readmitted_at=row.readmitted_at, version=mine.version + 1)
                transaction.update(type, mine, after)
    return count


def _is_here(unit: Session, id: UUID) -> bool:
    type = unit.catalogue.of(Customer)
    return unit.transaction.count(BoundQuery(type=type, where=Test(declared(type, "id"), "=", (id,)))) > 0


def _again(unit: Session, id: UUID, row: Erasure) -> list[Erased]:
    """Erase again; what is empty already is left."""
    outcome = carry_out(unit, id, row)
    return [outcome] if any((outcome.wiped, outcome.removed, outcome.log, outcome.cells)) else []


def _found_by_keys(unit: Session, key: str, rows: list[Erasure]) -> tuple[Mapping[UUID, Erasure], list[UUID]]:
    """Customers of before an erasure who have the keys of somebody who is not here: surely the same, and perhaps."""
    wanted = {(k.kind, k.digest): row for row in rows for k in row.keys}
    sure: dict[UUID, Erasure] = {}
    doubtful = []
    for each in _unerased(unit) if wanted else ():
        found = {}
        for kind, text in ledger.known_by(unit, each):
            row = wanted.get((kind, ledger.digest(key, (kind, text))))
            if row is not None and (each.created_at is None or each.created_at <= row.at):
                found[kind] = row
        if certain := [row for kind, row in found.items() if kind in SURE]:
            sure[each.id] = certain[0]
        elif found:
            doubtful.append(each.id)
    return sure, doubtful


def _unerased(unit: Session) -> Iterator[Customer]:
    type: Any = unit.catalogue.of(Customer)
    asked = BoundQuery(type=type, sort=(SortKey(declared(type, "id")),), order="id", limit=AT_ONCE)
    while found := unit.transaction.select(asked):
        yield from (r for f in found if isinstance(r := f.record, Customer) and r.erased_at is None)
        asked = attrs.evolve(asked, cursor=Cursor("id", found[-1].keys, found[-1].record.id))
