"""A hidden reference or time of one record type is no way to learn of it from another one."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from crmcore import AlternativeName, Interaction, Order, Person, Relationship
from crmcore.application.relationships import of_customer
from crmcore.application.searching import search
from crmcore.application.timeline import timeline
from crmcore.application.whole_view import whole_view
from crmcore.crm import Crm
from crmcore.domain.errors import DuplicateValue, NotFound, PredicateError, StillReferenced, UnknownName
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Profile, Sample
from tests.shared import SharedCrm

AT = dt.datetime(2025, 1, 10, tzinfo=dt.UTC)


def hiding(shared: SharedCrm, **hidden: tuple[str, ...]) -> tuple[Crm, UUID]:
    """A Crm that hides these fields, and a customer with two orders, the later one added first."""
    crm = shared.fresh(policy=Restricted(hidden={name.replace("__", "."): fields for name, fields in hidden.items()}))
    with crm.work("root") as work:
        leila = work.customers.add(Person("Leila").with_facets(Profile(motto="m", points=1))).id
        omar = work.customers.add(Person("Omar")).id
        for day in (2, 1):
            work.orders.add(Order(AT + dt.timedelta(day), customer=leila, external_id=str(day)))
        work.relationships.add(Relationship(leila, omar, "parent_of"))
    return crm, leila


@pytest.mark.parametrize(
    "text", ["order", "no order", "order where (status is missing)", "last_order is missing", "last_order < now"]
)
@pytest.mark.parametrize("field", ["customer", "ordered_at"])
def test_related_records_by_hidden_fields(shared_sqlite: SharedCrm, field: str, text: str) -> None:
    """Whether a customer has orders, or when, would be told by a filter although the order hides it."""
    crm, _ = hiding(shared_sqlite, order=(field,))
    told = field == "ordered_at" and "last_order" not in text
    with crm.work("sara") as work:
        if told:
            assert work.customers.count(text) == 1
        else:
            with pytest.raises(PredicateError):
                work.customers.count(text)


def test_views_by_hidden_references(shared_sqlite: SharedCrm) -> None:
    """A view of a customer would collect what refers to them by a hidden reference."""
    crm, leila = hiding(shared_sqlite, order=("customer",), relationship=("to_customer",))
    with crm.work("sara") as work:
        assert timeline(work, leila).items == ()
        view = whole_view(work, leila)
        assert (view.orders, view.purchases.orders, view.relationships) == ((), 0, ())
        assert of_customer(work, leila) == []


def test_order_of_hidden_times(shared_sqlite: SharedCrm) -> None:
    """PRM-07: the order of a list would tell what is hidden."""
    crm, leila = hiding(shared_sqlite, order=("ordered_at",))
    with crm.work("sara") as work:
        assert [o.external_id for o in whole_view(work, leila).orders] == ["2", "1"]
        assert timeline(work, leila).items == ()


def test_hidden_kind_of_relationship(shared_sqlite: SharedCrm) -> None:
    """A relationship whose kind is hidden would fail, or be told by the side on which it stands."""
    crm, leila = hiding(shared_sqlite, relationship=("kind",))
    with crm.work("sara") as work:
        assert of_customer(work, leila) == []
        assert [r.kind for r in work.relationships.query().items] == [None]


def test_history_of_hidden_facets_and_subjects(shared_sqlite: SharedCrm) -> None:
    """That a facet was ever written, of whom a record is, or a digest to try values against would be told."""
    crm, leila = hiding(shared_sqlite, customer=("specimen",), order=("customer",))
    with crm.work("root") as work:
        work.customers.change(leila, {"specimen.points": 2})
        order = work.orders.query(limit=1).items[0].id
    with crm.work("sara") as work:
        [added] = work.customers.history(leila)
        assert (added.digest, "specimen" in added.changes) == ("", False)
        [logged] = work.orders.history(order)
        assert (logged.subject, logged.digest, str(leila) in repr(logged)) == (None, "", False)
        assert work.customers.get(leila, with_=[Profile]).facet_or_none(Profile) is None
        for write in (
            lambda: work.customers.drop_facet(leila, Profile),
            lambda: work.customers.put_facet(leila, Profile(points=3)),
            lambda: work.customers.change(leila, {"specimen.points": 3}),
        ):
            with pytest.raises(UnknownName):
                write()


def test_references_in_hidden_fields_are_not_counted(shared_sqlite: SharedCrm) -> None:
    """A refused removal would tell how many records refer to something by a hidden field."""
    crm, leila = hiding(shared_sqlite, order=("customer",))
    with crm.work("sara") as work, pytest.raises(StillReferenced) as refused:
        work.customers.remove(leila)
    assert refused.value.details["references"] == {"relationship": 1}


def test_clearing_what_is_hidden_names_nothing(shared_sqlite: SharedCrm) -> None:
    """Removing what a hidden record refers to would fail with that record's id, or leave it dangling."""
    rows = {"specimen.sample": 'label != "hidden"'}
    crm = shared_sqlite.fresh(policy=Restricted(rows=rows, hidden={"specimen.sample": ("parent",)}))
    with crm.work("root") as work:
        parent = work[Sample].add(Sample("parent", AT)).id
        child = work[Sample].add(Sample("hidden", AT, parent=parent)).id
    with crm.work("sara") as work:
        work[Sample].remove(parent)
        with pytest.raises(NotFound):
            work[Sample].get(child)
    with crm.work("root") as work:
        assert work[Sample].get(child).parent is None


def test_taken_values_with_hidden_ones(shared_sqlite: SharedCrm) -> None:
    """A refusal for values that are taken together would name the hidden one."""
    crm = shared_sqlite.fresh(policy=Restricted(hidden={"customer": ("source",)}))
    with crm.work("root") as work:
        work.customers.add(Person("a", source="CANARY", external_id="1"))
        other = work.customers.add(Person("b", source="CANARY", external_id="2")).id
    with crm.work("sara") as work, pytest.raises(DuplicateValue) as refused, work.savepoint():
        work.customers.change(other, external_id="1")
    assert "CANARY" not in repr((refused.value.message, refused.value.details))


def test_paths_lead_to_visible_records_only(shared: SharedCrm) -> None:
    """PRM-10: a field of a hidden record would be told through what refers to it."""
    crm = shared.fresh(policy=Restricted(rows={"customer": 'name != "Secret"'}))
    with crm.work("root") as work:
        secret = work.customers.add(Person("Secret", emails=["s@x.com"]).with_facets(Profile(points=1))).id
        work.interactions.add(Interaction(AT, "call", customer=secret))
        work.orders.add(Order(AT, customer=secret))
    asks: dict[str, Any] = {
        'customer.name = "Secret"': 0,
        'not customer.name = "Secret"': 1,
        'customer.email ~ "s@x"': 0,
        "customer.specimen.points = 1": 0,
        "customer.name is missing": 1,
        "customer is not missing": 1,
    }
    with crm.work("sara") as work:
        assert {text: work.interactions.count(text) for text in asks} == asks
        assert {text: work.orders.count(text) for text in asks} == asks


def test_hidden_records_do_not_push_visible_ones_out(shared: SharedCrm) -> None:
    """Of many who share a name or an address, the one that may be seen would not be found behind the others."""
    crm = shared.fresh(policy=Restricted(rows={"customer": 'lead_source = "ours"'}))
    with crm.work("root") as work:
        work.customers.add_many([Person("Ali Reza", emails=["home@x.com"]) for _ in range(300)])
        seen = work.customers.add(Person("Ali Reza", emails=["home@x.com"], lead_source="ours"))
    with crm.work("sara") as work:
        assert work.customers.find(email="home@x.com") == seen
        assert [hit.id for hit in search(work, "ali")] == [hit.id for hit in search(work, "home@x.com")] == [seen.id]
        assert search(work, "reza")[0].id == seen.id


def test_a_hidden_key_hides_no_visible_one(shared_memory: SharedCrm) -> None:
    """A record would not be found by a name that may be seen, because a hidden one matches before it."""
    crm = shared_memory.fresh(policy=Restricted(hidden={"customer": ("alternative_names",)}))
    with crm.work("root") as work:
        person = Person("Leila C", alternative_names=(AlternativeName("Leila B"), AlternativeName("Leila")))
        id = work.customers.add(person).id
    with crm.work("sara") as work:
        assert [(hit.id, hit.score < 1) for hit in search(work, "leila")] == [(id, True)]
        assert search(work, "leila b") == []
