"""What merges ask of a storage: references follow in bulk, each move is kept, and all of it can be given back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import attrs
import pytest

from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import DuplicateValue
from crmcore.domain.link import Link
from crmcore.domain.product import Product
from crmcore.domain.user import User
from crmcore.ports.moving import Move, Moving, Reference
from crmcore.testing.contract.case import StorageCase, customer_id, plain_sample
from crmcore.testing.specimens import Piece, Profile, Sample

MERGE, OTHER_MERGE = UUID(int=1), UUID(int=2)
SAMPLE = "specimen.sample"


@contextmanager
def moving(crm: Crm) -> Iterator[Moving]:
    """A transaction of its own that commits."""
    transaction = crm.storage.begin()
    try:
        yield transaction.moving
        transaction.commit()
    except BaseException:
        transaction.rollback()
        raise


def reference(crm: Crm, name: str, record: str = SAMPLE, target: str = "customer") -> Reference:
    """The declared reference of that name."""
    found = [Reference(*each) for each in crm.catalogue.references_to(target) if each[0].name == record]
    return next(each for each in found if each.name == name)


@attrs.frozen
class Family:
    """Customers: one survives, two are merged into it, a fourth has nothing to do with them."""

    survivor: UUID
    first: UUID
    second: UUID
    other: UUID

    @classmethod
    def of(cls, crm: Crm) -> Family:
        """Four customers who were just added."""
        return cls(*(customer_id(crm, name) for name in ("Leila", "Leyla", "L.", "Omar")))

    @property
    def losers(self) -> list[UUID]:
        """Those who are merged."""
        return [self.first, self.second]


def add_samples(crm: Crm, customers: Sequence[UUID | None]) -> list[UUID]:
    """Samples of these customers."""
    with crm.work("sara") as work:
        return [work[Sample].add(plain_sample(f"s{n}", customer=id)).id for n, id in enumerate(customers)]


def customers_of(crm: Crm, samples: Sequence[UUID]) -> list[UUID | None]:
    """What the samples refer to."""
    with crm.work("sara") as work:
        return [work[Sample].get(id).customer for id in samples]


def profile_of(work: UnitOfWork, id: UUID) -> Profile:
    """The facet of a customer."""
    return work.customers.get(id, with_=[Profile]).facet(Profile)


class MovingContract(StorageCase):
    """References follow the survivor, wherever they stand; all else stays as it is."""

    def test_own_fields_follow(self, crm: Crm) -> None:
        """What belongs to a merged customer would be lost to the survivor, or somebody else's would be taken."""
        family = Family.of(crm)
        ids = add_samples(crm, [family.first, family.second, family.other, None, family.first, family.survivor])
        place = reference(crm, "customer")
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, family.losers, family.survivor) == 3
        own, led = family.survivor, customers_of(crm, ids)
        assert led == [own, own, family.other, None, own, own]
        with crm.work("sara") as work:
            assert {work[Sample].get(id).version for id in ids} == {1}
            assert {len(work[Sample].history(id)) for id in ids} == {1}
            assert work[Sample].count(f"customer = '{own}'") == 4
        with moving(crm) as moves:
            assert moves.moves(MERGE, 9) == [
                Move(SAMPLE, "customer", ids[0], 0, family.first),
                Move(SAMPLE, "customer", ids[1], 0, family.second),
                Move(SAMPLE, "customer", ids[4], 0, family.first),
            ]

    def test_parts_follow(self, crm: Crm) -> None:
        """A line of an order, say, would go on naming a merged customer, or its neighbours would be changed too."""
        family = Family.of(crm)
        makers = (family.first, family.other, family.second, None, family.survivor)
        with crm.work("sara") as work:
            pieces = tuple(Piece(f"p{n}", maker=maker) for n, maker in enumerate(makers))
            id = work[Sample].add(plain_sample("s", pieces=pieces)).id
        place = reference(crm, "piece.maker")
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, family.losers, family.survivor) == 2
            assert [(m.id, m.no, m.before) for m in moves.moves(MERGE, 9)] == [
                (id, 1, family.first),
                (id, 3, family.second),
            ]
        with crm.work("sara") as work:
            found = work[Sample].get(id)
        own = family.survivor
        assert [piece.maker for piece in found.pieces] == [own, family.other, own, None, own]
        assert [piece.title for piece in found.pieces] == ["p0", "p1", "p2", "p3", "p4"]
        with moving(crm) as moves:
            assert moves.give_back(MERGE, place, own) == 2
        with crm.work("sara") as work:
            assert [piece.maker for piece in work[Sample].get(id).pieces] == list(makers)

    def test_facets_follow(self, crm: Crm) -> None:
        """What a plugin keeps about a record would go on naming what was merged."""
        with crm.work("sara") as work:
            users = [work.users.add(User(name)).id for name in ("a", "b", "c")]
            ids = [
                work.customers.add(Person(f"n{n}").with_facets(Profile(adviser=user, points=n))).id
                for n, user in enumerate((*users, None))
            ]
        place = reference(crm, "specimen.adviser", "customer", "user")
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, users[1:], users[0]) == 2
            assert moves.moved(MERGE) == {("customer", "specimen.adviser"): 2}
        with crm.work("sara") as work:
            profiles = [profile_of(work, id) for id in ids]
        assert [p.adviser for p in profiles] == [users[0], users[0], users[0], None]
        assert [(p.points, p.version) for p in profiles] == [(0, 1), (1, 1), (2, 1), (3, 1)]
        with moving(crm) as moves:
            assert moves.give_back(MERGE, place, users[0]) == 2
        with crm.work("sara") as work:
            assert [profile_of(work, id).adviser for id in ids] == [*users, None]

    def test_links_follow_by_type(self, crm: Crm) -> None:
        """A link of a product that has the same id as a customer would be torn from it."""
        family = Family.of(crm)
        with crm.work("sara") as work:
            tea, twin = work.products.add(Product("Tea")).id, work.products.add(Product("Twin", id=family.first)).id
            ours = work.links.add(Link("customer", family.first, "product", tea, "likes")).id
            theirs = work.links.add(Link("product", twin, "product", tea, "like")).id
        place, to = reference(crm, "from_id", "link"), reference(crm, "to_id", "link")
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, family.losers, family.survivor) == 1
            assert moves.repoint(MERGE, to, family.losers, family.survivor) == 0
        with crm.work("sara") as work:
            moved, kept = work.links.get(ours), work.links.get(theirs)
        assert (moved.from_type, moved.from_id, moved.to_id) == ("customer", family.survivor, tea)
        assert (kept.from_type, kept.from_id) == ("product", twin)
        with moving(crm) as moves:
            assert moves.astray(MERGE, place, family.survivor, 9) == []
            assert moves.give_back(MERGE, place, family.survivor) == 1
        with crm.work("sara") as work:
            assert work.links.get(ours).from_id == family.first

    def test_some_stay(self, crm: Crm) -> None:
        """What cannot follow would follow, or keep others from it; however long the list is."""
        family = Family.of(crm)
        with crm.work("sara") as work:
            samples = [plain_sample("s", customer=family.first, id=UUID(int=n << 120)) for n in range(1, 7)]
            ids = [work[Sample].add(each).id for each in samples]
        crowd = [UUID(int=n << 110 | 5) for n in range(1, 10_000)]  # below, between and above those that are there
        place, own = reference(crm, "customer"), family.survivor
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, family.losers, own, [ids[1]]) == 5
            assert moves.give_back(MERGE, place, own, [ids[3]]) == 4
            assert moves.repoint(OTHER_MERGE, place, family.losers, own, [*crowd, ids[0], ids[5]]) == 3
        first = family.first
        assert customers_of(crm, ids) == [first, own, own, own, own, first]
        with moving(crm) as moves:
            assert [m.id for m in moves.moves(OTHER_MERGE, 9)] == [ids[1], ids[2], ids[4]]
            assert moves.give_back(OTHER_MERGE, place, own, [*crowd, ids[2]]) == 2
        assert customers_of(crm, ids) == [first, first, own, own, first, first]

    def test_many_at_once(self, crm: Crm) -> None:
        """A merge of hundreds would be refused by the database, or forget some."""
        family = Family.of(crm)
        with crm.work("sara") as work:
            more = [work.customers.add(Person(f"n{n}")).id for n in range(500)]
        ids = add_samples(crm, more)
        with moving(crm) as moves:
            assert moves.repoint(MERGE, reference(crm, "customer"), more, family.survivor) == 500
            assert moves.repoint(OTHER_MERGE, reference(crm, "customer"), [], family.survivor) == 0
        assert set(customers_of(crm, ids)) == {family.survivor}
        with moving(crm) as moves:
            assert moves.give_back(MERGE, reference(crm, "customer"), family.survivor) == 500
        assert customers_of(crm, ids) == more

    def test_what_is_unique_stays_unique(self, crm: Crm) -> None:
        """A merge would leave two links where one can be, or say no more than that the database was lost."""
        family, place = Family.of(crm), reference(crm, "from_id", "link")
        with crm.work("sara") as work:
            tea = work.products.add(Product("Tea")).id
            ids = [
                work.links.add(Link("customer", id, "product", tea, "likes")).id
                for id in (family.first, family.second, family.survivor)
            ]
        transaction = crm.storage.begin()
        with pytest.raises(DuplicateValue), transaction.savepoint():
            transaction.moving.repoint(MERGE, place, family.losers, family.survivor)
        assert transaction.moving.repoint(MERGE, place, family.losers, family.survivor, ids[:2]) == 0
        assert transaction.moving.moves(MERGE, 9) == []
        transaction.commit()
        with crm.work("sara") as work:
            assert [work.links.get(id).from_id for id in ids] == [*family.losers, family.survivor]
