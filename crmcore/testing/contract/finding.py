"""What finding, searching, the timeline and the whole view promise."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest

from crmcore.application.searching import search
from crmcore.application.timeline import timeline
from crmcore.application.whole_view import Purchases, whole_view
from crmcore.crm import Crm
from crmcore.domain.customer import AlternativeName, Person
from crmcore.domain.errors import AmbiguousMatch, InvalidValue, NotFound, UnknownName
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money
from crmcore.domain.order import Order
from crmcore.domain.product import Product
from crmcore.domain.relationship import Relationship
from crmcore.domain.user import User
from crmcore.testing.contract.case import NOON, StorageCase, customer_id, plain_sample
from crmcore.testing.specimens import Entry, Profile, Sample

SAME_ADDRESS = (
    ("Ali@Example.COM", "ali@example.com"),
    ("jose\u0301@x.com", "jos\u00e9@x.com"),
    (" a@x.com", "a@x.com"),
)
OTHER_ADDRESS = (("admin@x.com", "\u0430dmin@x.com"), ("\u017fupport@x.com", "support@x.com"),
                 ("\u0130s@x.com", "is@x.com"), ("stra\u00dfe@x.com", "strasse@x.com"), ("ab\u00ad@x.com", "ab@x.com"),
                 ("\ufb01le@x.com", "file@x.com"), ("\u2460@x.com", "1@x.com"))  # fmt: skip


class FindingContract(StorageCase):
    """One record by what is known of it."""

    def test_by_unique_fields_and_contact_points(self, crm: Crm) -> None:
        """A record would not be found by its code, address, number, card or id of origin, or another one would."""
        with crm.work("sara") as work:
            leila = work.customers.add(
                Person("Leila", emails=["L@x.com"], phones=["+20 100"], source="shop", external_id="7").with_facets(
                    Profile(card="C-1")
                )
            )
            work.customers.add(Person("Omar", source="web", external_id="7"))
            tea = work.products.add(Product("Tea", code="T-1"))
        with crm.work("sara") as work:
            bare = work.customers.get(leila.id)
            uniques: tuple[dict[str, Any], ...] = (
                {"email": "l@X.com"},
                {"phone": "+20100"},
                {"specimen.card": "C-1"},
                {"external_id": "7", "source": "shop"},
                {"id": str(leila.id)},
                {"name": "Leila"},
            )
            for unique in uniques:
                assert work.customers.find(**unique) == bare, unique
            assert work.products.find(code="T-1") == tea
            uniques = ({"email": "no@x.com"}, {"name": "leila"}, {"specimen.card": "c-1"}, {"external_id": "8"})
            for unique in uniques:
                assert work.customers.find(**unique) is None, unique

    def test_several_are_ambiguous(self, crm: Crm) -> None:
        """One of two people who share an address would be taken at random."""
        with crm.work("sara") as work:
            both = [work.customers.add(Person(name, emails=["home@x.com"])).id for name in ("Leila", "Omar")]
            with pytest.raises(AmbiguousMatch) as several:
                work.customers.find(email="HOME@x.com")
        assert sorted(several.value.details["ids"]) == sorted(map(str, both))  # type: ignore[call-overload]  # a list

    @pytest.mark.parametrize(("stored", "asked"), SAME_ADDRESS)
    def test_one_address_in_two_spellings(self, crm: Crm, stored: str, asked: str) -> None:
        """IDN: the same mailbox would count as two."""
        with crm.work("sara") as work:
            added = work.customers.add(Person("p", emails=[stored]))
            assert work.customers.find(email=asked) == added
            assert [hit.why for hit in search(work, asked)] == [f"email is {asked}"]

    @pytest.mark.parametrize(("stored", "asked"), OTHER_ADDRESS)
    def test_two_addresses_that_look_alike(self, crm: Crm, stored: str, asked: str) -> None:
        """IDN: the mailboxes of two people would count as one."""
        with crm.work("sara") as work:
            work.customers.add(Person("p", emails=[stored]))
            assert work.customers.find(email=asked) is None

    @pytest.mark.parametrize("name", ["note", "nothing", "tags", "birth_date"])
    def test_other_fields_are_refused(self, crm: Crm, name: str) -> None:
        """The first of many that happen to share a value would be taken for the one."""
        with crm.work("sara") as work, pytest.raises(UnknownName):
            work.customers.find(**cast(dict[str, Any], {name: "x"}))

    @pytest.mark.parametrize(("name", "nearest"), [("label", []), ("cod", ["code"])])
    def test_only_what_finds_one_is_suggested(self, crm: Crm, name: str, nearest: list[str]) -> None:
        """A person would be sent round in circles: no label finds a sample, though labels are searched."""
        with crm.work("sara") as work, pytest.raises(UnknownName) as refused:
            work[Sample].find(**cast(dict[str, Any], {name: "x"}))
        assert refused.value.details["nearest"] == nearest


class SearchContract(StorageCase):
    """One text over everything that has a name."""

    def test_exact_before_prefix_over_all_types(self, crm: Crm) -> None:
        """A person would not be found by any word of a name, by another name, or below lesser matches."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Dr. Leila Hosseini", emails=["leila@x.com"])).id
            other = work.customers.add(Person("Maha", alternative_names=(AlternativeName("Leila"),))).id
            user = work.users.add(User("Leilani")).id
            product = work.products.add(Product("Tea", code="LEI-1")).id
            sample = work[Sample].add(plain_sample("Leila's sample", code="lei-2")).id
            work.customers.add(Person("Lei-no match: Lela"))
        with crm.work("sara") as work:
            hits = search(work, "leila")
            assert hits[0].id == other
            assert {hit.id for hit in hits} == {leila, other, user, sample}
            assert {hit.id for hit in search(work, "LEI-")} >= {product, sample}
            assert [hit.id for hit in search(work, "hosseini")] == [leila]
            assert [hit.id for hit in search(work, "leila", limit=1)] == [other]
            for nothing in ("", " ", "%", "eila", "zzz", "\0", "\ud800"):
                assert search(work, nothing) == []

    def test_keys_follow_changes(self, crm: Crm) -> None:
        """A record would be found by what it was called before, or not by its new name."""
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["old@x.com"])).id
            work.customers.change(id, name="Maryam", email="new@x.com")
        with crm.work("sara") as work:
            assert [bool(search(work, text)) for text in ("Leila", "old@x.com", "maryam", "new@x.com")] == [
                False,
                False,
                True,
                True,
            ]
            work.customers.remove(id)
            assert search(work, "maryam") == []

    def test_more_records_of_one_name_than_a_batch(self, crm: Crm) -> None:
        """Of many people with one name only the first few hundred could ever be found."""
        with crm.work("sara") as work:
            work.users.add_many([User("Ali Reza", external_id=str(n)) for n in range(450)])
            assert len(search(work, "ali", limit=1_000)) == 450
            assert len(search(work, "ali reza", limit=1_000)) == 450

    def test_rekey_changes_nothing(self, crm: Crm) -> None:
        """Making the keys anew would lose some, or make others than writing does."""
        with crm.work("sara") as work:
            work.customers.add_many([Person(f"Person {n}", emails=[f"p{n}@x.com"]) for n in range(30)])
            before = search(work, "person", limit=100) + search(work, "p7@x.com")
        assert crm.rekey() == 30
        with crm.work("sara") as work:
            assert search(work, "person", limit=100) + search(work, "p7@x.com") == before


class TimelineContract(StorageCase):
    """What happened with a customer, in one order."""

    def test_all_types_newest_first_in_pages(self, crm: Crm) -> None:
        """Something would be missing from a timeline, stand twice, or in another order on the next page."""
        leila, omar = customer_id(crm), customer_id(crm, "Omar")
        with crm.work("sara") as work:
            for n in range(5):
                at = NOON + dt.timedelta(days=n % 3)
                work.interactions.add(Interaction(at, "call", customer=leila))
                work.orders.add(Order(at, customer=leila))
                work[Sample].add(Sample(f"s{n}", at, customer=leila))
                work[Entry].add(Entry(leila, at, n))
            work.orders.add(Order(NOON, customer=omar))
        with crm.work("sara") as work:
            whole = timeline(work, leila, limit=100)
            assert (len(whole.items), whole.next) == (20, None)
            places = [(entry.at, entry.id.hex) for entry in whole.items]
            assert places == sorted(places, reverse=True)
            for size in (1, 3, 7, 20):
                found, after = list[object](), None
                while True:
                    page = timeline(work, leila, size, after)
                    found += page.items
                    after = page.next
                    if after is None:
                        break
                assert found == list(whole.items)
            with pytest.raises(InvalidValue):
                timeline(work, leila, after=work.customers.query(sort="name", limit=1).next)

    def test_the_whole_view(self, crm: Crm) -> None:
        """Whoever is about to speak with a customer would miss what is known of them."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile(points=7))).id
            firm = work.customers.add(Person("Firm")).id
            work.relationships.add(Relationship(firm, leila, "employs"))
            early = work.orders.add(Order(NOON, customer=leila, total=Money(5, "EUR"))).id
            late = work.orders.add(Order(NOON + dt.timedelta(1), customer=leila, total=Money(7, "EUR"))).id
        with crm.work("sara") as work:
            view = whole_view(work, leila)
            with pytest.raises(NotFound):
                whole_view(work, early)
        assert view.customer.facet(Profile).points == 7
        assert [(seen.kind, seen.other, seen.label) for seen in view.relationships] == [("employed_by", firm, "Firm")]
        assert [entry.id for entry in view.timeline.items] == [late, early]
        assert [order.id for order in view.orders] == [late, early]
        assert view.purchases == Purchases(2, (Money(12, "EUR"),))
