"""What a policy hides is told by no way of asking: PRM and INV-15 at the library's face."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import pytest

from crmcore import Person
from crmcore.application.exporting import export_columns, export_records
from crmcore.application.past_view import past_view
from crmcore.application.relationships import of_customer
from crmcore.application.searching import search
from crmcore.application.timeline import timeline
from crmcore.application.unit import UnitOfWork
from crmcore.application.whole_view import whole_view
from crmcore.crm import Crm
from crmcore.domain.errors import (
    AmbiguousMatch,
    CrmError,
    Denied,
    NotFound,
    StillReferenced,
    UnknownName,
)
from crmcore.testing.fakes import FrozenClock, Restricted
from crmcore.testing.specimens import Profile, Sample
from tests.application.hidden_world import CANARY, POLICY, ROOT, World, assert_silent, seed
from tests.shared import SharedCrm

Ask = Callable[[UnitOfWork, World], Any]


class Rows:
    """A sink that keeps what is written."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, object]] = []

    def write(self, values: Mapping[str, object]) -> None:
        self.rows.append(values)

    def close(self) -> None:
        """Nothing to be done."""

    abort = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to be done."""


def exported(work: UnitOfWork, record: str, format: str) -> tuple[Sequence[str], Sequence[Mapping[str, object]]]:
    """The columns and rows of an export of everything."""
    sink = Rows()
    columns = export_columns(work, record, format)
    export_records(work, record, None, columns, sink, format)
    return columns, sink.rows


SHOWN: dict[str, Ask] = {
    "get": lambda work, w: work.customers.get(w.ours, with_=[Profile]),
    "get an order": lambda work, w: work.orders.get(w.our_order),
    "get a sample": lambda work, w: work[Sample].get(w.sample),
    "list": lambda work, w: work.customers.query(with_=[Profile], sort="name").items,
    "list of every type": lambda work, w: [list(work.records(name).stream()) for name in work.catalogue.records],
    "past": lambda work, w: work.customers.get(w.ours, as_of=work.now()),
    "history": lambda work, w: work.customers.history(w.ours),
    "history of an order": lambda work, w: work.orders.history(w.our_order),
    "history of a call": lambda work, w: work.interactions.history(w.call),
    "history of a sample": lambda work, w: work[Sample].history(w.sample),
    "timeline": lambda work, w: timeline(work, w.ours),
    "whole view": lambda work, w: whole_view(work, w.ours),
    "past view": lambda work, w: past_view(work, w.ours, work.now()),
    "relationships": lambda work, w: of_customer(work, w.ours),
    "search": lambda work, w: [search(work, text) for text in ("leila", "canary", f"{CANARY}.three@example.com")],
    "find": lambda work, w: work.customers.find(phone="+20200"),
    "change": lambda work, w: work.customers.change(w.ours, job_title="Chief"),
    "change of a facet": lambda work, w: work.customers.change(w.ours, {"specimen.points": 2}),
    "export": lambda work, w: [
        exported(work, name, how) for name in work.catalogue.records for how in ("csv", "jsonl")
    ],
    "put a part": lambda work, w: work.customers.change(w.ours, phone="+20 300"),
}
"""What succeeds, and must hold nothing that is hidden."""

REFUSED: dict[str, tuple[Ask, type[CrmError]]] = {
    "get": (lambda work, w: work.customers.get(w.theirs), NotFound),
    "past": (lambda work, w: work.customers.get(w.theirs, as_of=work.now()), NotFound),
    "history": (lambda work, w: work.customers.history(w.theirs), NotFound),
    "history of an order": (lambda work, w: work.orders.history(w.their_order), NotFound),
    "timeline": (lambda work, w: timeline(work, w.theirs), NotFound),
    "whole view": (lambda work, w: whole_view(work, w.theirs), NotFound),
    "change": (lambda work, w: work.customers.change(w.theirs, name="x"), NotFound),
    "stale change": (lambda work, w: work.customers.change(w.theirs, name="x", version=9), NotFound),
    "remove": (lambda work, w: work.customers.remove(w.theirs), NotFound),
    "put a facet": (lambda work, w: work.customers.put_facet(w.theirs, Profile()), UnknownName),
    "drop a facet": (lambda work, w: work.customers.drop_facet(w.ours, Profile), UnknownName),
    "lock": (lambda work, w: work.lock(work.catalogue.record("order").cls, w.their_order), NotFound),
    "remove what is referred to": (lambda work, w: work.users.remove(w.owner), StillReferenced),
    "remove what a hidden part refers to": (lambda work, w: work.products.remove(w.product), StillReferenced),
}


@pytest.fixture
def crm(shared: SharedCrm) -> Crm:
    """A Crm with a policy, on each storage."""
    return shared.fresh(FrozenClock(), POLICY)


class TestShown:
    """What may be seen comes without what may not."""

    def test_no_canary_in_any_answer(self, crm: Crm) -> None:
        """PRM: some way of reading or writing would give hidden values away."""
        world = seed(crm)
        for name, ask in SHOWN.items():
            with crm.work("sara", dry=True) as work:
                told = ask(work, world)
                assert told or name == "relationships", name  # the other end of the only one is hidden
                assert_silent(name, told)

    def test_the_canaries_are_there(self, crm: Crm) -> None:
        """The test above would prove nothing: somebody who may see everything finds a canary by each way."""
        world = seed(crm)
        for name in ("get", "get an order", "get a sample", "past", "history", "timeline", "whole view", "export"):
            with crm.work(ROOT) as work, pytest.raises(AssertionError):
                assert_silent(SHOWN[name](work, world))

    def test_visible_values_stay(self, crm: Crm) -> None:
        """Hiding would take away more than what is hidden."""
        world = seed(crm)
        with crm.work("sara") as work:
            leila = work.customers.get(world.ours, with_=[Profile])
            assert (leila.name, leila.lead_source, leila.facet(Profile).points) == ("Leila H", "ours", 1)
            assert [p.value for p in leila.contact_points] == ["+20 200"]
            assert [(a.street, a.city) for a in leila.addresses] == [("Nile Street", None)]
            assert [c.id for c in work.customers.query('phone ~ "200"').items] == [world.ours]
            assert [c.id for c in work.customers.query('street = "Nile Street"').items] == [world.ours]
            changed = [set(e.values()) for e in work.customers.history(world.ours)]
            assert changed[1] == {"name"}

    def test_writing_back_loses_nothing_hidden(self, crm: Crm) -> None:
        """Who edits what they see would wipe out what they do not see."""
        world = seed(crm)
        with crm.work("sara") as work:
            seen = work.customers.get(world.ours)
            with pytest.raises(UnknownName):
                work.customers.change(world.ours, contact_points=seen.contact_points)
            work.customers.change(world.ours, phone="+20 999", street="Other Street")
        with crm.work(ROOT) as work:
            held = work.customers.get(world.ours)
            assert {p.value for p in held.contact_points} == {f"{CANARY}.three@example.com", "+20 999"}
            assert [(a.street, a.city) for a in held.addresses] == [("Other Street", f"{CANARY} Town")]


class TestRefused:
    """What may not be seen is as if it were not there."""

    def test_hidden_and_missing_are_one(self, crm: Crm) -> None:
        """PRM-01: an error would tell a hidden record from one that does not exist, or hold hidden values."""
        world = seed(crm)
        nobody = World(*(type(world.ours)(int=world.ours.int + 10_000),) * 9)
        for name, (ask, expected) in REFUSED.items():
            with crm.work("sara", dry=True) as work, pytest.raises(expected) as hidden:
                ask(work, world)
            assert_silent(name, hidden.value.message, hidden.value.details)
            if hidden.type is NotFound:
                with crm.work("sara", dry=True) as work, pytest.raises(NotFound) as missing:
                    ask(work, nobody)
                ids = [str(each) for each in (world.theirs, world.their_order)]
                text = hidden.value.message
                for id in ids:
                    text = text.replace(id, str(nobody.ours))
                assert text == missing.value.message, name

    def test_what_stands_in_the_way_is_not_told(self, crm: Crm) -> None:
        """A refused removal would count records that may not be seen, or find them by a hidden field."""
        world = seed(crm)
        with crm.work("sara", dry=True) as work:
            for records, id in ((work.customers, world.ours), (work.products, world.product)):
                with pytest.raises(StillReferenced) as refused, work.savepoint():
                    records.remove(id)
                references = refused.value.details["references"]
                assert references in ({"order": 1, "interaction": 1, "relationship": 1, "specimen.sample": 1}, {})

    def test_ambiguity_names_visible_records_only(self, crm: Crm) -> None:
        """An ambiguous address would list people who may not be seen, or be ambiguous because of them."""
        world = seed(crm)
        with crm.work(ROOT) as work:
            work.customers.change(world.theirs, phone="+20 200")
        with crm.work("sara") as work:
            found = work.customers.find(phone="+20200")
            assert found is not None and found.id == world.ours
        with crm.work(ROOT) as work, pytest.raises(AmbiguousMatch):
            work.customers.find(phone="+20200")

    def test_counts_are_of_visible_records(self, crm: Crm) -> None:
        """PRM-09: a count, a page or a sum would include what may not be seen."""
        seed(crm)
        with crm.work("sara") as work:
            assert (work.customers.count(), work.orders.count(), work.interactions.count()) == (1, 1, 1)
            assert work.customers.query(limit=1).next is None
            assert work.customers.count("order") == 1
            assert work.interactions.count("customer.lead_source is missing") == 0
            assert work.relationships.count('from_customer.lead_source = "theirs"') == 0

    def test_denied_writes_write_nothing(self, shared: SharedCrm) -> None:
        """A write that the policy refuses would be carried out, or part of it."""
        crm = shared.fresh(policy=Restricted(refuse=lambda c: "no names" if "name" in c.fields else None))
        with crm.work(ROOT) as work:
            id = work.customers.add(Person("Leila")).id
        writes: tuple[Callable[[UnitOfWork], object], ...] = (
            lambda work: work.customers.add(Person("Omar")),
            lambda work: work.customers.add_many([Person("Omar")]),
            lambda work: work.customers.change(id, name="x"),
            lambda work: work.customers.change(id, {"specimen.points": 1, "name": "x"}),
        )
        for write in writes:
            with pytest.raises(CrmError), crm.work("sara") as work:
                with pytest.raises(Denied, match="no names"):
                    write(work)
                raise Denied("end here")
        with crm.work(ROOT) as work:
            assert (work.customers.count(), len(work.customers.history(id))) == (1, 1)
