"""Erasing a person: what is personal goes, from the records, the match keys, the log and what imports remember; figures
stay without the person; what plugins hold stays until they let go. One transaction.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from crmcore.application import reading, straying
from crmcore.application.adding import add
from crmcore.application.changing import write
from crmcore.application.session import Session
from crmcore.application.subjects import ledger
from crmcore.application.subjects.belongings import family
from crmcore.application.subjects.erased_log import ErasedLog
from crmcore.application.subjects.holding import Holds, asked
from crmcore.application.subjects.ledger import Known
from crmcore.application.subjects.refused_cells import tokens_of, wipe_cells
from crmcore.application.subjects.tally import Erased, Tally
from crmcore.application.subjects.wiping import Wiper
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, Test
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.privacy.erasure import ErasedKey, Erasure

LONGEST: Final = 500
"""Characters of a reason."""


class _Dry(Exception):
    """Undoes what was only tried."""


def erase(unit: Session, customer: UUID, reason: str, *, dry: bool = False) -> Erased:
    """Erase the person that a customer is, with all customers merged into it. `dry`: only tell what would go.

    Raises NotFound, Denied, InvalidValue for a reason that is empty, PluginFailed for a plugin that may hold something
    and fails to say so, InvalidRecord where a record can neither be emptied nor go.
    """
    if not reason.strip() or len(reason) > LONGEST:
        raise InvalidValue(f"an erasure needs a reason of 1 to {LONGEST} characters", value=reason)
    type = unit.catalogue.of(Customer)
    head = reading.unblanked(unit, type, customer).id
    return tried(unit, head, Erasure(str(head), customer=head, at=unit.now(), by=str(unit.actor), reason=reason), dry)


def tried(unit: Session, head: UUID, row: Erasure, dry: bool) -> Erased:
    """Carry an erasure out, under the row of the ledger that the person has already, else under this one."""
    if not dry:
        return carry_out(unit, head, row)
    found: list[Erased] = []
    try:
        with unit.savepoint():
            found.append(carry_out(unit, head, row))
            raise _Dry
    except _Dry:
        return found[0]


def carry_out(unit: Session, head: UUID, row: Erasure) -> Erased:
    """Erase what is not held, and write the ledger; again and again until nothing is held."""
    persons = family(unit, head)
    unit.check_writable()
    unit.transaction.scrub()
    straying.note(unit)
    type = unit.catalogue.of(Customer)
    for id in sorted(persons):
        unit.transaction.lock(type, id, alone=True)
    customers = _customers(unit, persons)
    rows = [each for each in ledger.rows_of(unit, persons) if each.state != "done"] or ledger.rows_of(unit, persons)
    row = rows[-1] if rows else row
    key = ledger.key_of(unit)
    holds, tally = asked(unit, customers[0], persons), Tally()
    keys: tuple[ErasedKey, ...] = ()
    if not holds.everything:
        known = {each for c in customers for each in ledger.known_by(unit, c)}
        keys = ledger.digests(key, known | _wipe(unit, persons, customers, holds, tally))
    stored = _enter(unit, row, holds, tally, keys)
    return _told(unit, stored, head, persons, holds, tally)


def _wipe(
    unit: Session, persons: tuple[UUID, ...], customers: list[Customer], holds: Holds, tally: Tally
) -> frozenset[Known]:
    """By what they were known before goes with the log."""
    log = ErasedLog(unit, persons, holds, tally)
    log.run()
    Wiper(unit, persons, holds, log, tally).run()
    tally.cells = wipe_cells(unit, tokens_of(customers))
    log.prove(persons[0], _customers(unit, persons)[0].version)
    return frozenset(log.known.found)


def _customers(unit: Session, persons: tuple[UUID, ...]) -> list[Customer]:
    """The customers, each with every facet, in the order of their ids in `persons`."""
    type = unit.catalogue.of(Customer)
    facets = tuple(unit.catalogue.facets.get(type.name, ()))
    where = Test(declared(type, "id"), "in", persons)
    found = unit.transaction.select(BoundQuery(type=type, where=where, facets=facets))
    rows = {each.record.id: each.record for each in found if isinstance(each.record, Customer)}
    return [rows[id] for id in persons]


def _enter(unit: Session, row: Erasure, holds: Holds, tally: Tally, keys: tuple[ErasedKey, ...]) -> Erasure:
    """The row of the ledger, new or with what this time added."""
    type = unit.catalogue.of(Erasure)
    state = "held" if holds.everything else "partial" if holds.held else "done"
    wiped = dict(row.wiped or {})
    for name, count in (tally.wiped + tally.removed).items():
        wiped[name] = wiped.get(name, 0) + count
    there = {(each.kind, each.digest) for each in row.keys}
    values: dict[str, Any] = {
        "state": state,
        "holds": holds.plain() or None,
        "kept": [each.plain() for each in tally.kept] or row.kept,
        "wiped": wiped or None,
        "keys": (*row.keys, *(each for each in keys if (each.kind, each.digest) not in there)),
        "finished_at": (row.finished_at or unit.now()) if state == "done" else None,
    }
    if row.version:
        stored = write(unit, type, row, values, by_rule=True)
        return stored if isinstance(stored, Erasure) else row
    return add(unit, type, [evolve(row, **values)], by_rule=True)[0]


def _told(unit: Session, row: Erasure, head: UUID, persons: tuple[UUID, ...], holds: Holds, tally: Tally) -> Erased:
    return Erased(
        erasure=row.id,
        customer=head,
        persons=persons,
        state=row.state,
        wiped=dict(sorted((name, n) for name, n in tally.wiped.items() if n)),
        removed=dict(sorted((name, n) for name, n in tally.removed.items() if n)),
        kept=tally.kept,
        holds=tuple(holds.plain()),
        log=tally.log,
        cells=tally.cells,
    )


def finish_held(unit: Session, limit: int = 500) -> int:
    """Ask again about the erasures that something holds, and erase what it has let go; how many are done now. Cheap
    where there never was an erasure."""
    if unit.transaction.setting(ledger.KEY) is None:
        return 0
    done = 0
    for row in ledger.open_rows(unit, limit):
        if row.customer is not None and _has_let_go(unit, row, row.customer):
            done += carry_out(unit, row.customer, row).state == "done"
    return done


def _has_let_go(unit: Session, row: Erasure, customer: UUID) -> bool:
    """Whether less is held than the ledger says."""
    persons = family(unit, customer)
    now = asked(unit, _customers(unit, persons)[0], persons).plain()
    return any(each not in now for each in row.holds or ())
