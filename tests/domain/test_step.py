"""Steps: what a change of a workflow's field is called."""

from __future__ import annotations

import pytest

from crmcore.domain.sales.opportunity import STATUS
from crmcore.domain.step import Step, steps


def test_a_step_is_named_after_its_transition() -> None:
    """A reaction could not tell a won opportunity from one that is opened again."""
    assert steps(STATUS, "open", "won") == Step(
        workflow="opportunity:status", transition="win", source="open", target="won"
    )


def test_the_beginning_has_no_transition() -> None:
    """A reaction to entering a state would miss what begins in it."""
    assert steps(STATUS, None, "won") == Step(workflow="opportunity:status", transition=None, source=None, target="won")


def test_a_value_given_back_without_a_step_has_none() -> None:
    """An undoing puts values back that no step leads to."""
    given_back = steps(STATUS, "won", "lost")
    assert given_back is not None and given_back.transition is None


@pytest.mark.parametrize("state", ["open", None])
def test_standing_still_is_no_step(state: str | None) -> None:
    """Reactions would be called for every change of another field."""
    assert steps(STATUS, state, state) is None
