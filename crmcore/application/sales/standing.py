"""Where opportunities stand, now or as of a past time: what pipeline and forecast are added up from.

The past is read from the stage history alone, so that what happens later never changes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.sales import pipelines
from crmcore.application.sales.statuses import counting_as, kind, statuses
from crmcore.application.sales.valuation import by_currency
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.errors import InvalidSetting, InvalidValue, UnknownName
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline
from crmcore.domain.sales.stage_change import StageChange
from crmcore.ports.work import Where

KINDS: Final = ("open", "won", "lost")
MEASURES: Final = (("count", ""), ("sum", "amount"))


@attrs.frozen(eq=False)
class Standing:
    """The opportunities that a question is about, and their pipelines as they were then."""

    unit: Session
    query: BoundQuery
    pipelines: dict[UUID, Pipeline]
    shows_amount: bool
    history: BoundQuery
    """The rows of their stage history up to then."""

    def groups(self, by: Sequence[str], *kinds: str) -> list[list[Any]]:
        """A row for each group: its values, how many, and the sums of their amounts by currency (a tuple of Money).

        `kinds` takes those alone whose status counts as one of these; a status among the values is told as open, won or
        lost.
        """
        if self.shows_amount:
            return self._rows(by, MEASURES, kinds)
        return [[*row, ()] for row in self.counts(by, *kinds)]

    def counts(self, by: Sequence[str], *kinds: str) -> list[list[Any]]:
        """The same without the sums."""
        return self._rows(by, MEASURES[:1], kinds)

    def _rows(self, by: Sequence[str], measures: Sequence[tuple[str, str]], kinds: Sequence[str]) -> list[list[Any]]:
        past = self.query.newest is not None
        names = ["to_stage" if past and name == "stage" else name for name in by]
        query = self.query
        if kinds and not past:
            is_one = Test(_field(query.type, "status"), "in", counting_as(self.unit, *kinds))
            query = attrs.evolve(query, where=every(query.where, is_one))
        elif kinds:  # the newest of all rows is looked for first, whatever its status
            names.append("status")
        rows = self.unit.transaction.aggregate(query, names, measures)
        if len(names) == len(by):
            return rows if past else _counted(self.unit, names, rows)
        return [[*row[: len(by)], *row[len(names) :]] for row in rows if row[len(by)] in kinds]

    def ends(self) -> list[tuple[UUID, UUID, str]]:
        """The closed ones: opportunity, pipeline and status."""
        newest = (_field(self.history.type, "opportunity"), _field(self.history.type, "at"))
        query = attrs.evolve(self.history, newest=newest)
        rows = self.unit.transaction.aggregate(query, ("opportunity", "pipeline", "status"), MEASURES[:1])
        return [(id, pipeline, status) for id, pipeline, status, _ in rows if status != "open"]

    def visits(self) -> list[tuple[UUID, str]]:
        """Each opportunity with each stage that it has stood in, once."""
        rows = self.unit.transaction.aggregate(self.history, ("opportunity", "to_stage"), MEASURES[:1])
        return [(id, stage) for id, stage, _ in rows]


def _counted(unit: Session, names: Sequence[str], rows: list[list[Any]]) -> list[list[Any]]:
    """The rows with statuses told as what they count as, and those put together that are one group then."""
    workflow = statuses(unit)
    place, size = (names.index("status") if "status" in names else -1), len(names)
    if place < 0 or all(row[place] in KINDS for row in rows):
        return rows
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        group = (*row[:place], kind(workflow, row[place]), *row[place + 1 : size])
        held = found.get(group)
        found[group] = [*group, *row[size:]] if held is None else [*group, *_sums(held[size:], row[size:])]
    return list(found.values())


def _sums(some: list[Any], more: list[Any]) -> list[Any]:
    """Counts are added, amounts by currency."""
    return [some[0] + more[0], *(by_currency((*one, *other)) for one, other in zip(some[1:], more[1:], strict=True))]


def standing(unit: Session, pipeline: str | None, where: Where, as_of: dt.datetime | None) -> Standing:
    """What stands now, or stood at `as_of`, in one pipeline (by name or id; None: in all).

    Raises `UnknownName` for a pipeline that is not there and for fields that the actor may not see, `InvalidSetting`
    for a filter together with `as_of`: filters ask what is so now.
    """
    if where is not None and as_of is not None:
        raise InvalidSetting("a filter asks what is so now: give a filter or as_of, not both")
    chosen = None if pipeline is None else pipelines.named(unit, pipeline)
    type = unit.catalogue.of(Opportunity)
    hidden = unit.rule(type).hidden
    _check_visible(unit, type, hidden)
    hidden |= frozenset() if as_of is None else unit.rule(unit.catalogue.of(StageChange)).hidden
    history = _then(unit, as_of or unit.now())
    query = _now(unit, type, where) if as_of is None else history
    if chosen is not None:
        is_chosen = Test(_field(query.type, "pipeline"), "=", (chosen.id,))
        query = attrs.evolve(query, where=every(query.where, is_chosen))
    known = pipelines.pipelines_of(unit, None if chosen is None else [chosen.id])
    if as_of is not None:
        known = pipelines.as_known(unit, known, as_of)
    return Standing(unit, query, known, "amount" not in hidden, attrs.evolve(history, newest=None))


def _now(unit: Session, type: RecordType, where: Where) -> BoundQuery:
    tree, text = reading.parsed(where)
    return BoundQuery(type=type, where=unit.binder(text).read(type, tree))


def _then(unit: Session, as_of: dt.datetime) -> BoundQuery:
    if as_of.utcoffset() is None:
        raise InvalidValue(f"a time needs its zone: {as_of.isoformat()} has none", value=as_of.isoformat())
    rows = unit.catalogue.of(StageChange)
    of, at = _field(rows, "opportunity"), _field(rows, "at")
    where = every(Test(at, "<=", (as_of.astimezone(dt.UTC),)), unit.binder().scope(rows))
    return BoundQuery(type=rows, where=where, newest=(of, at))


def _check_visible(unit: Session, type: RecordType, hidden: frozenset[str]) -> None:
    for name in ("pipeline", "stage", "status", "probability", "expected_close", "cycle_days", "reached"):
        if name in hidden:
            raise UnknownName("field", name, set(unit.binder().visible_names(type)), type.name)


def _field(type: RecordType, name: str) -> Field:
    found = type.field(name)
    if found is None:
        raise UnknownName("field", name, (f.name for f in type.fields), type.name)
    return found
