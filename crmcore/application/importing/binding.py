"""What a file's columns mean to a record type: settled once, before any row is taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs

from crmcore.application.importing.lookup import Crowds
from crmcore.application.importing.mapping import ColumnRule
from crmcore.application.importing.naming import Naming, name_columns
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.reference_rules import (
    ReferenceRule,
    also_reader,
    check_findable,
    reference_rule,
)
from crmcore.domain.columns import Column, Columns
from crmcore.domain.errors import ImportRefused
from crmcore.domain.jalali import check_jalali_format, read_jalali_date, read_jalali_datetime
from crmcore.domain.record import RecordType
from crmcore.ports.codec import FieldRule, Rules, Schemas

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

ANYHOW: Final = "*"
"""Keeps the reader from taking a reference for an id: the text may be another system's."""


@attrs.frozen(kw_only=True, eq=False)
class Binding:
    """The columns of a file as a record type's. `every` has all columns of the type, `columns` those that the actor may
    see, `rules` has the columns of the file by field, `wholes` those in which parts may stand whole by attribute,
    `given` how the texts are read, `defaults` typed values of new records; `crowds` is what was found out of keys that
    too many records share."""

    type: RecordType
    every: Columns
    columns: Columns
    rules: Mapping[str, tuple[ColumnRule, ...]]
    wholes: Mapping[str, str]
    given: Rules
    references: Mapping[str, ReferenceRule]
    defaults: dict[str, Any]
    left_out: tuple[str, ...]
    crowds: Crowds = attrs.field(factory=dict)

    @cached_property
    def grouped(self) -> bool:
        """Whether several rows may make one record."""
        groups = (self.columns.by_name[name].group for name in self.rules)
        return any(group is not None and group.place == "line" for group in groups)

    def header(self, field: str) -> str:
        """The column of the file that gives a field (the first, where several do); the field's name if none does."""
        given = self.rules.get(field)
        return given[0].column if given else self.wholes.get(field, field)


def bind(unit: UnitOfWork, plan: ImportPlan, schemas: Schemas, header: Sequence[str], format: str) -> Binding:
    """The binding of a file with these columns; `ImportRefused` where plan, map or header do not fit."""
    type = unit.catalogue.record(plan.record)
    hidden = unit.rule(type).hidden
    columns = schemas.columns(type).visible(hidden)
    naming = name_columns(
        columns,
        _wholes(type, hidden),
        plan.mapping,
        header,
        ignore_unknown=plan.ignore_unknown,
        whole_header=format != "jsonl",  # a key may be missing from all lines of a file
    )
    references = {name: reference_rule(unit, columns.by_name[name], rules[0]) for name, rules in naming.rules.items()}
    given = Rules(
        zone=unit.kernel.zone,
        currency=plan.currency or unit.kernel.currency,
        decimal=plan.decimal,
        date_format=plan.date_format,
        fields={
            name: _field_rule(columns.by_name[name], rules, plan, unit.kernel.zone)
            for name, rules in naming.rules.items()
        },
        hidden=hidden,
        partial=True,
        typed=format == "jsonl",
        sheet=format == "xlsx",
    )
    bound = Binding(
        type=type,
        every=schemas.columns(type),
        columns=columns,
        rules=naming.rules,
        wholes=naming.wholes,
        given=given,
        references={
            name: attrs.evolve(
                rule, also=also_reader(unit, columns.by_name[name], naming.rules[name][0], schemas, given)
            )
            for name, rule in references.items()
            if rule is not None
        },
        defaults=_defaults(plan, schemas, type, given),
        left_out=naming.left_out,
    )
    if header:
        _check_match(unit, plan, naming, type)
    return bound


def _wholes(type: RecordType, hidden: frozenset[str]) -> list[str]:
    """Attributes under which parts may be given whole: those of which nothing is hidden."""
    shown = []
    for part in type.parts:
        views = (view.name for view in type.options.flats if view.part == part.name)
        if hidden.isdisjoint((part.name, part.attribute, *views)):
            shown.append(part.attribute)
    return shown


def _field_rule(column: Column, rules: Sequence[ColumnRule], plan: ImportPlan, zone: dt.tzinfo) -> FieldRule:
    first = rules[0]
    if len(rules) > 1:
        if any(r != ColumnRule(column=r.column, field=r.field, split=r.split) for r in rules):
            listed = ", ".join(repr(r.column) for r in rules)
            raise ImportRefused(f"{listed} are one field ({column.name}): of such columns a map can say `split` only")
        return FieldRule()
    is_reference = column.field.kind == "reference" and column.name != "id"
    return FieldRule(
        currency=first.currency,
        decimal=first.decimal,
        date_format=first.date_format,
        values=first.values,
        split=first.split,
        match=(first.match or ANYHOW) if is_reference else first.match,
        read=_of_calendar(column, first, plan, zone),
        number=first.number,
    )


def _of_calendar(
    column: Column, rule: ColumnRule, plan: ImportPlan, zone: dt.tzinfo
) -> Callable[[str], dt.date] | None:
    """What reads the dates of another calendar; None for all other values."""
    kind, form = column.field.kind, rule.date_format or plan.date_format
    if rule.calendar is not None and kind not in ("date", "datetime"):
        raise ImportRefused(f"{rule.column!r} is {column.name}, which is no date: a calendar says nothing of it")
    if (rule.calendar or plan.calendar) != "jalali" or kind not in ("date", "datetime"):
        return None
    check_jalali_format(form)
    if kind == "date":
        return lambda text: read_jalali_date(text, form)
    return lambda text: read_jalali_datetime(text, zone, form)


def _check_match(unit: UnitOfWork, plan: ImportPlan, naming: Naming, type: RecordType) -> None:
    if plan.match is None:
        return
    check_findable(unit, type, plan.match, "rows cannot be matched")
    if plan.match not in naming.rules:
        raise ImportRefused(f"rows cannot be matched by {plan.match}: no column of the file gives it")


def _defaults(plan: ImportPlan, schemas: Schemas, type: RecordType, given: Rules) -> dict[str, Any]:
    """The map's defaults, typed; a reference among them is looked up like that of a row."""
    raw = dict(plan.mapping.defaults)
    rules = Rules(
        zone=given.zone,
        currency=given.currency,
        fields={name: FieldRule(match=ANYHOW) for name in raw if _is_reference(schemas, type, name)},
        hidden=given.hidden,
        partial=True,
        typed=True,
    )
    read = schemas.read(type, raw, rules=rules)
    if read.problems:
        listed = "; ".join(f"{p.field}: {p.reason}" for p in read.problems)
        raise ImportRefused(f"the map's defaults do not fit: {listed}")
    return read.values


def _is_reference(schemas: Schemas, type: RecordType, name: str) -> bool:
    column = schemas.columns(type).by_name.get(name)
    return column is not None and column.field.kind == "reference" and name != "id"
