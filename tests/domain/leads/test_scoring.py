"""The score of a lead fades, is capped, and says why."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.scoring import ScoringRule, score_lead

HALF_LIFE = 30


def event(name: str, points: int, **changes: int) -> ScoringRule:
    """A rule that halves every 30 days."""
    return ScoringRule(name=name, points=points, half_life=HALF_LIFE, cap=changes.get("cap"))


def test_ex_3() -> None:
    """EX-3: otherwise points fade faster or slower than the reference says."""
    score = score_lead([(event("a", 10), 0), (event("b", 20), 30), (event("c", 5), 60), (event("d", 40), 90)])
    assert score.engagement == Decimal("26.25")
    assert score.fit == 0
    assert [line.counted for line in score.lines] == [10, 10, Decimal("1.25"), 5]
    assert score.lines[1].why == "20 points that halve every 30 days, 30 days old: 10"


def test_fit_and_engagement_are_two_numbers() -> None:
    """Otherwise a perfect customer who never answers scores like a student who reads everything."""
    budget = ScoringRule(name="has budget", points=50, kind="fit")
    score = score_lead([(budget, 4000), (event("visit", 8), 30), (event("unsubscribed", -20), 30)])
    assert score.fit == 50
    assert score.engagement == -6
    assert score.lines[0].why == "50 points that do not fade, 4000 days old: 50"


def test_a_cap_holds_for_the_rule_and_takes_the_youngest_first() -> None:
    """Otherwise a hundred visits make a lead better than a request for an offer."""
    visit = event("visit", 10, cap=12)
    score = score_lead([(visit, 60), (visit, 0), (visit, 30), (event("offer", 40), 0)])
    assert score.engagement == 52
    assert [(line.age, line.decayed, line.counted) for line in score.lines[:3]] == [
        (0, Decimal(10), Decimal(10)),
        (30, Decimal(5), Decimal(2)),
        (60, Decimal("2.5"), Decimal(0)),
    ]
    assert score.lines[1].why.endswith("30 days old: 5; 2 of it counts, as the rule's cap is 12")
    bounce = ScoringRule(name="bounce", points=-10, cap=15)
    assert score_lead([(bounce, 1), (bounce, 2)]).engagement == -15


def test_no_hits() -> None:
    """Otherwise a lead of whom nothing is known has no score to sort by."""
    score = score_lead([])
    assert score.fit == score.engagement == 0
    assert score.lines == ()


def test_ages_and_points_beyond_reason() -> None:
    """Otherwise one wrong date stops the scoring of all leads."""
    assert score_lead([(event("old", 10**50), 10**12)]).engagement == 0
    assert score_lead([(ScoringRule(name="huge", points=10**50, kind="fit"), 1)]).fit == 10**50


def test_the_precision_of_the_host_does_not_matter() -> None:
    """Otherwise a host that computes with 2 digits scores leads differently."""
    expected = score_lead([(event("a", 12345), 7)]).engagement
    with localcontext(prec=2):
        assert score_lead([(event("a", 12345), 7)]).engagement == expected == Decimal("10501.4861")


RULES = st.builds(
    ScoringRule,
    name=st.sampled_from("abcde"),
    points=st.integers(-1000, 1000),
    kind=st.sampled_from(["fit", "engagement"]),
    half_life=st.integers(1, 365) | st.none(),
    cap=st.integers(0, 2000) | st.none(),
)
HITS = st.lists(st.tuples(RULES, st.integers(0, 3650)), max_size=12).map(
    lambda hits: [({rule.name: rule for rule, _ in hits}[rule.name], age) for rule, age in hits]
)


@given(HITS)
def test_the_lines_add_up_to_the_score(hits: list[tuple[ScoringRule, int]]) -> None:
    """Otherwise the explanation does not explain the number, or a cap lets more through."""
    score = score_lead(hits)
    assert len(score.lines) == len(hits)
    for kind, total in (("fit", score.fit), ("engagement", score.engagement)):
        assert sum(line.counted for line in score.lines if line.kind == kind) == total
    for rule, _ in hits:
        counted = sum((abs(line.counted) for line in score.lines if line.rule == rule.name), Decimal())
        assert rule.cap is None or counted <= rule.cap
    assert all(abs(line.counted) <= abs(line.decayed) <= abs(Decimal(line.points)) for line in score.lines)


@given(HITS)
def test_the_order_of_events_does_not_matter(hits: list[tuple[ScoringRule, int]]) -> None:
    """Otherwise the same history gives two scores."""
    there, back = score_lead(hits), score_lead(reversed(hits))
    assert (there.fit, there.engagement) == (back.fit, back.engagement)


@given(st.integers(-1000, 1000), st.integers(0, 1000), st.integers(1, 365))
def test_a_half_life_halves(points: int, age: int, half_life: int) -> None:
    """Otherwise points fade in a line, or by another rate than is declared."""
    rule = ScoringRule(name="visit", points=points, half_life=half_life)
    assert abs(rule.after(age) / 2 - rule.after(age + half_life)) <= Decimal("0.0001")
    assert abs(rule.after(age + 1)) <= abs(rule.after(age))
    assert rule.after(0) == points


def test_rules_that_are_refused() -> None:
    """Otherwise points appear from events of tomorrow, or a score is made of floats."""
    with pytest.raises(InvalidValue, match="not an age in days"):
        score_lead([(event("a", 1), -1)])
    with pytest.raises(InvalidValue, match="two scoring rules are called 'a'"):
        score_lead([(event("a", 1), 1), (event("a", 2), 1)])
    for changes in ({"points": 1.5}, {"half_life": 0}, {"cap": -1}, {"kind": "mood"}):
        with pytest.raises(InvalidValue):
            ScoringRule(**{"name": "a", "points": 1, **changes})  # type: ignore[arg-type]
