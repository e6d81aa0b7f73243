"""Relationships, seen from both sides and by the day: INV-9, EX-11."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Organisation, Person, Relationship
from crmcore.application.relationships import controlled, economic_share, of_customer, owned_by
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.relationship import HIERARCHIES, INVERSES
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm

DAY = dt.date(2025, 1, 15)


def add(crm: Crm, *names: str) -> list[UUID]:
    """Organisations of these names."""
    with crm.work("root") as work:
        return [work.customers.add(Organisation(name)).id for name in names]


@pytest.mark.parametrize("kind", INVERSES)
def test_both_sides_agree(shared_memory: SharedCrm, kind: str) -> None:
    """INV-9: a relationship would be seen from one side only, or differently."""
    crm = shared_memory.fresh()
    a, b = add(crm, "A", "B")
    with crm.work("root") as work:
        stored = work.relationships.add(Relationship(a, b, kind, from_date=DAY))
        [here], [there] = of_customer(work, a, DAY), of_customer(work, b, DAY)
    assert (here.kind, here.other, here.label) == (kind, b, "B")
    assert (there.kind, there.other, there.label) == (INVERSES[kind], a, "A")
    assert here.relationship == there.relationship == stored


def test_it_holds_from_its_first_day_until_before_its_last(shared: SharedCrm) -> None:
    """A relationship would hold on the day on which it ended, or not on the one on which it began."""
    crm = shared.fresh()
    a, b = add(crm, "A", "B")
    days = [DAY + dt.timedelta(n) for n in range(-1, 4)]
    with crm.work("root") as work:
        id = work.relationships.add(Relationship(a, b, "employs", DAY, DAY + dt.timedelta(2))).id
        assert [len(of_customer(work, b, day)) for day in days] == [0, 1, 1, 0, 0]
        work.relationships.change(id, from_date=None)
        assert [len(of_customer(work, b, day)) for day in days] == [1, 1, 1, 0, 0]
        work.relationships.change(id, from_date=DAY, to_date=None)
        assert [len(of_customer(work, b, day)) for day in days] == [0, 1, 1, 1, 1]
        assert len(of_customer(work, b)) == 1


def test_ownership_along_several_paths(shared: SharedCrm) -> None:
    """EX-11: A owns 80 % of B and 20 % of C, B owns 50 % of C: 60 % of C belong to A, which controls it with 70 %."""
    crm = shared.fresh()
    a, b, c = add(crm, "A", "B", "C")
    with crm.work("root") as work:
        for owner, owned, share in ((a, b, "0.8"), (a, c, "0.2"), (b, c, "0.5")):
            work.relationships.add(Relationship(owner, owned, "owns", DAY, share=Decimal(share)))
        before = DAY - dt.timedelta(1)
        assert economic_share(work, a, c, DAY) == Decimal("0.6")
        assert economic_share(work, c, a, DAY) == economic_share(work, a, c, before) == 0
        assert controlled(work, a, DAY) == {b: Decimal("0.8"), c: Decimal("0.7")}
        assert controlled(work, b, DAY) == {c: Decimal("0.5")}
        assert owned_by(work, a, DAY) == {b: Decimal("0.8"), c: Decimal("0.2")}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"to_customer": "self"}, "to_customer"),
        ({"from_date": DAY, "to_date": DAY}, "to_date"),
        ({"share": Decimal("1.000001")}, "share"),
        ({"share": Decimal(0)}, "share"),
        ({"kind": "owned_by"}, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused(shared_memory: SharedCrm, values: dict[str, object], field: str) -> None:
    """Somebody would be their own employer, or a relationship end before it begins."""
    crm = shared_memory.fresh()
    a, b = add(crm, "A", "B")
    given = {"from_customer": a, "to_customer": b, "kind": "owns", **values}
    given = {name: a if value == "self" else value for name, value in given.items()}
    with crm.work("root") as work, pytest.raises(InvalidRecord) as refused:
        work.relationships.add(Relationship(**given))  # type: ignore[arg-type]  # by name
    assert list(refused.value.problems) == [field]


def test_nobody_stands_above_themselves_on_any_day(shared: SharedCrm) -> None:
    """A company would own itself through others; one that did so on other days would be refused."""
    crm = shared.fresh()
    a, b, c = add(crm, "A", "B", "C")
    later = DAY + dt.timedelta(10)
    with crm.work("root") as work:
        work.relationships.add(Relationship(a, b, "owns", DAY, later))
        work.relationships.add(Relationship(b, c, "owns", DAY))
        after = work.relationships.add(Relationship(c, a, "owns", later)).id
        work.relationships.add(Relationship(c, a, "parent_of", DAY))
        work.relationships.add(Relationship(c, a, "advises", DAY))
    for change in ({"from_date": later - dt.timedelta(1)}, {"from_date": None}):
        with crm.work("root") as work, pytest.raises(InvalidRecord), work.savepoint():
            work.relationships.change(after, change)
    with crm.work("root") as work:
        with pytest.raises(InvalidRecord), work.savepoint():
            work.relationships.add(Relationship(c, a, "owns", None, DAY + dt.timedelta(1)))
        work.relationships.add(Relationship(c, a, "owns", None, DAY))
        assert work.relationships.count() == 6


def test_no_circle_in_one_batch(shared_memory: SharedCrm) -> None:
    """Relationships that are added together would close a circle unseen."""
    crm = shared_memory.fresh()
    a, b = add(crm, "A", "B")
    with crm.work("root") as work, pytest.raises(InvalidRecord), work.savepoint():
        work.relationships.add_many([Relationship(a, b, "owns"), Relationship(b, a, "owns")])
    with crm.work("root") as work:
        assert work.relationships.count() == 0


def test_no_circle_by_two_at_once(shared: SharedCrm) -> None:
    """Two who each add half of a circle at the same moment would close it together."""
    crm = shared.fresh()
    for _ in range(6):
        a, b = add(crm, "A", "B")

        def owns(one: UUID, two: UUID) -> None:
            with suppress(InvalidRecord):
                crm.run(lambda work: work.relationships.add(Relationship(one, two, "owns")), actor="root", retries=20)

        side_by_side(partial(owns, a, b), partial(owns, b, a))
        with crm.work("root") as work:
            assert work.relationships.count(f'from_customer in ("{a}", "{b}")') == 1


EDGES = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3), st.sampled_from(sorted(HIERARCHIES)), st.integers(0, 4), st.integers(1, 5)
    ),
    max_size=10,
)


@settings(max_examples=40)
@given(edges=EDGES)
def test_no_circle_whatever_is_added(shared_memory: SharedCrm, edges: list[tuple[int, int, str, int, int]]) -> None:
    """Some order of adding would close a circle on some day, or be refused without one."""
    crm = shared_memory.fresh()
    ids = add(crm, *"ABCD")
    held: list[tuple[int, int, str, int, int]] = []
    with crm.work("root") as work:
        for edge in edges:
            above, below, kind, start, length = edge
            dates = DAY + dt.timedelta(start), DAY + dt.timedelta(start + length)
            try:
                with work.savepoint():
                    work.relationships.add(Relationship(ids[above], ids[below], kind, *dates))
                held.append(edge)
                accepted = True
            except InvalidRecord:
                accepted = False
            assert accepted is not circular([*held[: len(held) - accepted], edge])


def circular(edges: list[tuple[int, int, str, int, int]]) -> bool:
    """Whether somebody stands above themselves on some day, the plain way."""
    for kind in HIERARCHIES:
        for day in range(10):
            step = {n: {b for a, b, k, s, m in edges if a == n and k == kind and s <= day < s + m} for n in range(4)}
            for start in range(4):
                found, waiting = set[int](), list(step[start])
                while waiting:
                    node = waiting.pop()
                    if node not in found:
                        found.add(node)
                        waiting += step[node]
                if start in found:
                    return True
    return False


def test_persons_have_relationships_too(shared_memory: SharedCrm) -> None:
    """Households would be for companies only, or a symmetric kind be seen twice."""
    crm = shared_memory.fresh()
    with crm.work("root") as work:
        one, two = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
        work.relationships.add(Relationship(one, two, "spouse_of"))
        assert [(s.kind, s.label) for s in of_customer(work, one)] == [("spouse_of", "Omar")]
        assert [(s.kind, s.label) for s in of_customer(work, two)] == [("spouse_of", "Leila")]
