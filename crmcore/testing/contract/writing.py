"""What adding and changing promise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import ContactPoint, Person
from crmcore.domain.errors import ConcurrentChange, CrmError, DuplicateValue, InvalidRecord, NotFound
from crmcore.domain.money import Money
from crmcore.domain.record import Record
from crmcore.domain.user import User
from crmcore.testing.contract.case import StorageCase, customer_id, full_piece, full_profile, full_sample, plain_sample
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.referred import one_of_each
from crmcore.testing.specimens import Profile, Sample
from crmcore.testing.strategies import records


def exact(value: Any) -> Any:
    """A record as plain values with their types, so that 1 is not True and a subclass of text is no text."""
    if attrs.has(type(value)):
        fields = [(a.name, exact(getattr(value, a.name))) for a in attrs.fields(type(value)) if a.name != "facets"]
        return type(value), fields
    if isinstance(value, tuple):
        return tuple(exact(each) for each in value)
    return type(value), value


def _of_hosts(crm: Crm) -> list[str]:
    """The record types that hosts write."""
    return sorted(name for name, type in crm.catalogue.records.items() if not type.options.system)


class WritingContract(StorageCase):
    """Records come back as they were given, and change only as far as they were changed."""

    def test_every_kind_of_field_comes_back(self, crm: Crm) -> None:
        """A value at the edge of some kind would be cut, rounded, shifted or come back as another type."""
        with crm.work("sara") as work:
            adviser = work.users.add(User("Adviser"))
            leila = work.customers.add(Person("Leila").with_facets(full_profile(adviser.id)))
            added = work[Sample].add(full_sample(leila.id))
        with crm.work("sara") as work:
            assert exact(work[Sample].get(added.id)) == exact(added)
            stored = work.customers.get(leila.id, with_=[Profile])
            assert exact(stored.facet(Profile)) == exact(full_profile(adviser.id, version=1))

    def test_any_record_comes_back(self, crm: Crm) -> None:
        """Some value that a field accepts would not come back, in one of the record types that are declared."""
        with crm.work("sara") as work:
            ids = one_of_each(work)

        @settings(max_examples=60, deadline=None, database=None)
        @given(data=st.data(), name=st.sampled_from(_of_hosts(crm)))
        def check(data: st.DataObject, name: str) -> None:
            extra = crm.catalogue.facets.get(name, ())
            drawn: Record = data.draw(records(crm.catalogue.record(name), ids, facets=extra))
            with crm.work("sara", dry=True) as work:
                try:
                    added = work.records(name).add(drawn)
                except InvalidRecord as error:  # an e-mail address or a code with a control character
                    assert "control character" in error.message, error.message
                    return
                stored = work.records(name).get(added.id, with_=tuple(f.cls for f in extra))
                assert exact(stored) == exact(added)
                assert stored.facets == {f.cls: added.facets.get(f.cls) for f in extra}
                if not crm.catalogue.record(name).options.append_only:
                    assert work.records(name).get(added.id, as_of=work.now()) == stored

        check()

    def test_what_is_missing_stays_missing(self, crm: Crm) -> None:
        """A missing value would come back as an empty text, a zero or a default."""
        with crm.work("sara") as work:
            added = work[Sample].add(plain_sample("bare", pieces=(full_piece(data=None, weight=None, price=None),)))
        with crm.work("sara") as work:
            stored = work[Sample].get(added.id)
            assert stored == added
            assert (stored.note, stored.number, stored.price, stored.tags, stored.data) == (None,) * 3 + (
                frozenset(),
                None,
            )

    def test_envelope_of_a_new_record(self, crm: Crm, clock: FrozenClock) -> None:
        """Id, version or times would not be those that the unit of work gave."""
        with crm.work("sara") as work:
            added = work.customers.add(Person("Leila"))
        with crm.work("sara") as work:
            stored = work.customers.get(added.id)
        assert (stored.id.version, stored.version) == (7, 1)
        assert stored.created_at == stored.changed_at == clock.now()

    def test_an_id_that_is_given_is_kept_and_taken(self, crm: Crm) -> None:
        """A host could not choose ids, or two records would have one."""
        chosen = UUID("0190a0b0-0000-7000-8000-000000000001")
        with crm.work("sara") as work:
            assert work.users.add(User("one", id=chosen)).id == chosen
        with pytest.raises(DuplicateValue) as refused, crm.work("sara") as work:
            work.users.add(User("two", id=chosen))
        assert (refused.value.details["field"], refused.value.details["value"]) == ("id", str(chosen))

    def test_many_records_are_streamed(self, crm: Crm) -> None:
        """A bulk path would lose records, parts, sets or history that single adding keeps."""

        def stream() -> Iterator[Sample]:
            for number in range(2_300):
                pieces = tuple(full_piece(title=f"{number}.{n}", remark=None) for n in range(number % 3))
                yield plain_sample(f"s{number}", number=number, tags=frozenset((f"t{number % 2}",)), pieces=pieces)

        with crm.work("sara") as work:
            assert work[Sample].add_many(stream()) == 2_300
        with crm.work("sara") as work:
            assert work[Sample].count() == 2_300
            assert work[Sample].count('tags = "t1" and piece.title is not missing') == 767
            [last] = work[Sample].query("number = 2297").items
            assert [p.title for p in last.pieces] == ["2297.0", "2297.1"]
            assert [entry.operation for entry in work[Sample].history(last.id)] == ["add"]

    def test_change_writes_what_differs(self, crm: Crm, clock: FrozenClock) -> None:
        """A change would touch other fields, or not count as one version at its moment."""
        with crm.work("sara") as work:
            before = work[Sample].add(full_sample(code=None))
        moment = clock.advance(hours=1)
        with crm.work("omar") as work:
            after = work[Sample].change(before.id, label="Renamed", number=None)
            assert work[Sample].get(before.id) == after
        assert after == evolve(before, label="Renamed", number=None, version=2, changed_at=moment)
        with crm.work("sara") as work:
            assert work[Sample].get(before.id) == after
            last = work[Sample].history(before.id)[-1]
        assert last.values() == {"label": ["Sample", "Renamed"], "number": [2**63 - 1, None]}
        assert (last.version, last.actor, last.at, last.operation) == (2, "omar", moment, "change")

    def test_change_to_the_same_is_none(self, crm: Crm) -> None:
        """Saving a form without a change would count as one, or another spelling of a number would."""
        berlin = dt.timezone(dt.timedelta(hours=1))
        moment = dt.datetime(2025, 1, 15, 13, 0, 0, 5, tzinfo=berlin)
        same = {"ratio": Decimal("2.5000"), "price": Money("1.0", "EUR"), "taken_at": moment, "tags": frozenset(("a",))}
        with crm.work("sara") as work:
            first = work[Sample].add(
                Sample(
                    "same",
                    moment.astimezone(dt.UTC),
                    ratio=Decimal("2.5"),
                    price=Money(1, "EUR"),
                    tags=frozenset(("a",)),
                    pieces=(full_piece(weight=Decimal("2.5")),),
                )
            )
        with crm.work("sara") as work:
            pieces = (evolve(first.pieces[0], weight=Decimal("2.50")),)
            again = work[Sample].change(first.id, version=1, label="same", pieces=pieces, **same)
            assert (again.version, len(work[Sample].history(first.id))) == (1, 1)

    def test_stale_version_has_no_side_effects(self, crm: Crm, clock: FrozenClock) -> None:
        """INV-1: a change that knew an old version would be written, logged, or half of it."""
        with crm.work("sara") as work:
            first = work.customers.add(Person("Leila", emails=["l@example.com"]).with_facets(Profile(points=1)))
        clock.advance(minutes=1)
        with crm.work("omar") as work:
            second = work.customers.change(first.id, name="Leyla")
        with crm.work("sara") as work:
            with pytest.raises(ConcurrentChange) as stale:
                work.customers.change(first.id, {"note": "lost", "email": "x@x.com", "specimen.points": 9}, version=1)
            with pytest.raises(ConcurrentChange):
                work.customers.remove(first.id, version=1)
        assert (stale.value.details["expected"], stale.value.details["found"]) == (1, 2)
        with crm.work("sara") as work:
            stored = work.customers.get(first.id, with_=[Profile])
            assert evolve(stored, facets={}) == second
            assert stored.facet(Profile).points == 1
            assert len(work.customers.history(first.id)) == 2
            assert work.customers.find(email="x@x.com") is None

    def test_a_refused_change_has_no_side_effects(self, crm: Crm) -> None:
        """A change of several things, of which the last does not fit, would be written in part."""
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila"))
        with pytest.raises(CrmError), crm.work("sara") as work, pytest.raises(InvalidRecord):
            work.customers.change(leila.id, {"name": "Leyla", "specimen.points": "many"})
        with crm.work("sara") as work:
            assert work.customers.get(leila.id) == leila
            assert len(work.customers.history(leila.id)) == 1

    def test_all_problems_are_told_at_once(self, crm: Crm) -> None:
        """A person would mend one field after the other, and something of a refused record would be stored."""
        bad = Person("x" * 256, birth_date="1990", contact_points=(ContactPoint("mail", "v"),), tags=["a"])
        with crm.work("sara") as work:
            with pytest.raises(InvalidRecord) as refused:
                work.customers.add(bad)
            assert set(refused.value.problems) == {"name", "birth_date", "tags", "contact_point[0].kind"}
            assert work.customers.count() == 0

    def test_what_is_no_record_is_refused(self, crm: Crm) -> None:
        """Something else than a record of the type, or a part with a number that is none, would reach the storage."""
        point = ContactPoint("email", "e@x.com")
        bad: list[Any] = [
            User("u"),
            None,
            Person("p", id="x"),
            *(Person("p", contact_points=(evolve(point, no=no),)) for no in ("1", -1, 2**70, True)),
            Person("p", contact_points=("e@x.com",)),
        ]
        with crm.work("sara") as work:
            for each in bad:
                with pytest.raises(InvalidRecord):
                    work.customers.add(each)
            assert work.customers.count() == 0

    def test_what_is_not_there_is_not_found(self, crm: Crm) -> None:
        """Reading, changing or removing nothing would pass for success."""
        missing = customer_id(crm)
        with crm.work("sara") as work:
            work.customers.remove(missing)
        with crm.work("sara") as work:
            for attempt in (
                lambda: work.customers.get(missing),
                lambda: work.customers.change(missing, name="x"),
                lambda: work.customers.remove(missing),
                lambda: work.customers.put_facet(missing, Profile()),
            ):
                with pytest.raises(NotFound):
                    attempt()
