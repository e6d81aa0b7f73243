"""The prediction repeats the published one, and shows what it rests on."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import UnknownName
from crmcore.domain.leads.prediction import ClosedLead, Prediction, learn, predict
from crmcore.domain.ratio import rounded

STAGES = ("new", "qualified", "proposal")


def closed(won: bool, stage: str, **values: str | None) -> ClosedLead:
    """A closed lead from its values."""
    return ClosedLead(won=won, furthest_stage=stage, values=values)


# One won, two lost; three countries, states and sources were seen. The lead to judge shares country and state with
# one lost lead and the source with the won one, and stands where the won and one of the lost leads have been.
EX_4 = [
    closed(True, "proposal", country="BE", state="x", source="web"),
    closed(False, "qualified", country="FR", state="y", source="fair"),
    closed(False, "new", country="IT", state="z", source="mail"),
]


def test_ex_4() -> None:
    """EX-4: otherwise a lead is given another probability than Odoo's own test publishes."""
    found = predict(learn(EX_4, STAGES), "qualified", {"country": "FR", "state": "y", "source": "web"})
    assert found is not None
    assert found.percent == Decimal("33.49")
    assert rounded(found.won_score, 7) == Decimal("0.0017211")
    assert rounded(found.lost_score, 7) == Decimal("0.0034186")
    assert found.sample == 3
    assert [(influence.field, influence.won, influence.lost) for influence in found.influences] == [
        ("stage", Fraction(11, 11), Fraction(11, 21)),
        ("country", Fraction(1, 13), Fraction(11, 23)),
        ("state", Fraction(1, 13), Fraction(11, 23)),
        ("source", Fraction(11, 13), Fraction(1, 23)),
    ]
    assert found.influences[1].why == (
        "country FR: 7.69 % of won leads, 47.83 % of lost ones (0 won, 1 lost); speaks against it"
    )


@pytest.mark.parametrize("leads", [[], EX_4[:1], EX_4[1:]])
def test_one_outcome_says_nothing(leads: list[ClosedLead]) -> None:
    """Otherwise the first won deal makes every lead a sure one."""
    assert predict(learn(leads, STAGES), "new", {"country": "FR"}) is None


def test_unseen_and_missing_values_are_left_out() -> None:
    """Otherwise a country never seen, or no country at all, counts against a lead."""
    past = learn([*EX_4, closed(True, "new", country=None)], STAGES)
    bare = predict(past, "new", {})
    found = predict(past, "new", {"country": "JP", "state": None, "colour": "red"})
    assert bare is not None and found is not None
    assert found.percent == bare.percent == Decimal("50.00")
    assert found.ignored == ("country", "colour")
    assert found.sample == 4


def test_the_first_stage_says_nothing_and_later_ones_speak_for_the_lead() -> None:
    """Otherwise a won lead that skipped stages, or a lost one that got far, is counted in the wrong ones."""
    past = learn(EX_4, STAGES)
    assert past.stages == {"new": (1, 2), "qualified": (1, 1), "proposal": (1, 0)}
    chances = [found.percent for stage in STAGES if (found := predict(past, stage, {}))]
    assert chances == sorted(chances)
    assert chances[0] == Decimal("34.38")  # 1.1 of 3.2
    skipped = learn([closed(True, "new"), closed(False, "proposal")], STAGES)
    assert set(skipped.stages.values()) == {(1, 1)}


def test_nothing_is_certain() -> None:
    """Otherwise a prediction of 0 or 100 percent is taken for a fact."""
    past = learn([closed(True, "new", a="x", b="x")] * 5000 + [closed(False, "new", a="y", b="y")] * 5000, STAGES)
    sure, hopeless = predict(past, "new", {"a": "x", "b": "x"}), predict(past, "new", {"a": "y", "b": "y"})
    assert sure is not None and hopeless is not None
    assert (sure.percent, hopeless.percent) == (Decimal("99.99"), Decimal("0.01"))


def test_unknown_stages_are_refused() -> None:
    """Otherwise leads lost in a misspelt stage are counted nowhere."""
    with pytest.raises(UnknownName, match="did you mean 'qualified'"):
        learn([closed(False, "qualifed")], STAGES)
    with pytest.raises(UnknownName):
        predict(learn(EX_4, STAGES), "won", {})


LEADS = st.lists(
    st.builds(
        ClosedLead,
        won=st.booleans(),
        furthest_stage=st.sampled_from(STAGES),
        values=st.fixed_dictionaries({"source": st.sampled_from(["web", "fair", None])}),
    ),
    max_size=30,
)


def judge(leads: list[ClosedLead]) -> Prediction | None:
    """The prediction for a lead from the web in the second stage."""
    return predict(learn(leads, STAGES), "qualified", {"source": "web"})


@given(LEADS)
def test_the_two_outcomes_are_each_other_s_rest(leads: list[ClosedLead]) -> None:
    """Otherwise won and lost are not treated alike, or the scores are no shares."""
    found = judge(leads)
    assert (found is None) == (len({lead.won for lead in leads}) < 2)
    if found is not None:
        assert Decimal("0.01") <= found.percent <= Decimal("99.99")
        assert 0 < found.won_score < 1 and 0 < found.lost_score < 1
        assert found.sample == len(leads)
    swapped = predict(learn([closed(not lead.won, "proposal", **lead.values) for lead in leads], STAGES), "new", {})
    straight = predict(learn([closed(lead.won, "proposal", **lead.values) for lead in leads], STAGES), "new", {})
    if straight is not None and swapped is not None:
        assert straight.won_score == swapped.lost_score


@given(LEADS)
def test_one_more_of_its_kind_won_raises_the_chance(leads: list[ClosedLead]) -> None:
    """Otherwise a success lowers the chance of leads just like it. (A source that nobody had before counted for nothing
    then, so that there is nothing to compare.)"""
    before, after = judge(leads), judge([*leads, closed(True, "proposal", source="web")])
    if before is not None and after is not None and not before.ignored:
        assert after.won_score / after.lost_score > before.won_score / before.lost_score


@given(LEADS)
def test_the_order_of_the_past_does_not_matter(leads: list[ClosedLead]) -> None:
    """Otherwise two databases give one lead two chances."""
    first, last = judge(leads), judge(list(reversed(leads)))
    assert (first and first.percent) == (last and last.percent)
