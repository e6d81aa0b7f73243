"""What a record holds beside its own fields: parts with stable numbers, sets, facets with versions of their own."""

from __future__ import annotations

import pytest

from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Address, ContactPoint, Person
from crmcore.domain.errors import ConcurrentChange, FacetNotLoaded, InvalidRecord, NoFacet
from crmcore.testing.contract.case import StorageCase, full_profile, plain_sample
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Piece, Profile, Sample


class PartsContract(StorageCase):
    """Parts are stored with their owner, and a part's number is its own as long as it is there."""

    def test_numbers_are_stable(self, crm: Crm) -> None:
        """Removing or adding a part would renumber others, so that what names them by number would mean another."""
        with crm.work("sara") as work:
            sample = work[Sample].add(plain_sample("s", pieces=(Piece("a"), Piece("b"), Piece("c"))))
            assert [(p.no, p.title) for p in sample.pieces] == [(1, "a"), (2, "b"), (3, "c")]
            kept = [p for p in sample.pieces if p.title != "b"]
            changed = work[Sample].change(sample.id, pieces=(*kept, Piece("d")))
        with crm.work("sara") as work:
            stored = work[Sample].get(sample.id)
        assert stored == changed
        assert [(p.no, p.title) for p in stored.pieces] == [(1, "a"), (3, "c"), (4, "d")]

    def test_order_is_that_of_the_numbers(self, crm: Crm) -> None:
        """What a change gives back and what is read afterwards would differ in the order of parts."""
        pieces = (Piece("late", no=9), Piece("early", no=2), Piece("new"))
        with crm.work("sara") as work:
            added = work[Sample].add(plain_sample("s", pieces=pieces))
            assert work[Sample].get(added.id) == added
        assert [(p.no, p.title) for p in added.pieces] == [(2, "early"), (9, "late"), (10, "new")]

    def test_a_number_is_given_once(self, crm: Crm) -> None:
        """Two parts of one owner could not be told apart."""
        with crm.work("sara") as work, pytest.raises(InvalidRecord):
            work[Sample].add(plain_sample("s", pieces=(Piece("a", no=1), Piece("b", no=1))))

    def test_only_the_part_that_differs_changes(self, crm: Crm) -> None:
        """A change of one part would not be stored, or would change its neighbours."""
        with crm.work("sara") as work:
            sample = work[Sample].add(plain_sample("s", pieces=(Piece("a"), Piece("b", count=1))))
            pieces = (sample.pieces[0], evolve(sample.pieces[1], count=2))
            work[Sample].change(sample.id, pieces=pieces)
        with crm.work("sara") as work:
            assert work[Sample].get(sample.id).pieces == pieces

    def test_flat_names_change_the_preferred_part(self, crm: Crm) -> None:
        """`email=` and `city=` would lose other parts, or not be found under their new value."""
        points = (ContactPoint("email", "one@x.com"), ContactPoint("email", "two@x.com", preferred=True))
        leila = Person("Leila", contact_points=points, addresses=(Address(street="Street", city="Giza"),))
        with crm.work("sara") as work:
            id = work.customers.add(leila).id
            work.customers.change(id, email="new@x.com", city="Cairo")
        with crm.work("sara") as work:
            stored = work.customers.get(id)
            assert {p.value for p in stored.contact_points} == {"one@x.com", "new@x.com"}
            assert [(a.street, a.city) for a in stored.addresses] == [("Street", "Cairo")]
            assert work.customers.find(email="NEW@x.com") == stored
            assert work.customers.find(email="two@x.com") is None
            assert work.customers.count('city = "Cairo" and email = "one@x.com"') == 1

    def test_sets_change_by_element(self, crm: Crm) -> None:
        """Elements that differ in case, accent or blanks would be taken for one; a set could not be emptied."""
        first = frozenset(("a", "A", "á", "á", "a ", "ي", "ی"))
        second = (first - {"A"}) | {"Z"}
        with crm.work("sara") as work:
            id = work[Sample].add(plain_sample("s", tags=first)).id
        with crm.work("sara") as work:
            assert work[Sample].get(id).tags == first
            work[Sample].change(id, tags=second)
        with crm.work("sara") as work:
            assert work[Sample].get(id).tags == second
            assert (work[Sample].count('tags = "Z"'), work[Sample].count('tags = "A"')) == (1, 0)
            work[Sample].change(id, tags=frozenset())
        with crm.work("sara") as work:
            assert work[Sample].get(id).tags == frozenset()
            assert work[Sample].count("tags is missing") == 1


class FacetContract(StorageCase):
    """A facet is a plugin's part of somebody else's record, with a version of its own."""

    def test_facets_are_fetched_by_request(self, crm: Crm) -> None:
        """A facet that was not fetched would pass for one that is not there."""
        with crm.work("sara") as work:
            member = work.customers.add(Person("Member").with_facets(full_profile())).id
            other = work.customers.add(Person("Other")).id
        with crm.work("sara") as work:
            with pytest.raises(FacetNotLoaded):
                work.customers.get(member).facet(Profile)
            assert work.customers.get(member, with_=[Profile]).facet(Profile) == full_profile(version=1)
            with pytest.raises(NoFacet):
                work.customers.get(other, with_=[Profile]).facet(Profile)
            page = work.customers.query(sort="name", with_=[Profile])
            assert [r.facet_or_none(Profile) is None for r in page.items] == [False, True]

    def test_facet_and_record_never_collide(self, crm: Crm) -> None:
        """An earning of points would collide with a colleague's edit of the name."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile(points=1)))
        with crm.work("till") as work:
            work.customers.change(leila.id, {"specimen.points": 2})
        with crm.work("sara") as work:
            changed = work.customers.change(leila.id, version=1, name="Leyla")
            stored = work.customers.get(leila.id, with_=[Profile])
        assert (changed.version, stored.facet(Profile)) == (2, Profile(points=2, version=2))

    def test_stale_facet_has_no_side_effects(self, crm: Crm) -> None:
        """INV-1 for facets: two who changed one facet would not learn of each other."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile(points=1)))
            work.customers.put_facet(leila.id, Profile(points=2, version=1))
            with pytest.raises(ConcurrentChange):
                work.customers.put_facet(leila.id, Profile(points=3, version=1))
            assert work.customers.get(leila.id, with_=[Profile]).facet(Profile) == Profile(points=2, version=2)
            assert len(work.customers.history(leila.id)) == 2

    def test_put_change_and_drop(self, crm: Crm, clock: FrozenClock) -> None:
        """A facet could not be made, changed in one field, or dropped later; or its history would be wrong."""
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
            work.customers.change(id, {"specimen.points": 1, "specimen.likes": frozenset(("tea",))})
            work.customers.change(id, {"specimen.points": 1})
            work.customers.put_facet(id, Profile(motto="m", points=1))
            work.customers.drop_facet(id, Profile)
            with pytest.raises(NoFacet):
                work.customers.drop_facet(id, Profile)
        with crm.work("sara") as work:
            stored = work.customers.get(id, with_=[Profile])
            entries = work.customers.history(id)
        assert (stored.version, stored.facet_or_none(Profile)) == (1, None)
        assert [(e.operation, e.version) for e in entries] == [("add", 1), ("facet", 1), ("facet", 2), ("facet", 2)]
        shown = [{n: v for n, v in e.values().items() if "." in n} for e in entries[1:]]
        assert shown == [
            {"specimen.points": [None, 1], "specimen.likes": [None, ["tea"]]},
            {"specimen.motto": [None, "m"], "specimen.likes": [["tea"], None]},
            {"specimen.motto": ["m", None], "specimen.points": [1, None]},
        ]

    def test_a_facet_without_values_is_one(self, crm: Crm) -> None:
        """A facet all of whose values are missing would be taken for none, now or in history."""
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila").with_facets(Profile())).id
            then = work.now()
        with crm.work("sara") as work:
            assert work.customers.get(id, with_=[Profile]).facet(Profile) == Profile(version=1)
            assert work.customers.get(id, as_of=then).facet(Profile) == Profile(version=1)

    def test_json_is_a_copy(self, crm: Crm) -> None:
        """Whoever alters what they wrote or read would alter what is stored, unlogged and beyond any rollback."""
        data = {"a": [1]}
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile(data=data)))
            id = work[Sample].add(plain_sample("s", data=data, pieces=(Piece("p", data=data),))).id
            work.customers.put_facet(leila.id, Profile(data=data, motto="m"))
            work[Sample].change(id, note="n")
        data["a"].append(2)
        for _ in range(2):
            with crm.work("sara") as work:
                member, sample = work.customers.get(leila.id, with_=[Profile]), work[Sample].get(id)
            held = member.facet(Profile).data, sample.data, sample.pieces[0].data
            assert held == ({"a": [1]},) * 3
            for each in held:
                each["a"].append(3)
