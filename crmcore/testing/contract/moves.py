"""What is kept of merges: each move, told in order, and undone by who undoes the merge or by a rollback."""

from __future__ import annotations

import pytest

from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.link import Link
from crmcore.ports.moving import Move
from crmcore.testing.contract.case import StorageCase, plain_sample
from crmcore.testing.contract.moving import (
    MERGE,
    OTHER_MERGE,
    SAMPLE,
    Family,
    add_samples,
    customers_of,
    moving,
    reference,
)
from crmcore.testing.specimens import Piece, Sample


class MovesContract(StorageCase):
    """Each move is kept, is told in order, and is undone by who undoes the merge, or by a rollback."""

    def test_later_changes_stand(self, crm: Crm) -> None:
        """Undoing a merge would overwrite what somebody has changed since, or miss that it is gone."""
        family, place = Family.of(crm), reference(crm, "customer")
        ids = add_samples(crm, [family.first] * 5)
        with moving(crm) as moves:
            moves.repoint(MERGE, place, family.losers, family.survivor)
            assert moves.astray(MERGE, place, family.survivor, 9) == []
        with crm.work("sara") as work:
            work[Sample].change(ids[3], customer=family.other)
            work[Sample].change(ids[0], customer=None)
            work[Sample].change(ids[1], label="changed elsewhere")
            work[Sample].remove(ids[4])
        gone = [Move(SAMPLE, "customer", ids[n], 0, family.first) for n in (0, 3, 4)]
        with moving(crm) as moves:
            assert moves.astray(MERGE, place, family.survivor, 9) == gone
            assert moves.astray(MERGE, place, family.survivor, 2) == gone[:2]
            assert moves.give_back(MERGE, place, family.survivor) == 2
            assert len(moves.moves(MERGE, 9)) == 5
        assert customers_of(crm, ids[:4]) == [None, family.first, family.first, family.other]

    def test_a_removed_part_is_astray(self, crm: Crm) -> None:
        """The part that came in its place would be given what the other had."""
        family, place = Family.of(crm), reference(crm, "piece.maker")
        with crm.work("sara") as work:
            made = (Piece("a", maker=family.first), Piece("b", maker=family.second))
            id = work[Sample].add(plain_sample("s", pieces=made)).id
        with moving(crm) as moves:
            moves.repoint(MERGE, place, family.losers, family.survivor)
        with crm.work("sara") as work:
            kept = work[Sample].get(id).pieces[1]
            work[Sample].change(id, pieces=(kept, Piece("c", maker=family.survivor)))
        with moving(crm) as moves:
            astray = moves.astray(MERGE, place, family.survivor, 9)
            assert astray == [Move(SAMPLE, "piece.maker", id, 1, family.first)]
            assert moves.give_back(MERGE, place, family.survivor) == 1
        with crm.work("sara") as work:
            found = {piece.title: piece.maker for piece in work[Sample].get(id).pieces}
        assert found == {"b": family.second, "c": family.survivor}

    def test_moves_come_in_pages(self, crm: Crm) -> None:
        """Whoever reads the moves would miss some, or see one twice."""
        family = Family.of(crm)
        ids = add_samples(crm, [family.first, family.second, family.first])
        with crm.work("sara") as work:
            pieces = tuple(Piece("p", maker=family.first) for _ in range(12))
            ids.append(work[Sample].add(plain_sample("s", pieces=pieces)).id)
            call = work.links.add(Link("customer", family.first, SAMPLE, ids[0], "gave")).id
        with moving(crm) as moves:
            for place in (reference(crm, n, r) for n, r in (("piece.maker", SAMPLE), ("from_id", "link"))):
                moves.repoint(MERGE, place, family.losers, family.survivor)
            moves.repoint(MERGE, reference(crm, "customer"), family.losers, family.survivor)
            expected = [Move("link", "from_id", call, 0, family.first)]
            befores = (family.first, family.second, family.first)
            expected += [Move(SAMPLE, "customer", id, 0, was) for id, was in zip(ids[:3], befores, strict=True)]
            expected += [Move(SAMPLE, "piece.maker", ids[3], no, family.first) for no in range(1, 13)]
            assert moves.moves(MERGE, 99) == expected
            found: list[Move] = []
            while page := moves.moves(MERGE, 3, found[-1] if found else None):
                found += page
            assert found == expected
            counts = {("link", "from_id"): 1, (SAMPLE, "customer"): 3, (SAMPLE, "piece.maker"): 12}
            assert dict(moves.moved(MERGE)) == counts

    def test_merges_stand_apart(self, crm: Crm) -> None:
        """Undoing one merge would undo another, or a record would not tell what became of it."""
        family, place = Family.of(crm), reference(crm, "customer")
        ids = add_samples(crm, [family.first, family.second])
        with moving(crm) as moves:
            assert moves.repoint(MERGE, place, [family.first], family.second) == 1
            assert moves.repoint(OTHER_MERGE, place, [family.second], family.survivor) == 2
            was, then = (Move(SAMPLE, "customer", ids[0], 0, before) for before in family.losers)
            assert moves.moves_of(SAMPLE, ids[0]) == [(MERGE, was), (OTHER_MERGE, then)]
            assert moves.moves_of("link", ids[0]) == []
            assert moves.astray(MERGE, place, family.second, 9) == [was]
            assert moves.give_back(OTHER_MERGE, place, family.survivor) == 2
            assert moves.astray(MERGE, place, family.second, 9) == []
            assert moves.give_back(MERGE, place, family.second) == 1
        assert customers_of(crm, ids) == family.losers

    def test_a_rollback_undoes_moves(self, crm: Crm) -> None:
        """A merge that was refused half-way would leave references behind, or moves of what never moved."""
        family, place = Family.of(crm), reference(crm, "customer")
        ids = add_samples(crm, [family.first, family.second])
        transaction = crm.storage.begin()
        transaction.moving.repoint(MERGE, place, [family.first], family.survivor)
        with pytest.raises(ZeroDivisionError), transaction.savepoint():
            transaction.moving.repoint(MERGE, place, [family.second], family.survivor)
            transaction.moving.give_back(MERGE, place, family.survivor)
            raise ZeroDivisionError
        assert [m.id for m in transaction.moving.moves(MERGE, 9)] == [ids[0]]
        assert transaction.moving.astray(MERGE, place, family.survivor, 9) == []
        transaction.rollback()
        assert customers_of(crm, ids) == family.losers
        with moving(crm) as moves:
            assert moves.moves(MERGE, 9) == []
            assert moves.moves_of(SAMPLE, ids[0]) == []
        with crm.work("sara") as work:
            work[Sample].change(ids[0], customer=None)
            work.customers.remove(family.first)  # nothing holds on to it

    def test_who_was_merged_is_free_to_go(self, crm: Crm) -> None:
        """A survivor could be removed from under what refers to it, or nobody who was merged ever be removed."""
        family, place = Family.of(crm), reference(crm, "customer")
        ids = add_samples(crm, [family.first])
        with moving(crm) as moves:
            moves.repoint(MERGE, place, family.losers, family.survivor)
        with crm.work("sara") as work:
            work.customers.remove(family.first)
            left = work[Sample].get(ids[0])
            work[Sample].change(ids[0], label=evolve(left, label="t").label)
            assert work[Sample].get(ids[0]).customer == family.survivor
