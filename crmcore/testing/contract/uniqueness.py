"""What unique fields and references promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pytest

from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import CrmError, DanglingReference, DuplicateValue
from crmcore.domain.link import Link
from crmcore.domain.user import User
from crmcore.testing.contract.case import StorageCase, customer_id, full_piece, plain_sample
from crmcore.testing.specimens import Profile, Sample

NOBODY: Final = UUID("0190a0b0-0000-7000-8000-00000000dead")
Write = Callable[[UnitOfWork], Any]

CLASHES: Final[dict[str, tuple[Write, Write, str, str]]] = {
    "an own field": (
        lambda work: work[Sample].add(plain_sample("a", code="X1")),
        lambda work: work[Sample].add(plain_sample("b", code="X1")),
        "code",
        "X1",
    ),
    "a group of fields": (
        lambda work: work[Sample].add(plain_sample("a", batch="B", number=7)),
        lambda work: work[Sample].add(plain_sample("b", batch="B", number=7)),
        "batch, number",
        "B, 7",
    ),
    "the system of origin": (
        lambda work: work.customers.add(Person("a", source="shop", external_id="7")),
        lambda work: work.customers.add(Person("b", source="shop", external_id="7")),
        "source, external_id",
        "shop, 7",
    ),
    "a field of a facet": (
        lambda work: work.customers.add(Person("a").with_facets(Profile(card="C-1"))),
        lambda work: work.customers.add(Person("b").with_facets(Profile(card="C-1"))),
        "specimen.card",
        "C-1",
    ),
    "one batch": (
        lambda work: work.users.add(User("x")),
        lambda work: work[Sample].add_many([plain_sample("a", code="X1"), plain_sample("b", code="X1")]),
        "code",
        "X1",
    ),
}

DANGLING: Final[dict[str, tuple[Write, str]]] = {
    "an own field": (lambda work: work.customers.add(Person("a", owner=NOBODY)), "owner"),
    "a field of a part": (
        lambda work: work[Sample].add(plain_sample("a", pieces=(full_piece(NOBODY),))),
        "piece.maker",
    ),
    "a field of a facet": (
        lambda work: work.customers.add(Person("a").with_facets(Profile(adviser=NOBODY))),
        "specimen.adviser",
    ),
    "a link": (
        lambda work: work.links.add(Link("user", work.users.add(User("u")).id, "customer", NOBODY, "knows")),
        "to_id",
    ),
    "one batch": (
        lambda work: work.customers.add_many([Person("a"), Person("b", owner=NOBODY)]),
        "owner",
    ),
}


class UniquenessContract(StorageCase):
    """Unique values are there once, references point at something, and a refusal says which and why."""

    @pytest.mark.parametrize("place", CLASHES)
    def test_a_taken_value_is_refused(self, crm: Crm, place: str) -> None:
        """Two records would share a unique value, or the refusal would not say which."""
        first, second, field, value = CLASHES[place]
        with crm.work("sara") as work:
            first(work)
        with pytest.raises(DuplicateValue) as refused, crm.work("sara") as work:
            second(work)
        assert (refused.value.details["field"], refused.value.details["value"]) == (field, value)

    def test_a_change_to_a_taken_value_is_refused(self, crm: Crm) -> None:
        """A change would get past what adding refuses."""
        with crm.work("sara") as work:
            work[Sample].add(plain_sample("a", code="X1"))
            id = work[Sample].add(plain_sample("b", code="X2")).id
        with crm.work("sara") as work:
            with pytest.raises(DuplicateValue) as refused, work.savepoint():
                work[Sample].change(id, code="X1")
            work[Sample].change(id, code="X3")
        assert (refused.value.details["field"], refused.value.details["value"]) == ("code", "X1")

    def test_missing_values_are_never_taken(self, crm: Crm) -> None:
        """Only one record could be without a code, a card or an id of its origin."""
        with crm.work("sara") as work:
            for name in ("a", "b"):
                work[Sample].add(plain_sample(name, batch="B"))
                work[Sample].add(plain_sample(name, number=1))
                work.customers.add(Person(name, source="shop").with_facets(Profile()))
                work.customers.add(Person(name, external_id="7"))
        with crm.work("sara") as work:
            assert (work[Sample].count(), work.customers.count()) == (4, 4)

    def test_values_are_taken_exactly(self, crm: Crm) -> None:
        """Values that differ in case, accent, composition, blanks or width would be taken for one."""
        codes = ("abc", "ABC", "ábc", "a\u0301bc", "abc ", " abc", "ａｂｃ", "ي", "ی", "ß", "ss", "a\u00adbc", "")
        with crm.work("sara") as work:
            work[Sample].add_many([plain_sample("s", code=code) for code in codes])
        with crm.work("sara") as work:
            for code in codes:
                found = work[Sample].query(f'code = "{code}"').items
                assert [each.code for each in found] == [code]

    @pytest.mark.parametrize("place", DANGLING)
    def test_a_reference_to_nothing_is_refused(self, crm: Crm, place: str) -> None:
        """A reference would point at nothing, or the refusal would not say which."""
        write, field = DANGLING[place]
        with pytest.raises(DanglingReference) as refused, crm.work("sara") as work:
            write(work)
        assert (refused.value.details["field"], refused.value.details["value"]) == (field, str(NOBODY))

    def test_a_change_to_nothing_is_refused(self, crm: Crm) -> None:
        """A change would get past what adding refuses."""
        id = customer_id(crm)
        with pytest.raises(DanglingReference) as refused, crm.work("sara") as work:
            work.customers.change(id, owner=NOBODY)
        assert (refused.value.details["field"], refused.value.details["value"]) == ("owner", str(NOBODY))
        with crm.work("sara") as work:
            link = work.links.add(Link("customer", id, "customer", id, "knows")).id
        with pytest.raises(DanglingReference), crm.work("sara") as work:
            work.links.change(link, to_id=NOBODY)

    def test_a_refused_write_can_be_undone_alone(self, crm: Crm) -> None:
        """After one refused record the others of the same unit of work would be lost."""
        with crm.work("sara") as work:
            work.users.add(User("before"))
            with pytest.raises(DanglingReference), work.savepoint():
                work.customers.add(Person("a", owner=NOBODY))
            work.users.add(User("after"))
        with crm.work("sara") as work:
            assert (work.users.count(), work.customers.count()) == (2, 0)

    def test_a_swallowed_refusal_commits_nothing(self, crm: Crm) -> None:
        """A unit of work in which a write failed half-way would commit what there was of it."""
        with pytest.raises(CrmError, match="rolled back"), crm.work("sara") as work:
            work.users.add(User("before"))
            with pytest.raises(DanglingReference):
                work.customers.add(Person("a", owner=NOBODY))
            with pytest.raises(CrmError, match="earlier write"):
                work.users.add(User("after"))
        with crm.work("sara") as work:
            assert (work.users.count(), work.customers.count()) == (0, 0)
