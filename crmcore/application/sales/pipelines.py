"""Pipelines as the use cases of selling need them: several at once, the usual one, and as they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from crmcore.application import adding, journal, reading
from crmcore.application.rules import Pairs
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.errors import InvalidRecord, UnknownName
from crmcore.domain.record import RecordType
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline, usual_pipeline

USUAL: Final = "sales"
"""The name of the pipeline that is taken where several are there and none is named."""


def pipelines_of(unit: Session, ids: Iterable[UUID] | None = None) -> dict[UUID, Pipeline]:
    """These pipelines, or all of them, by id."""
    type = unit.catalogue.of(Pipeline)
    id_field = type.field("id")
    wanted = None if ids is None else tuple(ids)
    if id_field is None or wanted == ():
        return {}
    where = every(*(() if wanted is None else (Test(id_field, "in", wanted),)))
    found = unit.transaction.select(BoundQuery(type=type, where=where))
    return {each.record.id: each.record for each in found if isinstance(each.record, Pipeline)}


def held(unit: Session, ids: Iterable[UUID], moved: Iterable[UUID]) -> dict[UUID, Pipeline]:
    """These pipelines by id; those in which something moves keep their stages until the unit of work ends."""
    type = unit.catalogue.of(Pipeline)
    for id in sorted(moved):
        unit.transaction.lock(type, id, shared=True)
    return pipelines_of(unit, ids)


def usual(unit: Session) -> Pipeline:
    """The pipeline of opportunities that name none: the only one, or the one called "sales", which is made if there is
    none at all. `InvalidRecord` where several could be meant."""
    known = pipelines_of(unit)
    if not known:
        return _made(unit)
    named = [each for each in known.values() if len(known) == 1 or each.name == USUAL]
    if not named:
        listed = ", ".join(sorted(known[id].name for id in seen(unit, known)))
        raise InvalidRecord("opportunity", {"pipeline": f"say which one: there are {listed}"})
    return named[0]


def _made(unit: Session) -> Pipeline:
    with unit.writing() as transaction:
        # Two who find none would both make one; who comes second waits here, and then finds that of the first.
        transaction.put_setting("pipeline.usual", str(unit.id))
        known = pipelines_of(unit)
        if known:
            return next(iter(known.values()))
        return adding.add(unit, unit.catalogue.of(Pipeline), [usual_pipeline(unit.kernel.ids.new())], by_rule=True)[0]


def named(unit: Session, text: str) -> Pipeline:
    """The pipeline with this name or id; `UnknownName` lists those that the actor may see."""
    known = pipelines_of(unit)
    shown = [known[id] for id in seen(unit, known)]
    for each in shown:
        if text in (each.name, str(each.id)):
            return each
    raise UnknownName("pipeline", text, (each.name for each in shown))


def seen(unit: Session, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these pipelines that the actor may see, with their names."""
    type = unit.catalogue.of(Pipeline)
    if "name" in unit.rule(type).hidden:
        return set()
    return {each.id for each in reading.several(unit, type, sorted(ids))}


def as_known(unit: Session, ids: Iterable[UUID], at: dt.datetime) -> dict[UUID, Pipeline]:
    """These pipelines as they were known at a time; one that was made later, as it was made."""
    type = unit.catalogue.of(Pipeline)
    found = {}
    for id in ids:
        entries = unit.transaction.history(type.name, id, at) or unit.transaction.history(type.name, id)[:1]
        record: Any = journal.rebuild(unit.kernel, type, id, entries)
        if isinstance(record, Pipeline):
            found[id] = record
    return found


class PipelineRule:
    """See `application.rules.Rule`: a stage that opportunities stand in does not go, nor open or close under them."""

    def prepare(self, unit: Session, pairs: Pairs) -> list[Pipeline]:
        """The pipelines as they are; `InvalidRecord` names a stage that is still in use."""
        for before, after in pairs:
            if before is None:
                continue
            unit.transaction.lock(unit.catalogue.of(Pipeline), after.id)  # nothing moves in it from here on
            kinds = {each.stage: each.kind for each in after.stages}
            for key in sorted(each.stage for each in before.stages if kinds.get(each.stage) != each.kind):
                if count := _standing(unit, unit.catalogue.of(Opportunity), after.id, key):
                    problem = f"{count} opportunities stand in the stage {key!r}: move them first"
                    raise InvalidRecord("pipeline", {"stages": problem})
        return [after for _, after in pairs]

    def follow(self, unit: Session, pairs: Pairs) -> None:
        """Nothing follows."""


def _standing(unit: Session, type: RecordType, pipeline: UUID, stage: str) -> int:
    of, at = type.field("pipeline"), type.field("stage")
    if of is None or at is None:
        return 0
    where = every(Test(of, "=", (pipeline,)), Test(at, "=", (stage,)))
    return unit.transaction.count(BoundQuery(type=type, where=where))


RULE: Final = PipelineRule()
