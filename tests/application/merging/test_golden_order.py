"""Whatever the order and grouping in which customers are merged, the same comes of it."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.catalogue import build
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Address, AlternativeName, ContactPoint, Customer, Role
from crmcore.domain.merging.identity import part_rules
from crmcore.domain.merging.survivorship import RULES
from crmcore.domain.money import Money
from crmcore.domain.records import CORE
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START, FrozenClock
from crmcore.testing.strategies import facets, records
from tests.application.merging.golden_world import DOOR, TRIAL, Door, Trial, golden_of, merged, rows, view

CATALOGUE = build([(None, cls) for cls in CORE], [("trial", Trial)])
CUSTOMER = CATALOGUE.of(Customer)
TRIAL_TYPE = CATALOGUE.facet_by_class[Trial]
ORDERLY = tuple(rule for rule in RULES if rule != "pin")
SOURCES = ("erp", "web", "manual", None)
CHOSEN = ("name", "given_name", "employer", "note", "tags", "birth_date", "email", "phone", "city", "trial.recent")
NAMES = ("علي", "علی", "علی رضایی", "محمد", "Zoë", "Zoë Ñandú", "A", "a", "  ")
POINTS = ("a@x", "A@x", "b@x", "+49 1", "+491", "0049 1", "110")
DAYS = st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 4))


def alike() -> st.SearchStrategy[Any]:
    """Customers who have much in common, so that rules have something to decide."""
    words = st.none() | st.sampled_from(NAMES)
    points = st.builds(
        ContactPoint,
        st.sampled_from(["email", "phone", "website"]),
        st.sampled_from(POINTS),
        usage=st.sampled_from(["work", "private", None]),
        preferred=st.booleans(),
        valid_from=DAYS,
    )
    addresses = st.builds(Address, city=words, street=words, preferred=st.booleans())
    return st.builds(
        Customer,
        name=words,
        given_name=words,
        employer=words,
        note=words,
        birth_date=DAYS,
        archived=st.booleans(),
        tags=st.frozensets(st.sampled_from("abc")),
        contact_points=st.lists(points, max_size=3),
        addresses=st.lists(addresses, max_size=2),
        alternative_names=st.lists(st.builds(AlternativeName, st.sampled_from(NAMES)), max_size=2),
        roles=st.lists(st.builds(Role, st.sampled_from(["donor", "lead"]), from_date=DAYS), max_size=2),
        facets=st.fixed_dictionaries({Trial: trials(), Door: doors()}),
    )


def trials() -> st.SearchStrategy[Any]:
    """Facets that agree in some values."""
    words = st.none() | st.sampled_from(NAMES)
    few = st.builds(
        Trial,
        recent=words,
        trusted=words,
        complete=words,
        frequent=words,
        longest=words,
        checked=words,
        checked_verified_at=st.sampled_from([None, START]),
        labels=st.frozensets(st.sampled_from("xyz")),
        barred=st.sampled_from([None, True, False]),
        consent=st.sampled_from([None, "given", "withdrawn"]),
        credit=st.sampled_from([None, Money("1", "EUR"), Money("1", "USD"), Money("2", "EUR")]),
        data=st.sampled_from([None, {"a": 1}, {"a": 2}, [1]]),
    )
    return st.none() | few | facets(TRIAL_TYPE, {"customer": []})


def doors() -> st.SearchStrategy[Any]:
    """Facets of which some cannot be mixed."""
    kept = [Door(state="shut", keeper="Zoë"), Door(keeper="Zoë Ñandú"), Door(keeper="Zoë"), Door()]
    return st.none() | st.sampled_from(kept)


@attrs.frozen
class Member:
    """A customer as it was added, when and by which system, and what was changed in it later."""

    record: Customer
    on: int
    source: str | None
    edits: tuple[tuple[int, str | None, dict[str, Any]], ...]


def members() -> st.SearchStrategy[Member]:
    """Customers with a history of their own."""
    values = st.fixed_dictionaries(
        {},
        optional={
            "name": st.none() | st.sampled_from(NAMES),
            "employer": st.none() | st.sampled_from(NAMES),
            "email": st.sampled_from(POINTS[:3]),
            "phone": st.none() | st.sampled_from(POINTS[3:]),
            "city": st.none() | st.sampled_from(NAMES),
        },
    )
    edits = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(SOURCES), values), max_size=2)
    whole = records(CUSTOMER, {"user": [], "payment_terms": [], "customer": []}, kind=st.just("person"))
    record = alike() | whole.map(lambda each: evolve(each, external_id=None))
    return st.builds(Member, record, st.integers(0, 5), st.sampled_from(SOURCES), edits.map(tuple))


def added(work: UnitOfWork, clock: FrozenClock, family: Sequence[Member]) -> list[UUID]:
    """The customers, added and changed; the same ids each time."""
    ids = []
    for n, each in enumerate(family):
        clock.set(START + dt.timedelta(days=each.on))
        work.source = each.source
        id = UUID(int=(1 << 80) + n)
        work.customers.add(evolve(each.record, id=id, source=None, external_id=None, merged_into=None, erased_at=None))
        for later, source, values in sorted(each.edits, key=lambda edit: edit[0]):
            clock.set(START + dt.timedelta(days=each.on + later))
            work.source = source
            work.customers.change(id, values)
        ids.append(id)
    return ids


@pytest.fixture(scope="module")
def crm() -> Iterator[Crm]:
    """A Crm in memory; what is tried in it is taken back."""
    with make_crm(plugins=[TRIAL, DOOR], clock=FrozenClock()) as made:
        yield made


def one_by_one(draw: st.DataObject, work: UnitOfWork, ids: Sequence[UUID], choices: dict[str, Any]) -> Any:
    """Merge them in a drawn order and grouping; the last survivor."""
    left = list(ids)
    after: Any = None
    while len(left) > 1:
        taken = draw.draw(st.lists(st.sampled_from(left), min_size=2, max_size=len(left), unique=True))
        event(f"{len(taken)} of {len(left)}")
        after = merged(work, taken[0], *taken[1:], **choices)
        left = [id for id in left if id not in taken[1:]]
    return after


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=80)
@given(
    st.lists(members(), min_size=2, max_size=5),
    st.dictionaries(st.sampled_from(CHOSEN), st.sampled_from(ORDERLY), max_size=3),
    st.permutations(["erp", "web", "manual"]).flatmap(lambda each: st.integers(0, 3).map(lambda n: tuple(each[:n]))),
    st.data(),
)
def test_the_order_of_merges_does_not_count(
    crm: Crm, family: list[Member], rules: dict[str, Any], sources: tuple[str, ...], draw: st.DataObject
) -> None:
    """INV-6: merging is associative and commutative in the resulting view, under every rule but `pin`; INV-7: what was
    merged is as it is when it is merged again."""
    clock: Any = crm.kernel.clock
    choices = {"rules": rules, "sources": sources}
    with crm.work("sara", dry=True) as work:
        ids = added(work, clock, family)
        clock.set(START + dt.timedelta(days=99))
        work.source = None
        expected = view(golden_of(work, *ids, **choices).after)
        assert view(golden_of(work, *reversed(ids), **choices).after) == expected
    with crm.work("sara", dry=True) as work:
        added(work, clock, family)
        clock.set(START + dt.timedelta(days=draw.draw(st.integers(30, 50))))
        work.source = None
        after = one_by_one(draw, work, ids, choices)
        assert view(after) == expected
        again = golden_of(work, after.id, **choices)
        assert view(again.after) == expected
        assert again.after == after


EDITS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.sampled_from(NAMES),
        "note": st.none() | st.sampled_from(NAMES),
        "tags": st.frozensets(st.sampled_from("abc")),
        "email": st.none() | st.sampled_from(POINTS[:3]),
        "phone": st.none() | st.sampled_from(POINTS[3:]),
        "city": st.none() | st.sampled_from(NAMES),
        "trial.recent": st.none() | st.sampled_from(NAMES),
        "trial.labels": st.frozensets(st.sampled_from("xyz")),
    },
)
"""What somebody sets on a survivor between two merges."""


def shown(work: UnitOfWork, record: Any) -> dict[str, Any]:
    """A customer as lists show it: of the parts of a group the preferred one, or else the first."""
    type = work.catalogue.of(Customer)
    parts = {rule.part.attribute: rule for rule in part_rules(type)}
    plain = {name: value for name, value in view(record).items() if name not in parts}
    for attribute, rule in parts.items():
        held = [rule.plain(part) for part in getattr(record, attribute)]
        plain[attribute] = (rule.nominees(held), sorted(repr(sorted(_unmarked(each).items())) for each in held))
    return plain


def _unmarked(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in ("no", "preferred")}


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)
@given(st.lists(members(), min_size=2, max_size=5), st.data())
def test_what_somebody_set_after_a_merge_is_not_undone_by_the_next(
    crm: Crm, family: list[Member], draw: st.DataObject
) -> None:
    """However often survivors were changed between merges: what is worked out anew is what is there, and whoever
    survives the next merge, the same comes of it (INV-6, INV-7)."""
    clock: Any = crm.kernel.clock
    with crm.work("sara", dry=True) as work:
        left = added(work, clock, family)
        clock.set(START + dt.timedelta(days=50))
        renamed = False
        while len(left) > 1:
            one, other = draw.draw(st.permutations(left))[:2]
            expected = view(golden_of(work, other, one).after)
            assert view(merged(work, one, other)) == expected
            left.remove(other)
            clock.advance(days=1)
            edits = draw.draw(EDITS)
            renamed = renamed or "name" in edits
            work.customers.change(one, edits)
            [row] = rows(work, [one])
            again, there = shown(work, golden_of(work, one).after), shown(work, row)
            for name in ("given_name", "family_name") if renamed else ():  # they go with another name then
                del again[name], there[name]
            assert again == there
