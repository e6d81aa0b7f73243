"""Who is to blame for a refused write: the field and value, found out where the driver does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.compiled import at_most, compiled, constant
from crmcore.adapters.sql.declared import Rule
from crmcore.adapters.sql.errors import rule_of
from crmcore.adapters.sql.faults import Fault
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.runner import Runner
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

Blame = tuple[Rule | None, str | None]


@attrs.frozen(eq=False)
class Attempt:
    """What was being written: records, or facets of one type, each with its id; or a record being removed."""

    record: RecordType
    rows: Sequence[tuple[UUID, Any]]
    facet: FacetType | None = None
    removing: bool = False


def blamed(model: Model, runner: Runner, fault: Fault, attempt: Attempt) -> Blame:
    """The rule that was broken and the value that broke it, as far as they can be known."""
    rule = _primary(model, attempt) if fault.constraint == "PRIMARY" else rule_of(model.tables, fault)
    if attempt.removing:
        holder = rule or (_holder(model, runner, attempt) if model.backend == "sqlite" else None)
        return holder, str(attempt.rows[0][0])
    if fault.meaning == "duplicate":
        return rule, None if rule is None else _taken(model, runner, fault, rule, attempt)
    return _pointing_nowhere(model, runner, fault, rule, attempt)


def _primary(model: Model, attempt: Attempt) -> Rule | None:
    """MariaDB calls every primary key so."""
    return model.tables.rules.get(f"pk_{_table(model, attempt).name}")


def _table(model: Model, attempt: Attempt) -> sa.Table:
    tables, record = model.tables, attempt.record.name
    return tables.records[record] if attempt.facet is None else tables.facets[record, attempt.facet.name]


def _fields(attempt: Attempt) -> dict[str, Field]:
    """The fields of what was written, by the names that rules use."""
    if attempt.facet is not None:
        return {attempt.facet.dotted(f): f for f in attempt.facet.fields}
    return {f.name: f for f in attempt.record.fields}


def _taken(model: Model, runner: Runner, fault: Fault, rule: Rule, attempt: Attempt) -> str | None:
    fields = _fields(attempt)
    if not all(name in fields for name in rule.fields):
        return str(attempt.rows[0][0])
    shown = [", ".join(_plain(fields[name], row) for name in rule.fields) for _, row in attempt.rows]
    if len(shown) == 1:
        return shown[0]
    if fault.value is not None:
        return next((text for text in shown if _words(text) == _words(fault.value)), fault.value)
    table = _table(model, attempt)
    absent = (n for n, (id, _) in enumerate(attempt.rows) if not _is_there(model, runner, table, id))
    return shown[next(absent, 0)]


def _words(value: str) -> list[str]:
    """A value without the order and the separators that a driver gave it."""
    return sorted(value.replace("-", " ").replace(",", " ").split())


def _plain(field: Field, row: Any) -> str:
    return str(field.plain(getattr(row, field.name)))


def _is_there(model: Model, runner: Runner, table: sa.Table, id: UUID) -> bool:
    def make() -> Any:
        held = table.c.id == sa.bindparam("p0", type_=table.c.id.type)
        return sa.select(constant("1")).select_from(table).where(held)

    return bool(runner.fetch(model.statement(("there", table.name), make).text, model.stored_id(id)))


def _pointing_nowhere(model: Model, runner: Runner, fault: Fault, rule: Rule | None, attempt: Attempt) -> Blame:
    if fault.value is not None:
        return rule, fault.value
    if model.backend == "postgresql":  # a failed transaction answers nothing
        return rule, None
    checked: set[tuple[str, UUID]] = set()
    for name, target, id in _pointers(attempt):
        if (rule is None or rule.fields[0] == name) and (target, id) not in checked:
            checked.add((target, id))
            if not _is_there(model, runner, model.tables.records[target], id):
                return Rule(attempt.record.name, (name,), target), str(id)
    return rule, None


def _pointers(attempt: Attempt) -> Iterator[tuple[str, str, UUID]]:
    """Every reference in what was written: (name, target, id)."""
    for id, row in attempt.rows:
        if attempt.facet is not None:
            yield attempt.facet.name, attempt.record.name, id
        for name, field in _fields(attempt).items():
            yield from _pointer(name, field, row)
        for part in () if attempt.facet is not None else attempt.record.parts:
            for each in getattr(row, part.attribute):
                for field in part.fields:
                    yield from _pointer(f"{part.name}.{field.name}", field, each)


def _pointer(name: str, field: Field, row: Any) -> Iterator[tuple[str, str, UUID]]:
    if field.kind == "reference" and field.target != "*" and field.name != "id":
        value = getattr(row, field.name)
        if value is not None:
            yield name, field.target, value


def _holder(model: Model, runner: Runner, attempt: Attempt) -> Rule | None:
    """Who refers to a record that cannot be removed."""
    for table in model.tables.metadata.tables.values():
        for key in table.foreign_key_constraints:
            rule = model.tables.rules.get(str(key.name))
            if rule is None or rule.target != attempt.record.name:
                continue
            column = key.columns[0]
            held = column == sa.bindparam("p0", type_=column.type)
            found = at_most(sa.select(constant("1")).select_from(table).where(held), constant("1"))
            if runner.fetch(compiled(model.dialect, found).text, model.stored_id(attempt.rows[0][0])):
                return rule
    return None
