"""Worlds of customers and of all that can refer to them, as dice fall; and everything that is in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.merging.following import references, targets
from crmcore.application.merging.merges import Merges
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.bound import BoundQuery
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError
from crmcore.domain.field import Field
from crmcore.domain.money import Money
from crmcore.domain.record import Record
from crmcore.testing import specimens
from crmcore.testing.fakes import FrozenClock
from tests.application.merging.kin import KIN

ROOT: Final = "root"
PLUGINS: Final = (specimens, KIN)
REFERRING: Final = (
    *("interaction", "order", "relationship", "link", "lead", "opportunity", "invoice", "kin.thing", "kin.thing"),
    *("kin.solo", "kin.pact", "kin.deed", "specimen.sample", "specimen.entry", "not_duplicate"),
)
TEXTS: Final = ("Leila", "لیلا حسینی", "Zoë", "leila@example.com", "omar@example.com", "+20 100 555 0100", "b", "a,b")
DAYS: Final = (dt.date(2020, 2, 29), dt.date(2024, 5, 1), dt.date(2025, 1, 15))
VALUES: Final[Mapping[str, Sequence[Any]]] = {
    "integer": (0, 1, 2),
    "decimal": (Decimal("0.5"), Decimal(1)),
    "money": (Money("10", "EUR"), Money("12.5", "USD")),
    "boolean": (True, False),
    "date": DAYS,
    "datetime": tuple(dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC) for day in DAYS),
    "json": ({"a": 1}, ["x", None]),
}
"""Few values, so that they clash, agree and contradict each other."""


@attrs.define(eq=False)
class World:
    """What is in it: the ids of the customers, those of a family first, and how many of them there are."""

    crm: Crm
    customers: list[UUID]
    family: int

    @property
    def survivor(self) -> UUID:
        """The one that is to survive."""
        return self.customers[0]

    @property
    def others(self) -> list[UUID]:
        """Those that are to become a part of it."""
        return self.customers[1 : self.family]


def world(crm: Crm, dice: Random, *, most: int = 5) -> World:
    """A world as the dice fall: persons with facets, strangers, and records of many types that refer to them."""
    with crm.work(ROOT) as work:
        ids: dict[str, list[UUID]] = {"customer": []}
        family, strangers = dice.randint(2, most), dice.randint(0, 2)
        while len(ids["customer"]) < family + strangers:
            _add(work, dice, "customer", ids, kind="person")
        for _ in range(dice.randint(0, 14)):
            _add(work, dice, dice.choice(REFERRING), ids)
    later(crm)
    return World(crm, ids["customer"], family)


def _add(work: UnitOfWork, dice: Random, name: str, ids: dict[str, list[UUID]], **given: Any) -> None:
    """Add a record, unless something is against it."""
    type = work.catalogue.record(name)
    if name == "not_duplicate":
        with suppress(CrmError), work.savepoint():
            Merges(work).set_apart(dice.choice(ids["customer"]), dice.choice(ids["customer"]))
        return
    values = _values(dice, type.own, ids) | _origin(dice) | given
    for each in type.parts:
        count = dice.choice((0, 0, 1, 2))
        values[each.attribute] = tuple(each.cls(**_values(dice, each.fields, ids)) for _ in range(count))
    with suppress(CrmError), work.savepoint():
        facets = [f for f in work.catalogue.facets.get(name, ()) if dice.random() < 0.5]
        made = type.cls(**values).with_facets(*(f.cls(**_values(dice, f.fields, ids)) for f in facets))
        ids.setdefault(name, []).append(work.records(name).add(made).id)


def _values(dice: Random, fields: Iterable[Field], ids: Mapping[str, Sequence[UUID]]) -> dict[str, Any]:
    """Values for these fields; what may be missing is so half of the time."""
    found: dict[str, Any] = {}
    for each in fields:
        if each.system or (not each.required and dice.random() < 0.5):
            continue
        if each.target == "*":
            found[each.target_field] = dice.choice([name for name in ids if ids[name]])
            found[each.name] = dice.choice(ids[found[each.target_field]])
        elif each.kind == "reference" and not ids.get(each.target):
            continue
        elif each.name not in found:
            found[each.name] = _value(dice, each, ids)
    return found


def _value(dice: Random, field: Field, ids: Mapping[str, Sequence[UUID]]) -> Any:
    if field.kind == "reference":
        return dice.choice(ids[field.target])
    if field.kind == "choices":
        known = field.options or ("a", "b", "c")
        return frozenset(dice.sample(known, dice.randint(0, len(known))))
    return dice.choice(VALUES.get(field.kind) or field.options or TEXTS)


def _origin(dice: Random) -> dict[str, str]:
    source = dice.choice((None, "shop", "web"))
    return {} if source is None else {"source": source, "external_id": str(dice.randint(1, 99))}


def later(crm: Crm) -> None:
    """An hour passes."""
    clock = crm.kernel.clock
    if isinstance(clock, FrozenClock):
        clock.advance(hours=1)


def pointing(crm: Crm) -> dict[tuple[str, str, UUID, int], UUID]:
    """Every reference to a customer that follows merges, from outside of customers: (record type, name, id, which)."""
    found = {}
    with crm.work(ROOT) as work:
        for holder, held in references(work.catalogue).items():
            for record in rows_of(work, holder.name) if holder.name != "customer" else ():
                for each in held:
                    for at, id in enumerate(targets(work, each, record)):
                        found[holder.name, each.name, record.id, at] = id
    return found


def dump(crm: Crm) -> dict[str, dict[UUID, Any]]:
    """Everything that is stored but merges themselves, with match keys; without the versions and times of change of
    customers, which go on with a merge and with its undoing."""
    with crm.work(ROOT) as work:
        found: dict[str, dict[UUID, Any]] = {
            name: {each.id: _comparable(each) for each in rows_of(work, name)}
            for name in work.catalogue.records
            if name != "merge"
        }
        found["keys"] = {each.id: _keys(work, each) for each in rows_of(work, "customer")}
    return found


def rows_of(work: UnitOfWork, name: str) -> Iterator[Record]:
    """Every row of a record type, merged or not, with every facet."""
    type = work.catalogue.record(name)
    facets = tuple(work.catalogue.facets.get(name, ()))
    return (each.record for each in work.transaction.select(BoundQuery(type=type, facets=facets)))


def _comparable(record: Record) -> Record:
    if not isinstance(record, Customer):
        return record
    return evolve(record, version=0, changed_at=None)


def _keys(work: UnitOfWork, record: Record) -> list[Any]:
    type = work.catalogue.of(Customer)
    keys = work.kernel.plan(type).keys(record)
    return sorted((row.kind, row.key) for row in work.transaction.keyed("customer", keys) if row.id == record.id)
