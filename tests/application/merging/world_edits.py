"""Whatever people do between a merge and its undoing."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Final

from crmcore.application.unit import UnitOfWork
from crmcore.domain.customer import ContactPoint
from crmcore.domain.errors import CrmError
from crmcore.testing import specimens
from tests.application.merging.kin import Kin, Thing
from tests.application.merging.worlds import ROOT, World, later, rows_of


def edits(world: World, dice: Random) -> None:
    """Whatever people do between a merge and its undoing."""
    with world.crm.work(ROOT) as work:
        for _ in range(dice.randint(0, 4)):
            with suppress(CrmError, IndexError), work.savepoint():
                dice.choice(STEPS)(work, world, dice)
    later(world.crm)


def _name(work: UnitOfWork, world: World, dice: Random) -> None:
    work.customers.change(world.survivor, name=dice.choice(("Zoë", "Leila", None)))


def _tag(work: UnitOfWork, world: World, dice: Random) -> None:
    work.customers.change(world.survivor, tags=frozenset(dice.sample(("a", "b", "z"), dice.randint(0, 3))))


def _points(work: UnitOfWork, world: World, dice: Random) -> None:
    held = work.customers.get(world.survivor).contact_points
    gone = dice.choice(held)
    kept = tuple(each for each in held if each is not gone)
    work.customers.change(world.survivor, contact_points=(*kept, ContactPoint("email", "new@example.com")))


def _facet(work: UnitOfWork, world: World, dice: Random) -> None:
    name, value = dice.choice((("badge", dice.choice(("1", "2", "3"))), ("level", dice.randint(0, 3))))
    work.customers.change(dice.choice(world.customers), {f"kin.{name}": value})


def _leave(work: UnitOfWork, world: World, dice: Random) -> None:
    work.customers.drop_facet(world.survivor, dice.choice((Kin, specimens.Profile)))


def _call(work: UnitOfWork, world: World, dice: Random) -> None:
    points = [p for row in rows_of(work, "customer") for p in getattr(row, "contact_points")]  # noqa: B009
    note = dice.choice([*(p.value for p in points), None])
    work[Thing].add(Thing(owner=world.survivor, note=note, code=dice.choice(("a", None))))


def _referring(work: UnitOfWork, world: World, dice: Random) -> None:
    thing = dice.choice(work[Thing].query(limit=20).items)
    change = dice.choice(({"owner": dice.choice(world.customers)}, {"code": dice.choice(("a", "b"))}, {"note": "b"}))
    work[Thing].change(thing.id, change)


def _remove(work: UnitOfWork, world: World, dice: Random) -> None:
    work[Thing].remove(dice.choice(work[Thing].query(limit=20).items).id)


STEPS: Final = (_name, _tag, _points, _facet, _leave, _call, _referring, _remove)
