"""Pipelines: what follows from what was stated, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidRecord
from crmcore.domain.record import NIL
from crmcore.domain.sales.pipeline import (
    Pipeline,
    Stage,
    check_stages,
    complete_pipeline,
    stage_key,
    usual_pipeline,
)


def completed(*stages: Stage) -> Pipeline:
    """A pipeline of these stages with all that follows."""
    return complete_pipeline(None, Pipeline("sales", stages=stages))


def test_what_is_left_out_follows() -> None:
    """Somebody who lists two names would have to state keys, positions, probabilities and closing stages as well."""
    made = completed(Stage("First Call"), Stage("Offer"))
    assert [(s.stage, s.label, s.kind, s.probability, s.position) for s in made.stages] == [
        ("first_call", "First Call", "open", Decimal("0.3333"), 1),
        ("offer", "Offer", "open", Decimal("0.6667"), 2),
        ("won", "Won", "won", Decimal(1), 3),
        ("lost", "Lost", "lost", Decimal(0), 4),
    ]
    assert not check_stages(made)


def test_what_is_stated_stays() -> None:
    """A stated probability, label, position or closing stage would be replaced."""
    made = completed(
        Stage("signed", "Unterschrieben", "won", position=9),
        Stage("b", probability=Decimal("0.9"), position=2),
        Stage("a", probability=Decimal("0.2"), position=1),
        Stage("dropped", kind="lost", position=10),
    )
    assert [s.stage for s in made.stages] == ["a", "b", "signed", "dropped"]
    assert made.closing("won").label == "Unterschrieben"
    assert [s.probability for s in made.opened] == [Decimal("0.2"), Decimal("0.9")]


@pytest.mark.parametrize("text", ["Closed Won", "closed_won", " closed  won ", "CLOSED WON"])
def test_a_stage_is_found_by_key_or_label(text: str) -> None:
    """A file that writes the label would not be understood, or one that writes the key."""
    made = completed(Stage("x"), Stage("Closed Won", kind="won"))
    assert made.find(text).stage == "closed_won"


def test_a_stage_is_found_in_another_spelling() -> None:
    """The Arabic and the Persian form of a letter would be two stages."""
    made = completed(Stage("مذاکره نهایی"))
    assert made.find("مذاكره نهايي") == made.opened[0]


def test_an_unknown_stage_names_the_nearest() -> None:
    """A typing error would have to be searched for in the pipeline."""
    made = usual_pipeline(NIL)
    with pytest.raises(InvalidRecord, match="no stage of pipeline 'sales': did you mean proposal"):
        complete_pipeline(None, made).find("propsal")
    with pytest.raises(InvalidRecord, match="it has prospecting, qualified"):
        complete_pipeline(None, made).find("???")


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ((Stage("a"), Stage("A ")), "two stages have the key 'a'"),
        ((Stage("won", kind="won"),), "needs an open stage"),
        ((Stage(" "),), "a stage has no name"),
        ((Stage("a"), Stage("b", kind="won", probability=Decimal("0.5"))), "a won stage has the probability 1"),
        ((Stage("a"), Stage("b", kind="lost", probability=Decimal("0.1"))), "a lost stage has the probability 0"),
        ((Stage("a", probability=Decimal("1.5")),), "1.5 is no probability"),
        ((Stage("a", probability=Decimal("-0.1")),), "-0.1 is no probability"),
    ],
)
def test_what_cannot_be_a_pipeline_is_refused(stages: tuple[Stage, ...], problem: str) -> None:
    """A forecast would be made with a probability that nobody can mean."""
    assert problem in " ".join(check_stages(completed(*stages)).values())


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(NAMES, max_size=6, unique_by=stage_key))
def test_completing_twice_changes_nothing(names: list[str]) -> None:
    """A pipeline would change each time that it is saved."""
    once = completed(*(Stage(name) for name in names))
    assert complete_pipeline(once, once) == once
    assert all(stage_key(s.stage) == s.stage for s in once.stages)
    assert [s.probability for s in once.opened] == sorted(s.probability or Decimal() for s in once.opened)
