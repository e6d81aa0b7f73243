"""The funnel: each stage once in each cycle, skipped ones too."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.leads.funnel import funnel
from crmcore.domain.leads.lead import LeadChange
from crmcore.domain.leads.lifecycle import FORWARD, LEAD_STAGE

NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)


def steps(*leads: str) -> list[LeadChange]:
    """The steps of leads, each written as its stages."""
    return [
        LeadChange(UUID(int=number), stage, NOON, "sara") for number, lead in enumerate(leads) for stage in lead.split()
    ]


def entered(*leads: str) -> dict[str, int]:
    """How often each stage was entered, where it was."""
    return {row.stage: row.entered for row in funnel(steps(*leads)) if row.entered}


def test_a_skipped_stage_counts_as_entered() -> None:
    """Conversion from a stage to the next would be more than all, because some never stood in it."""
    assert entered("lead sql opportunity") == {"lead": 1, "mql": 1, "sal": 1, "sql": 1, "opportunity": 1}
    assert [row.direct for row in funnel(steps("lead sql")) if row.stage in ("mql", "sql")] == [0, 1]


def test_a_recycled_lead_counts_in_a_new_cycle() -> None:
    """Somebody who came back would count once, or every step back would count."""
    found = entered("lead mql lost recycled lead mql sal", "lead lost")
    assert found == {"lead": 3, "mql": 2, "sal": 1, "lost": 2, "recycled": 1}


def test_conversion_is_of_those_who_entered_both() -> None:
    """A rate would be that of others than those who stood in the stage."""
    rows = {row.stage: row.conversion for row in funnel(steps("lead mql", "lead", "lead", "opportunity customer"))}
    assert rows["lead"] == Decimal("0.3333")
    assert [str(rows[name]) for name in ("opportunity", "customer", "visitor", "lost")] == [
        "1.0000",
        "0.0000",
        "None",
        "None",
    ]


@st.composite
def walks(draw: st.DrawFn) -> str:
    """The stages of one lead, as the workflow lets it go."""
    stage = draw(st.sampled_from(FORWARD[:7]))
    path = [stage]
    for _ in range(draw(st.integers(0, 8))):
        stage = draw(st.sampled_from(sorted({t.target for t in LEAD_STAGE.transitions if stage in t.sources})))
        path.append(stage)
    return " ".join(path)


@given(st.lists(walks(), max_size=6))
def test_a_funnel_only_narrows_by_conversion(leads: list[str]) -> None:
    """A share would be above 1, a stage be entered by more than all cycles, or steps be counted twice."""
    rows = funnel(steps(*leads))
    cycles = len(leads) + sum(lead.split().count("recycled") for lead in leads)
    for row in rows:
        assert 0 <= row.direct <= row.entered <= cycles
        assert row.conversion is None or 0 <= row.conversion <= 1
    assert rows == funnel(steps(*reversed(leads)))
