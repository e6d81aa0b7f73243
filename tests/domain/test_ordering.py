"""The order of results: what sorts before what, and where a cursor stands in it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal, localcontext
from functools import cmp_to_key
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.bound import BoundQuery, SortKey
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.ordering import check_cursor, place, preferred, sort_values
from crmcore.domain.query import Cursor, decode_cursor, sort_name, sorts
from tests.domain.clinic import CATALOGUE, VISIT, Finding, Patient, Visit, World, binder, visit
from tests.domain.questions import worlds

ONE, SARA = UUID(int=1), UUID(int=2)


def keys(text: str) -> tuple[SortKey, ...]:
    """Sort keys of visits, as a list is asked for."""
    return tuple(binder().sort_key(VISIT, sort) for sort in sorts(text))


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("note", {"note": "  Éa-B "}, ("ea b",)),  # text by its fold
        ("note", {"note": "ﬃ" * 20}, ("ffi" * 10,)),  # as much of it as is kept
        ("code", {"code": "É-1"}, ("É-1",)),  # codes as they are
        ("rank", {"rank": -5}, (-5,)),
        ("dose", {"dose": Decimal("-1.5")}, (-15000,)),
        ("refund", {"refund": Money("1.5", "USD")}, (15000, "USD")),
        ("seen", {"seen": True}, (1,)),
        ("due", {"due": dt.date(900, 1, 2)}, ("0900-01-02",)),
        ("ended_at", {"ended_at": dt.datetime(2025, 1, 2, 3, tzinfo=dt.UTC)}, ("2025-01-02 03:00:00.000000+00:00",)),
        ("grade", {"grade": "b"}, ("b",)),
        ("patient", {}, (SARA.hex,)),
        ("id", {}, (ONE.hex,)),
        ("refund", {}, (None, None)),
        ("note", {}, (None,)),
        ("symptom", {"findings": (Finding("sign", "a", no=1), Finding("symptom", "B", no=2))}, ("b",)),
        ("symptom", {"findings": (Finding("symptom", "b", no=1), Finding("symptom", "a", no=2))}, ("b",)),
        ("symptom", {"findings": (Finding("symptom", "b", no=1), Finding("symptom", "a", True, no=2))}, ("a",)),
        ("symptom", {"findings": (Finding("sign", "a", True, no=1),)}, (None,)),
    ],
)
def test_values_sort_in_a_plain_form(name: str, values: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """Memory and databases would order one list differently, or a cursor could not carry the place."""
    one = visit(1, SARA, **{"id": ONE, **values})
    found = sort_values(one, keys(name), World())
    assert found == expected
    assert json.loads(json.dumps(found)) == list(expected)


def test_a_facets_values_are_looked_up() -> None:
    """A list of members could not be sorted by what the plugin keeps of them."""
    customer = CATALOGUE.of(Customer)
    key = binder().sort_key(customer, sorts("-clinic.insured_as")[0])
    one, other = Customer(id=ONE), Customer(id=SARA)
    world = World(one, other, facets={ONE: Patient(insured_as="B-7")})
    assert sort_values(one, (key,), world) == ("b 7",)
    assert sort_values(other, (key,), world) == (None,)


def test_the_hosts_decimal_context_does_not_matter() -> None:
    """A host that calculates with six digits would get another order."""
    with localcontext() as context:
        context.prec = 3
        assert sort_values(visit(1, SARA, weight=Decimal("12345678.91")), keys("weight"), World()) == (1234567891,)


def test_the_preferred_part_stands_for_all() -> None:
    """A list would show one address and be sorted by another."""
    first, second = Finding("sign", "a", no=2), Finding("sign", "b", no=1)
    assert preferred((first, second)) is second
    assert preferred((first, second), [("kind", "symptom")]) is None


def _listed(text: str, *visits: Visit) -> list[str]:
    sort = keys(text) if text else ()
    placed = place(sort)
    order = sorted(visits, key=lambda each: placed(sort_values(each, sort, World()), each.id))
    return [each.code for each in order]


def test_missing_values_come_last_in_either_direction() -> None:
    """A list sorted the other way round would begin with pages of nothing."""
    three = [visit(n, SARA, id=UUID(int=n), rank=rank) for n, rank in enumerate([2, None, 1])]
    assert _listed("rank", *three) == ["V2", "V0", "V1"]
    assert _listed("-rank", *three) == ["V0", "V2", "V1"]


def test_ties_go_by_id_in_the_direction_of_the_last_key() -> None:
    """A timeline read backwards would not be the same list in reverse."""
    four = [visit(n, SARA, id=UUID(int=n), rank=n // 2, day=dt.date(2025, 1, 1)) for n in range(4)]
    assert _listed("", *reversed(four)) == ["V0", "V1", "V2", "V3"]
    assert _listed("-rank", *four) == ["V3", "V2", "V1", "V0"]
    assert _listed("rank,-day", *four) == ["V1", "V0", "V3", "V2"]
    assert _listed("-rank,day", *four) == ["V2", "V3", "V0", "V1"]


NAMES = ("room", "rank", "dose", "refund", "seen", "due", "ended_at", "grade", "symptom", "fees", "doctor")
SORTS = st.lists(st.sampled_from([*NAMES, *(f"-{n}" for n in NAMES)]), max_size=3).map(",".join)


@given(worlds(), SORTS)
def test_places_give_the_order_that_the_values_have(world: World, text: str) -> None:
    """Several keys, directions and missing values together would give some other order."""
    sort = keys(text) if text else ()
    rows = [(sort_values(v, sort, world), v.id) for v in world.records if isinstance(v, Visit)]
    placed = place(sort)
    assert sorted(rows, key=lambda row: placed(*row)) == sorted(rows, key=cmp_to_key(_by_hand(sort)))


def _by_hand(sort: tuple[SortKey, ...]) -> Any:
    turns = [-1 if key.descending else 1 for key in sort for _ in range(1 + (key.field.kind == "money"))]
    last = -1 if sort and sort[-1].descending else 1

    def compare(one: tuple[tuple[Any, ...], UUID], other: tuple[tuple[Any, ...], UUID]) -> int:
        for turn, a, b in zip(turns, one[0], other[0], strict=True):
            if a != b:
                return (1 if a is None else -1) if None in (a, b) else turn * (1 if a > b else -1)
        return last * ((one[1] > other[1]) - (one[1] < other[1]))

    return compare


def _query(text: str, cursor: Cursor) -> BoundQuery:
    return BoundQuery(type=VISIT, sort=keys(text), order=text, cursor=cursor)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("rank", ("x",)),  # text where a number is due
        ("rank", (True,)),
        ("rank", ()),
        ("rank", (1, 2)),
        ("refund", (1,)),
        ("refund", ("EUR", 1)),
        ("room", (5,)),
        ("room", ("a\0",)),  # what no database takes
        ("room", ("\ud800",)),
        ("rank", (2**63,)),
        ("due", ("2025-02-30",)),
        ("ended_at", ("2025-02-03",)),
        ("ended_at", ("2025-02-03 10:00:00.000000+01:00",)),
        ("ended_at", ("0001-01-01 00:00:00.000000+10:00",)),
        ("doctor", ("x",)),
    ],
)
def test_a_forged_cursor_is_refused(text: str, values: tuple[Any, ...]) -> None:
    """A page would begin anywhere, or the database would complain about a type."""
    with pytest.raises(InvalidValue, match="cursor"):
        check_cursor(_query(text, Cursor(text, values, ONE)))


def test_a_cursor_carries_every_kind_of_key() -> None:
    """The next page of some order could not be asked for."""
    sort = ",".join(NAMES)
    one = visit(1, SARA, id=ONE, refund=Money(1, "EUR"), dose=Decimal(1), seen=False, doctor=SARA)
    carried = Cursor(sort_name(sorts(sort)), sort_values(one, keys(sort), World()), ONE)
    assert decode_cursor(carried.encode(), carried.sort) == carried
    check_cursor(_query(sort, carried))
    check_cursor(BoundQuery(type=VISIT))
