"""Pipelines that opportunities of a file name: they are there, or are made of the stages that the map lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.finding import Finder, Wanted
from crmcore.application.importing.plan import ImportPlan
from crmcore.domain.errors import ImportRefused, InvalidRecord
from crmcore.domain.reading import shorten
from crmcore.domain.sales.pipeline import CERTAIN, Pipeline, Stage, stage_key
from crmcore.ports.codec import Unresolved
from crmcore.ports.exchange import RawRow, RowSource

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

RECORD: Final = "opportunity"
OPTION: Final = "--create-pipeline"


def settle_pipelines(unit: UnitOfWork, plan: ImportPlan, binding: Binding, rows: RowSource) -> None:
    """Make the pipelines that rows or the map's defaults name, where that is asked for; `ImportRefused` names those
    that are not there otherwise. What the map says of a missing one in a column goes before."""
    if plan.record != RECORD:
        if plan.create_pipeline:
            raise ImportRefused(f"{OPTION} is for opportunities: {plan.record} has no pipeline", record=plan.record)
        return
    wanted = {Wanted("pipeline", match, plan.origin, text) for match, text in _named(binding, rows)}
    found = Finder(unit).find(wanted)
    missing = sorted({each.text for each in wanted if each not in found})
    if missing and not plan.create_pipeline:
        listed = " and ".join(shorten(name) for name in missing)
        raise ImportRefused(
            f"there is no pipeline {listed}: name one that is there, or have it made of the stages that the map lists "
            f"({OPTION})",
            pipelines=missing,
        )
    for name in missing:
        _make(unit, name, _stages(plan))


def _named(binding: Binding, rows: RowSource) -> set[tuple[str | None, str]]:
    """The pipelines that are named, each with the field by which it is looked for."""
    named: set[tuple[str | None, str]] = set()
    default = binding.defaults.get("pipeline")
    if isinstance(default, Unresolved):
        named.add((None, default.text))
    rule, columns = binding.references.get("pipeline"), binding.rules.get("pipeline", ())
    if rule is None or rule.missing != "reject":
        return named
    for row in rows:
        for column in columns if isinstance(row, RawRow) else ():
            text = row.values.get(column.column) if isinstance(row, RawRow) else None
            if isinstance(text, str) and text.strip():
                meant = text.strip() if column.values is None else column.values.get(text.strip())
                named |= {(rule.match, meant)} if meant else set()
    return named


def _stages(plan: ImportPlan) -> list[Stage]:
    """The stages that the map lists, in its order, then those that close a pipeline."""
    listed = next((rule.values for rule in plan.mapping.columns if rule.field == "stage" and rule.values), None)
    if listed is None:
        raise ImportRefused(f"{OPTION} makes a pipeline of the stages that the map lists: give `values` for `stage`")
    labels: dict[str, str] = {}
    for text, stage in listed.items():
        labels.setdefault(stage_key(stage), text)
    stages = [Stage(key, label) for key, label in labels.items() if key not in CERTAIN]
    return stages + [Stage(key, labels.get(key, key.capitalize()), key) for key in CERTAIN]


def _make(unit: UnitOfWork, name: str, stages: list[Stage]) -> None:
    try:
        unit[Pipeline].add(Pipeline(name, stages=tuple(stages)))
    except InvalidRecord as error:
        raise ImportRefused(f"the pipeline {shorten(name)} cannot be made: {error.message}", pipeline=name) from None
