"""BANT: a score, a verdict, and what is still to be asked."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.leads.qualification import WEIGHTS, BantResult, QualifiedRule, qualify
from crmcore.domain.ratio import rounded


@frozen
class Said:
    """An answer as a lead's record may hold it."""

    dimension: str
    value: int | None
    evidence: str | None = None
    on: dt.date | None = None


def bant(budget: int | None, authority: int | None, need: int | None, timeline: int | None) -> BantResult:
    """The result for four values."""
    return qualify(
        [Said("budget", budget), Said("authority", authority), Said("need", need), Said("timeline", timeline)]
    )


def test_ex_2() -> None:
    """EX-2: otherwise 2, 1, 3, 2 with the usual weights are not 0.6667."""
    result = bant(2, 1, 3, 2)
    assert result.score == Fraction(2, 3)
    assert rounded(result.score) == Decimal("0.6667")
    assert result.status == "qualified"
    assert result.failings == ()


def test_what_is_not_known_is_not_bad() -> None:
    """Otherwise a lead that nobody has asked yet is thrown away as a bad one."""
    for result in (bant(3, None, 3, 3), qualify([Said(name, 3) for name in ("timeline", "need", "budget")])):
        assert result.status == "incomplete"
        assert result.score is None
        assert result.missing == ("authority",)
    assert qualify([]).missing == ("budget", "authority", "need", "timeline")


@pytest.mark.parametrize(
    ("values", "failings"),
    [
        ((1, 2, 2, 1), ("the score 0.5000 is below 0.6",)),
        ((3, 3, 1, 3), ("need 1 is below 2",)),
        ((0, 3, 3, 3), ("budget is 0",)),
        ((3, 3, 0, 0), ("the score 0.5500 is below 0.6", "need 0 is below 2", "need is 0", "timeline is 0")),
    ],
)
def test_what_keeps_a_lead_from_being_qualified(values: tuple[int, int, int, int], failings: tuple[str, ...]) -> None:
    """Otherwise a seller cannot see what to work on, or a lead without budget passes."""
    result = bant(*values)
    assert result.status == "not_qualified"
    assert result.failings == failings


def test_a_lead_just_good_enough_is_qualified() -> None:
    """Otherwise "at least 0.6" and "need of at least 2" are read as more than that."""
    weights = {
        "budget": Decimal("0.2"),
        "authority": Decimal("0.2"),
        "need": Decimal("0.4"),
        "timeline": Decimal("0.2"),
    }
    answers = [Said("budget", 2), Said("authority", 2), Said("need", 2), Said("timeline", 1)]
    result = qualify(answers, weights)
    assert result.score == Fraction(3, 5)
    assert result.status == "qualified"


def test_the_lines_explain_the_score() -> None:
    """Otherwise nobody can tell what an answer rests on."""
    day = dt.date(2025, 5, 1)
    result = qualify([Said("need", 3, "asked for an offer", day), Said("budget", 1), Said("authority", None)])
    assert result.lines == (
        "budget: 1 of 3, weight 0.3000: 0.1000; no evidence given",
        "authority: not known",
        "need: 3 of 3, weight 0.2500: 0.2500; asked for an offer (2025-05-01)",
    )


def test_weights_and_rule_of_one_s_own() -> None:
    """Otherwise a team cannot say what counts for it."""
    weights = {"budget": 1, "authority": 0, "need": 0, "timeline": 0}
    answers = [Said("budget", 1), Said("authority", 3), Said("need", 3), Said("timeline", 3)]
    result = qualify(answers, weights, QualifiedRule(minimum_score=Decimal("0.3"), minimum_need=3))
    assert result.score == Fraction(1, 3)
    assert result.status == "qualified"


VALUES = st.tuples(*[st.integers(0, 3)] * 4)


@given(VALUES, st.sampled_from(range(4)))
def test_a_better_answer_never_hurts(values: tuple[int, int, int, int], index: int) -> None:
    """Otherwise a lead loses by telling more, or the score leaves 0 to 1."""
    before = bant(*values)
    better = list(values)
    better[index] = min(3, better[index] + 1)
    after = bant(*better)
    assert before.score is not None and after.score is not None
    assert 0 <= before.score <= after.score <= 1
    assert len(after.failings) <= len(before.failings)
    assert before.status == "not_qualified" or after.status == "qualified"


@pytest.mark.parametrize(
    "weights",
    [{}, {**WEIGHTS, "budget": Decimal("0.31")}, {**WEIGHTS, "mood": 0}, {**WEIGHTS, "budget": 0.3}],
)
def test_weights_that_are_refused(weights: Mapping[str, Decimal]) -> None:
    """Otherwise a score goes above 1, or a dimension is forgotten."""
    with pytest.raises(InvalidValue):
        qualify([], weights)


def test_answers_that_are_refused() -> None:
    """Otherwise an answer is lost, or counts for more than there is."""
    for value in (4, -1, True, 1.5):
        with pytest.raises(InvalidValue, match="no answer to need"):
            qualify([Said("need", value)])  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="answered twice"):
        qualify([Said("need", 1), Said("need", 2)])
    with pytest.raises(UnknownName, match="did you mean 'budget'"):
        qualify([Said("buget", 1)])
