"""A hidden field is as one that was never declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmcore.application.unit import UnitOfWork
from crmcore.domain.errors import PredicateError, UnknownName
from tests.application.hidden_world import HIDDEN, POLICY, assert_silent, seed
from tests.shared import SharedCrm


@pytest.mark.parametrize(
    ("record", "name"),
    [(r, n) for r, names in HIDDEN.items() for n in names]
    + [
        ("customer", "contact_points"),
        ("customer", "address.city"),
        ("customer", "alternative_name.name"),
        ("customer", "role.role"),
        ("order", "line.description"),
        ("specimen.sample", "piece.title"),
    ],
)
def test_no_way_of_asking_knows_it(shared_memory: SharedCrm, record: str, name: str) -> None:
    """PRM: a filter, a sort, a look-up or a change would tell by its answer what the field holds."""
    crm = shared_memory.fresh(policy=POLICY)
    world = seed(crm)
    asks: list[Callable[[UnitOfWork, str], Any]] = [
        lambda work, n: work.records(record).query(f"{n} is missing"),
        lambda work, n: work.records(record).count(f'not {n} = "x"'),
        lambda work, n: work.records(record).count(f'{n} in ("x", "y")'),
        lambda work, n: work.records(record).query(sort=n),
        lambda work, n: work.records(record).query(sort=f"-{n}"),
        lambda work, n: work.records(record).find(**{n: "x"}),  # type: ignore[arg-type]  # a name
        lambda work, n: work.records(record).change(world.ours, {n: "x"}),
    ]
    for ask in asks:
        told = []
        for asked in (name, _unknown_like(name)):
            with crm.work("sara", dry=True) as work, pytest.raises((PredicateError, UnknownName)) as refused:
                ask(work, asked)
            assert_silent(refused.value.message)
            first = refused.value.message.partition("\n")[0].replace(asked, "").partition(" at character")[0]
            told.append((refused.type, first.partition(";")[0]))
            hint = first.partition(";")[2]
            assert not any(repr(hidden) in hint for hidden in HIDDEN[record]), hint
        assert told[0] == told[1]


def _unknown_like(name: str) -> str:
    """A name that nobody declared, in the same place."""
    place, dot, _ = name.rpartition(".")
    return f"{place}.zzz" if place in ("address", "specimen") else f"zzz{dot and '.zzz'}"
