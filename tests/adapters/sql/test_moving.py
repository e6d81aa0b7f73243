"""Repointing beside others: what comes between is never moved without a trace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from crmcore.adapters.sql import SqlSource, SqlStorage
from crmcore.adapters.sql.asking import Asking
from crmcore.adapters.sql.moving import SqlMoving
from crmcore.adapters.sql.places import PASSED_OVER, spans
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import StorageBusy
from crmcore.domain.link import Link
from crmcore.domain.product import Product
from crmcore.ports.moving import Reference
from crmcore.testing.crm import make_crm
from tests.adapters.sql.plans import Recorder
from tests.databases import storages

MERGE = UUID(int=1)


class Between(Recorder):
    """A runner that lets somebody else write after the first statement."""

    def __init__(self, runner: Any, crm: Crm, link: Link) -> None:
        super().__init__(runner)
        self._crm, self._link = crm, link

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Passed on; after the moves were kept, a link is added and committed."""
        met = super().run(sql, values)
        if sql.startswith("INSERT INTO crm_move"):
            other = self._crm.storage.begin()
            other.insert(self._crm.catalogue.of(Link), [self._link])
            other.commit()
        return met


@pytest.mark.parametrize("fresh_url", storages("postgres", "mariadb"), indirect=True)
def test_what_comes_between_is_not_moved_unseen(fresh_url: str) -> None:
    """A link made while a merge runs would follow without a move, and never come back."""
    with make_crm(SqlSource.own(fresh_url)) as crm:
        with crm.work("sara") as work:
            leila, leyla = (work.customers.add(Person(name)).id for name in ("Leila", "Leyla"))
            tea, rice = (work.products.add(Product(name)).id for name in ("Tea", "Rice"))
            likes = work.links.add(Link("customer", leyla, "product", tea, "likes"))
        now = likes.created_at
        late = Link("customer", leyla, "product", rice, "likes", id=UUID(int=9), created_at=now, changed_at=now)
        place = next(r for r in map(_reference, crm.catalogue.references_to("customer")) if r.name == "from_id")
        assert isinstance(crm.storage, SqlStorage)
        transaction = crm.storage.begin()
        runner = Between(transaction._runner, crm, late)
        asking = Asking(transaction._model, runner, lambda call, *arguments: call(*arguments))
        with pytest.raises(StorageBusy, match="repeat"):
            SqlMoving(asking).repoint(MERGE, place, [leyla], leila)
        transaction.rollback()
        again = crm.storage.begin()
        assert again.moving.repoint(MERGE, place, [leyla], leila) == len(again.moving.moves(MERGE, 9)) == 2
        again.commit()
        with crm.work("sara") as work:
            assert {each.from_id for each in work.links.stream()} == {leila}


def _reference(found: Any) -> Reference:
    return Reference(*found)


@pytest.mark.parametrize("count", [0, 1, PASSED_OVER, PASSED_OVER + 1, 3 * PASSED_OVER - 1])
def test_every_id_is_in_one_span(count: int) -> None:
    """A record would be moved twice, or left behind, where very many stay."""
    stays = [UUID(int=2 * n + 1) for n in range(count)]
    made = list(spans([*stays[::-1], *stays[:3]]))
    assert len(made) == max(1, -(-count // PASSED_OVER))
    for id in (UUID(int=n) for n in range(0, 2 * count + 3, 97)):
        holding = [s for s in made if (s.low is None or id > s.low) and (s.high is None or id <= s.high)]
        assert len(holding) == 1
        assert (id in holding[0].but) == (id in stays)
