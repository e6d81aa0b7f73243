"""What removing promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

import pytest

from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer, Person
from crmcore.domain.errors import ConcurrentChange, NotFound, StillReferenced
from crmcore.domain.interaction import Interaction
from crmcore.domain.link import Link
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore.domain.record import Record
from crmcore.domain.user import User
from crmcore.testing.contract.case import (
    NOON,
    StorageCase,
    customer_id,
    full_piece,
    full_profile,
    full_sample,
    plain_sample,
)
from crmcore.testing.specimens import Profile, Sample

Referring = Callable[[UnitOfWork], tuple[Record, Record]]
"""Adds a record and one that refers to it; gives both."""


def _by_own_field(work: UnitOfWork) -> tuple[Record, Record]:
    owner = work.users.add(User("Owner"))
    return owner, work.customers.add(Person("Leila", owner=owner.id))


def _by_its_part(work: UnitOfWork) -> tuple[Record, Record]:
    product = work.products.add(Product("Tea"))
    return product, work.orders.add(Order(NOON, lines=(OrderLine(product.id),)))


def _by_its_facet(work: UnitOfWork) -> tuple[Record, Record]:
    adviser = work.users.add(User("Adviser"))
    return adviser, work.customers.add(Person("Leila").with_facets(Profile(adviser=adviser.id)))


def _by_link_from(work: UnitOfWork) -> tuple[Record, Record]:
    call, order = work.interactions.add(Interaction(NOON, "call")), work.orders.add(Order(NOON))
    return call, work.links.add(Link("interaction", call.id, "order", order.id, "about"))


def _by_link_to(work: UnitOfWork) -> tuple[Record, Record]:
    call, order = work.interactions.add(Interaction(NOON, "call")), work.orders.add(Order(NOON))
    return order, work.links.add(Link("interaction", call.id, "order", order.id, "about"))


REFERRING: Final[dict[str, Referring]] = {
    "an own field": _by_own_field,
    "a field of a part": _by_its_part,
    "a field of a facet": _by_its_facet,
    "the start of a link": _by_link_from,
    "the end of a link": _by_link_to,
}


class RemovingContract(StorageCase):
    """A record goes as a whole, and never while something points at it."""

    @pytest.mark.parametrize("place", REFERRING)
    def test_refused_while_referenced(self, crm: Crm, place: str) -> None:
        """A reference would be left pointing at nothing."""
        with crm.work("sara") as work:
            target, holder = REFERRING[place](work)
            targets, holders = work[type(target)], work[type(holder)]
            with pytest.raises(StillReferenced) as refused:
                targets.remove(target.id)
            assert refused.value.details["references"] == {crm.catalogue.of(type(holder)).name: 1}
            assert targets.get(target.id) == target
            holders.remove(holder.id)
            targets.remove(target.id)
        with crm.work("sara") as work:
            assert (work[type(target)].count(), work[type(holder)].count(f'id = "{holder.id}"')) == (0, 0)

    def test_references_that_clear_are_cleared(self, crm: Crm) -> None:
        """`on_remove="clear"` would leave a dangling reference, or change a record without a trace."""
        with crm.work("sara") as work:
            parent = work[Sample].add(plain_sample("parent"))
            child = work[Sample].add(plain_sample("child", parent=parent.id))
        with crm.work("omar") as work:
            work[Sample].remove(parent.id)
        with crm.work("sara") as work:
            stored = work[Sample].get(child.id)
            assert (stored.parent, stored.version) == (None, 2)
            assert work[Sample].history(child.id)[-1].values() == {"parent": [str(parent.id), None]}

    def test_what_refers_to_itself_can_be_removed(self, crm: Crm) -> None:
        """Clearing its reference would make another version of it, so that it could never be removed."""
        with crm.work("sara") as work:
            sample = work[Sample].add(plain_sample("own parent"))
            work[Sample].change(sample.id, parent=sample.id)
        with crm.work("omar") as work:
            work[Sample].remove(sample.id)
            assert work[Sample].count() == 0

    def test_a_refused_removal_clears_nothing(self, crm: Crm) -> None:
        """References would be cleared although the removal as a whole was refused."""
        with crm.work("sara") as work:
            parent = work[Sample].add(plain_sample("parent"))
            child = work[Sample].add(plain_sample("child", parent=parent.id))
            call = work.interactions.add(Interaction(NOON, "call"))
            work.links.add(Link("interaction", call.id, "specimen.sample", parent.id, "about"))
        with crm.work("sara") as work, pytest.raises(StillReferenced):
            work[Sample].remove(parent.id)
        with crm.work("sara") as work:
            assert work[Sample].get(child.id) == child

    def test_all_of_it_goes(self, crm: Crm) -> None:
        """Parts, elements of sets, facets or match keys of a removed record would turn up again."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            customer = work.customers.add(Person("Gone", emails=["gone@example.com"]).with_facets(full_profile()))
            sample = work[Sample].add(full_sample(leila))
        with crm.work("sara") as work:
            work.customers.remove(customer.id)
            work[Sample].remove(sample.id)
            with pytest.raises(NotFound):
                work[Sample].get(sample.id)
            assert work.customers.find(email="gone@example.com") is None
        with crm.work("sara") as work:
            again = work[Sample].add(plain_sample("again", id=sample.id))
            work.customers.add(Person("Again", id=customer.id))
            assert work[Sample].get(sample.id) == again
            assert work.customers.get(customer.id, with_=[Profile]).facet_or_none(Profile) is None
            assert work[Sample].count('tags = "a" or piece.title = "Piece"') == 0

    def test_unique_values_are_free_again(self, crm: Crm) -> None:
        """The values of a removed record would stay taken."""

        def add(work: UnitOfWork) -> tuple[UUID, UUID]:
            customer = work.customers.add(Person("Leila").with_facets(full_profile()))
            return customer.id, work[Sample].add(full_sample()).id

        with crm.work("sara") as work:
            customer, sample = add(work)
        with crm.work("sara") as work:
            work[Sample].remove(sample)
            work.customers.remove(customer)
            add(work)
        with crm.work("sara") as work:
            assert (work.customers.count(), work[Sample].count()) == (1, 1)

    def test_before_image_stays_in_history(self, crm: Crm) -> None:
        """Nobody could tell what a removed record held, its facets and parts included."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila", emails=["l@example.com"]).with_facets(Profile(points=3)))
            work.customers.remove(leila.id, version=1)
        with crm.work("sara") as work:
            added, removed = work.customers.history(leila.id)
        assert (removed.operation, removed.version, removed.subject) == ("remove", 2, leila.id)
        assert removed.values() == {name: [after, None] for name, (_, after) in added.values().items()}
        assert removed.values()["specimen.points"] == [3, None]
        assert removed.values()["contact_points"][0][0]["value"] == "l@example.com"

    def test_a_piece_may_point_at_what_stays(self, crm: Crm) -> None:
        """A removed holder would keep its target from being removed."""
        maker = customer_id(crm)
        with crm.work("sara") as work:
            sample = work[Sample].add(plain_sample("s", pieces=(full_piece(maker),)))
            with pytest.raises(StillReferenced):
                work.customers.remove(maker)
            work[Sample].change(sample.id, pieces=())
            work.customers.remove(maker)
        with crm.work("sara") as work:
            assert work.customers.count() == 0

    def test_many_go_at_once(self, crm: Crm) -> None:
        """Removing many in one go would leave parts, facets or sets of theirs, or take what is referred to."""
        leila = customer_id(crm)
        with crm.work("sara") as work:
            kept = work[Sample].add(full_sample(leila, code="kept", number=1, external_id="k"))
            parent = work[Sample].add(plain_sample("parent"))
            samples = [parent]
            for n in range(3):
                child = full_sample(leila, code=f"c{n}", number=n + 2, external_id=str(n), parent=samples[-1].id)
                samples.append(work[Sample].add(child))
            people = [work.customers.add(Person(f"p{n}").with_facets(Profile(points=n))) for n in range(3)]
        with crm.work("sara") as work:
            type, transaction = work.catalogue.of(Sample), work.transaction
            with pytest.raises(StillReferenced), work.savepoint():
                transaction.delete_many(work.catalogue.of(Customer), [work.customers.get(leila)])
            stale = [evolve(parent, version=7)]
            with pytest.raises(ConcurrentChange), work.savepoint():
                transaction.delete_many(type, stale)
            transaction.delete_many(type, [work[Sample].get(each.id) for each in reversed(samples)])
            transaction.delete_many(work.catalogue.of(Customer), [work.customers.get(each.id) for each in people])
        with crm.work("sara") as work:
            assert [each.id for each in work[Sample].stream()] == [kept.id]
            assert work[Sample].count('tags = "a" and piece.title = "Piece"') == 1
            assert [each.id for each in work.customers.stream()] == [leila]
            again = work[Sample].add(plain_sample("again", id=samples[2].id))
            assert work[Sample].get(again.id).pieces == ()
