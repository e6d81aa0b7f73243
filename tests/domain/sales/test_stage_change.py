"""Time in stage, over all visits."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.sales.stage_change import StageChange, time_in_stage

START = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def visits(*steps: tuple[float, str]) -> list[StageChange]:
    """Changes at so many days from the start, to these stages."""
    kinds = {"won": "won", "lost": "lost"}
    return [
        StageChange(UUID(int=1), START + DAY * at, "t", UUID(int=2), stage, kinds.get(stage, "open"), "a")
        for at, stage in steps
    ]


def test_visits_are_added_up() -> None:
    """A deal that came back would show the time of its last visit alone."""
    history = visits((0, "a"), (2, "b"), (3, "a"), (7, "b"), (8, "won"))
    assert time_in_stage(history, START + 99 * DAY) == {"a": 6 * DAY, "b": 2 * DAY}


def test_it_counts_up_to_the_moment_that_is_asked_for() -> None:
    """An open deal would have spent no time where it stands, or more than has passed."""
    history = visits((0, "a"), (2, "b"))
    assert time_in_stage(history, START + 5 * DAY) == {"a": 2 * DAY, "b": 3 * DAY}
    assert time_in_stage(history, START + DAY) == {"a": DAY}
    assert time_in_stage([], START) == {}


def test_the_time_between_an_end_and_its_reopening_counts_for_no_stage() -> None:
    """A deal that lay lost for a year would have spent that year in a stage."""
    history = visits((0, "a"), (1, "lost"), (300, "b"), (301, "won"))
    assert time_in_stage(history, START + 400 * DAY) == {"a": DAY, "b": DAY}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["a", "b", "won", "lost"])), max_size=10), st.integers(0, 60)
)
def test_no_time_is_counted_twice(steps: list[tuple[int, str]], until: int) -> None:
    """Times in stages would add up to more than the time that passed."""
    history = visits(*sorted(steps, key=lambda step: step[0]))
    spent = time_in_stage(history, START + until * DAY)
    passed = max(until - min((at for at, _ in steps), default=until), 0)
    assert sum(spent.values(), dt.timedelta()) <= passed * DAY
    if all(stage in "ab" for _, stage in steps):
        assert sum(spent.values(), dt.timedelta()) == passed * DAY
