"""Values for record types of which a rule of the core refuses most of what their fields could hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crmcore.domain.record import NIL
from crmcore.domain.sales.pipeline import usual_pipeline

STAGES: Final = tuple(stage.stage for stage in usual_pipeline(NIL).stages)
PAST_DAYS: Final = st.dates(dt.date(1990, 1, 1), dt.date(2020, 1, 1))

RULED: Final[Mapping[str, Mapping[str, SearchStrategy[Any]]]] = {
    "opportunity": {  # in the pipeline that is made with the first one
        "pipeline": st.none(),
        "stage": st.none() | st.sampled_from(STAGES),
        "status": st.just("open"),
        "opened_on": st.none() | PAST_DAYS,
        "closed_on": st.none(),
    },
    "stage_change": {"at": PAST_DAYS.map(lambda day: dt.datetime.combine(day, dt.time(), dt.UTC))},
    "score_rule": {  # of engagement, for only that fades
        "side": st.just("engagement"),
        "condition": st.sampled_from(("owner is missing", "created_at >= 30 days ago")),
        "half_life_days": st.none() | st.integers(1, 36_500),
        "cap": st.none() | st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100),
    },
}
"""Strategies by record type and field."""
