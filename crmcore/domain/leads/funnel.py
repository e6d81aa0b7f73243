"""The funnel: how far leads come, counted by the first entry of each stage in each cycle (core.md section 3).

A lead that skips a stage counts as having entered it; one that is recycled begins a new cycle, in which it counts
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

import attrs

from crmcore.domain.leads.lead import LeadChange
from crmcore.domain.leads.lifecycle import FORWARD, STAGES
from crmcore.domain.ratio import rounded


@attrs.frozen
class FunnelRow:
    """A stage, the cycles in which it was `entered` (of these `direct` by a step of its own, not skipped), and the
    share of them that entered the next stage, from 0 to 1 with 4 decimals (None: nobody entered, or there is none)."""

    stage: str
    entered: int
    direct: int
    conversion: Decimal | None


def funnel(changes: Iterable[LeadChange]) -> tuple[FunnelRow, ...]:
    """The rows, in the order of the lifecycle. `changes` come lead by lead, each oldest first."""
    entered: Counter[str] = Counter()
    direct: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for cycle in _cycles(changes):
        through = _passed(cycle)
        entered.update(through)
        direct.update(set(cycle))
        both.update(stage for stage, later in pairwise(FORWARD) if {stage, later} <= through)
    return tuple(
        FunnelRow(stage, entered[stage], direct[stage], _share(both[stage], entered[stage], stage)) for stage in STAGES
    )


def _cycles(changes: Iterable[LeadChange]) -> Iterator[list[str]]:
    """The stages of each cycle of each lead; `recycled` begins the next one."""
    for _, steps in groupby(changes, key=lambda change: change.lead):
        cycle: list[str] = []
        for step in steps:
            if step.to_stage == "recycled" and cycle:
                yield cycle
                cycle = []
            cycle.append(step.to_stage)
        yield cycle


def _passed(cycle: list[str]) -> set[str]:
    """The stages that were entered or skipped: all from the first to the furthest of the way forwards."""
    places = [FORWARD.index(stage) for stage in cycle if stage in FORWARD]
    skipped = FORWARD[min(places) : max(places) + 1] if places else ()
    return {*cycle, *skipped}


def _share(part: int, whole: int, stage: str) -> Decimal | None:
    return rounded(Fraction(part, whole)) if whole and stage in FORWARD[:-1] else None
