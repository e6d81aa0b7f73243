"""Turns are taken by weight, smoothly, and over absences."""

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.leads.assignment import Seller
from crmcore.domain.leads.rotation import Credits, take_turn

A, B, C = Seller(id="a", weight=5), Seller(id="b"), Seller(id="c")


def turns(sellers: Sequence[Seller], number: int, credits: Credits | None = None) -> tuple[str, dict[str, int]]:
    """Who gets the next leads, in a row, and the credits after them."""
    kept, row = dict(credits or {}), ""
    for _ in range(number):
        found, kept = take_turn(sellers, kept)
        assert found is not None and found.rule == "rotation"
        row += str(found.owner)
    return row, kept


def test_ex_5() -> None:
    """EX-5: otherwise a weight of 5 is five leads in a row, or a tie does not go to the lowest id."""
    row, credits = turns([A, B, C], 7)
    assert row == "aabacaa"
    assert credits == {"a": 0, "b": 0, "c": 0}
    assert turns([C, A, B], 14)[0] == "aabacaa" * 2


def test_the_credits_are_all_that_is_kept() -> None:
    """Otherwise the rotation begins anew whenever the program does."""
    row, credits = turns([A, B, C], 3)
    assert row + turns([A, B, C], 4, credits)[0] == "aabacaa"
    given = {"a": 1}
    take_turn([A, B], given)
    assert given == {"a": 1}


def test_nobody_is_there() -> None:
    """Otherwise a lead of the night fails instead of waiting in a queue."""
    assert take_turn([], {"a": 2}) == (None, {"a": 2})
    assert take_turn([evolve(A, absent=True)], {"a": 2}) == (None, {"a": 2})


def test_one_seller() -> None:
    """Otherwise a team of one piles up credit."""
    assert turns([B], 3) == ("bbb", {"b": 0})


def test_an_absent_seller_keeps_the_credit() -> None:
    """Otherwise who was next loses the turn by one day off, or comes back to a pile of leads."""
    before, credits = turns([A, B, C], 2)
    during, away = turns([A, evolve(B, absent=True), C], 60, credits)
    after, _ = turns([A, B, C], 7, away)
    assert before == "aa"
    assert "b" not in during
    assert away["b"] == credits["b"] == 2
    assert after.index("b") <= 1
    assert after.count("b") <= 2


WEIGHTS = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def team(weights: Iterable[int]) -> list[Seller]:
    """Sellers a, b, c ... of these weights."""
    return [Seller(id=chr(ord("a") + index), weight=weight) for index, weight in enumerate(weights)]


@given(WEIGHTS, st.integers(1, 3))
def test_each_gets_the_own_weight_in_every_cycle(weights: list[int], cycles: int) -> None:
    """Otherwise a seller of weight 2 does not get twice the leads of one of weight 1."""
    sellers = team(weights)
    row, credits = turns(sellers, cycles * sum(weights))
    assert Counter(row) == {str(seller.id): cycles * seller.weight for seller in sellers}
    assert set(credits.values()) == {0}


@given(WEIGHTS)
def test_no_stretch_is_far_from_fair(weights: list[int]) -> None:
    """Otherwise the heaviest seller gets all turns first, and the shares are right only at the end."""
    sellers, total = team(weights), sum(weights)
    row, _ = turns(sellers, total)
    for length in range(1, total + 1):
        for seller in sellers:
            due = seller.weight * length / total
            assert abs(row[:length].count(str(seller.id)) - due) < len(sellers)


@given(WEIGHTS, st.lists(st.sets(st.integers(0, 4)), max_size=30))
def test_absences_never_break_the_balance(weights: list[int], absences: list[set[int]]) -> None:
    """Otherwise credit is made or lost over a year of leaves, and somebody ends with too many leads."""
    sellers, credits = team(weights), dict[str, int]()
    for away in absences:
        there = [evolve(seller, absent=index in away) for index, seller in enumerate(sellers)]
        before = dict(credits)
        found, credits = take_turn(there, credits)
        assert sum(credits.values()) == 0
        assert found is None or found.owner not in {seller.id for seller in there if seller.absent}
        for seller in there:
            if seller.absent:
                assert credits.get(str(seller.id), 0) == before.get(str(seller.id), 0)
