"""What became of past opportunities that entered a stage: the probabilities of the historical method.

Source: domain reference value.md 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias
from uuid import UUID

from crmcore.application.sales.standing import Standing
from crmcore.domain.ratio import share
from crmcore.domain.sales.forecasting import historical_rates

Rates: TypeAlias = dict[tuple[UUID, str], Fraction | None]
"""By pipeline and stage; None where no closed opportunity had entered it."""


def past_rates(asked: Standing, count_skipped: bool = True) -> Rates:
    """For each open stage the share of closed opportunities that had entered it and were won.

    One that was moved back counts once. One that skipped a stage counts as having entered it, unless `count_skipped`
    is false: then only what its history shows counts.
    """
    return _by_furthest(asked) if count_skipped else _by_visits(asked)


def _by_furthest(asked: Standing) -> Rates:
    won: dict[UUID, int] = {}
    lost: dict[UUID, dict[str, int]] = {}
    for id, reached, status, count in asked.counts(("pipeline", "reached", "status"), "won", "lost"):
        if status == "won":
            won[id] = won.get(id, 0) + count
        else:
            lost.setdefault(id, {})[reached] = count
    found: Rates = {}
    for id, pipeline in asked.pipelines.items():
        stages = [each.stage for each in pipeline.opened]
        known = {stage: count for stage, count in lost.get(id, {}).items() if stage in stages}
        for rate in historical_rates(stages, won.get(id, 0), known):
            found[id, rate.stage] = rate.probability
    return found


def _by_visits(asked: Standing) -> Rates:
    ended = {opportunity: (pipeline, status) for opportunity, pipeline, status in asked.ends()}
    entered: dict[tuple[UUID, str], list[bool]] = {}
    for opportunity, stage in asked.visits():
        if opportunity in ended:
            pipeline, status = ended[opportunity]
            entered.setdefault((pipeline, stage), []).append(status == "won")
    return {(id, stage): _won(entered.get((id, stage), ())) for id, stage in _open_stages(asked)}


def _won(fates: Iterable[bool]) -> Fraction | None:
    known = list(fates)
    return share(sum(known), len(known))


def _open_stages(asked: Standing) -> Iterator[tuple[UUID, str]]:
    return ((id, each.stage) for id, pipeline in asked.pipelines.items() for each in pipeline.opened)
