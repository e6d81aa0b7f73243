"""Which of several values stands, rule by rule."""

import datetime as dt
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field, Merge
from crmcore.domain.merging.survivorship import RULES, Claim, Trust, check_rule, surviving
from crmcore.domain.money import Money

TEXT = Field(kind="text")
SET = Field(kind="choices")
STAND = Field(kind="choice", options=("given", "limited", "withdrawn"))
DAYS = tuple(dt.datetime(2024, 1, day, tzinfo=dt.UTC) for day in range(1, 10))


def claims(*values: Any, **more: Sequence[Any]) -> list[Claim]:
    """One claim of each record, known since one day after the other; `more`: their other facts, in order."""
    rest = [dict(zip(more, each, strict=True)) for each in zip(*more.values(), strict=True)] or [{}] * len(values)
    return [
        Claim(**{"value": value, "record": UUID(int=at + 1), "at": DAYS[at], **each})
        for at, (value, each) in enumerate(zip(values, rest, strict=True))
    ]


def stands(rule: Merge, given: Sequence[Claim], field: Field = TEXT, *, survivor: int = 1, sources: str = "") -> Any:
    """The value that stands, in whichever order the claims come."""
    trust = Trust(UUID(int=survivor), tuple(sources.split()))
    best, *rest = [surviving(field, rule, order, trust) for order in itertools.permutations(given)]
    assert all(each == best for each in rest)
    return None if best is None else best.value


def test_the_latest_fact_stands_not_the_latest_import() -> None:
    """`most_recent` goes by since when a value is known; what nobody dated loses."""
    assert stands("most_recent", claims("old", "new")) == "new"
    assert stands("most_recent", claims("new", "old", at=[DAYS[5], DAYS[1]])) == "new"
    assert stands("most_recent", claims("dated", "undated", at=[DAYS[0], None])) == "dated"


def test_the_more_trusted_system_stands() -> None:
    """`source_priority` goes by the systems named; those that are not named come after all that are."""
    known = claims("erp", "web", "shop", source=["erp", "web", "shop"])
    assert stands("source_priority", known, sources="erp web") == "erp"
    assert stands("source_priority", known, sources="web erp") == "web"
    assert stands("source_priority", known, sources="ledger") == "shop"
    assert stands("source_priority", claims("a", "b", source=["erp", None]), sources="erp") == "a"


def test_the_most_complete_name_stands() -> None:
    """`most_complete` takes the name of most words, of those the longest; a long single word is not more complete."""
    assert stands("most_complete", claims("لیلا حسینی", "لیلا", "Leila-Marie-Charlotte")) == "لیلا حسینی"
    assert stands("most_complete", claims("محمد علی", "محمّد عليّ")) == "محمّد عليّ"
    assert stands("most_complete", claims(frozenset("ab"), frozenset("c")), SET) == frozenset("ab")
    assert stands("most_complete", claims({"a": 1, "b": 2}, {"a": 1}), Field(kind="json")) == {"a": 1, "b": 2}


def test_the_most_frequent_value_stands() -> None:
    """`most_frequent` counts records; a claim can speak for several of them."""
    assert stands("most_frequent", claims("Cairo", "Cairo", "Giza")) == "Cairo"
    assert stands("most_frequent", claims("Cairo", "Cairo", "Giza", votes=[1, 1, 3])) == "Giza"
    assert stands("most_frequent", claims("Cairo", "Giza")) == "Giza"
    assert stands("most_frequent", claims([1], [1], [2]), Field(kind="json")) == [1]


def test_the_longest_value_stands() -> None:
    """`longest` counts characters, blanks and all."""
    assert stands("longest", claims("Herr Doktor", "Zoë")) == "Herr Doktor"
    assert stands("longest", claims(frozenset({"abc"}), frozenset("de")), SET) == frozenset({"abc"})


def test_what_was_verified_stands() -> None:
    """`verified_first` prefers what somebody checked to what is newer."""
    assert stands("verified_first", claims("checked", "newer", verified=[DAYS[3], None])) == "checked"
    assert stands("verified_first", claims("one", "two", verified=[DAYS[3], DAYS[2]])) == "two"


def test_the_survivors_own_value_stands() -> None:
    """`pin` lets nobody override the survivor, unless it says nothing."""
    assert stands("pin", claims("own", "newer")) == "own"
    assert stands("pin", claims("older", "newer"), survivor=7) == "newer"
    assert stands("pin", claims(None, "other")) == "other"


def test_a_set_is_united() -> None:
    """`union` has the items of all, and the time of the latest."""
    found = surviving(SET, "union", claims(frozenset("ab"), frozenset("bc"), frozenset()), Trust(UUID(int=1)))
    assert found == Claim(frozenset("abc"), UUID(int=2), DAYS[1])
    assert stands("union", claims("a", "b")) == "b"  # what is no set cannot be united


def test_what_restricts_most_stands() -> None:
    """`most_restrictive`: withdrawn once is withdrawn, whoever said yes later (core.md 5: consent, legal hold)."""
    assert stands("most_restrictive", claims(True, False), Field(kind="boolean")) is True
    assert stands("most_restrictive", claims("withdrawn", "given"), STAND) == "withdrawn"
    assert stands("most_restrictive", claims("limited", "given"), STAND) == "limited"
    day, time = dt.date(2025, 1, 1), DAYS[0]
    assert stands("most_restrictive", claims(day, dt.date(2026, 1, 1)), Field(kind="date")) == day
    assert stands("most_restrictive", claims(time, DAYS[1]), Field(kind="datetime")) == time
    assert stands("most_restrictive", claims(3, 7), Field(kind="integer")) == 3
    assert stands("most_restrictive", claims(Decimal("1.5"), Decimal("1.50001")), Field(kind="decimal")) == Decimal(
        "1.5"
    )
    cheap = Money("5", "EUR")
    assert stands("most_restrictive", claims(cheap, Money("6", "EUR")), Field(kind="money")) == cheap
    assert stands("most_restrictive", claims(frozenset("a"), frozenset("b")), SET) == frozenset("ab")


@pytest.mark.parametrize("rule", RULES)
def test_what_is_missing_never_wins(rule: Merge) -> None:
    """Null never wins (core.md 5), nor does a blank text where another is filled; nothing comes of nothing."""
    assert stands(rule, claims("said", None)) == "said"
    assert stands(rule, claims("said", "  "), survivor=2) == "said"
    assert stands(rule, claims(frozenset("a"), frozenset()), SET) == frozenset("a")
    assert stands(rule, claims(None, None)) is None
    assert stands(rule, []) is None
    assert stands(rule, claims("", None)) == ""


@pytest.mark.parametrize("rule", RULES)
def test_of_equals_the_lower_record_stands(rule: Merge) -> None:
    """The outcome would depend on the order in which records are named, where nothing else decides."""
    twins = [Claim(text, UUID(int=at), DAYS[0]) for at, text in ((7, "ab cd"), (3, "ef gh"))]
    assert stands(rule, twins, survivor=99) == "ef gh"


@given(
    st.sampled_from([rule for rule in RULES if rule != "pin"]),
    st.lists(st.tuples(st.sampled_from(["", "a", "b", "bb", "a b", None]), st.integers(0, 3)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_of_records_does_not_count(rule: Merge, drawn: list[Any], random: Any) -> None:
    """INV-6, of one field: whoever is named first."""
    given = [Claim(value, UUID(int=n + 1), DAYS[day]) for n, (value, day) in enumerate(drawn)]
    other = list(given)
    random.shuffle(other)
    trusts = [Trust(each.record) for each in (given[0], other[0])]
    assert surviving(TEXT, rule, given, trusts[0]) == surviving(TEXT, rule, other, trusts[1])


def test_a_rule_that_does_not_exist_is_told() -> None:
    """A misspelt rule would leave the choice to chance."""
    with pytest.raises(InvalidValue, match="did you mean 'most_recent'"):
        check_rule("name", "most_recnt")
    with pytest.raises(InvalidValue, match="there are most_recent, source_priority"):
        check_rule("name", "zzz")
