"""What a map says of a column that refers to other records, checked against the type that it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from crmcore.application import reading
from crmcore.application.importing.lookup import name_field
from crmcore.application.importing.mapping import ColumnRule, Missing
from crmcore.domain.columns import Column
from crmcore.domain.errors import ImportRefused, UnknownName
from crmcore.domain.record import RecordType
from crmcore.ports.codec import RowReader, Rules, Schemas

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


@attrs.frozen
class ReferenceRule:
    """How a reference's text finds its record: by `match` alone, or by whatever identifies a record. `also` reads from
    a row what else a record that is created has."""

    match: str | None = None
    missing: Missing = "reject"
    also: RowReader | None = None


def reference_rule(unit: UnitOfWork, column: Column, rule: ColumnRule) -> ReferenceRule | None:
    """The rule of a reference, None for other columns; `ImportRefused` if it cannot be kept."""
    field = column.field
    if field.kind != "reference" or column.name == "id":
        if rule.missing != "reject":
            raise ImportRefused(f"{rule.column!r} is no reference: `missing` says nothing to {column.name}")
        if rule.further:
            raise ImportRefused(f"{rule.column!r} is no reference: `also` and `new` say nothing to {column.name}")
        return None
    if field.target != "*":
        target = unit.catalogue.record(field.target)
        if rule.match is not None and "." in rule.match:
            raise ImportRefused(f"{rule.column!r} cannot be matched by {rule.match}, but by {target.name}'s own fields")
        if rule.match is not None:
            check_findable(unit, target, rule.match, f"{rule.column!r} cannot be matched")
        given = rule.further.values()
        needed = [f.name for f in target.own if f.required and f != name_field(target) and f.name not in given]
        if rule.missing == "create" and needed:
            raise ImportRefused(
                f"{rule.column!r} cannot create a missing {target.name}: it needs {', '.join(needed)} as well; "
                "import those first"
            )
    elif rule.missing == "create":
        raise ImportRefused(f"{rule.column!r} may refer to records of any type: none can be created for it")
    if rule.further and rule.missing != "create":
        raise ImportRefused(
            f"{rule.column!r}: `also` and `new` are for records that are created: say missing = 'create' as well"
        )
    return ReferenceRule(rule.match, rule.missing)


def also_reader(unit: UnitOfWork, column: Column, rule: ColumnRule, schemas: Schemas, given: Rules) -> RowReader | None:
    """What reads the further fields of records that are created; `ImportRefused` for fields that cannot be given so."""
    if not rule.further:
        return None
    target = unit.catalogue.record(column.field.target)
    hidden = unit.rule(target).hidden
    known = schemas.columns(target).visible(hidden).by_name
    for name in rule.further.values():
        found = known.get(name)
        if found is None or found.field.kind == "reference" or (found.group and found.group.place == "line"):
            raise ImportRefused(
                f"{rule.column!r}: a {target.name} that is created cannot have {name!r} from the map: name one of its "
                "own fields or flat names, and no reference"
            )
    rules = attrs.evolve(given, fields={}, hidden=hidden)
    keys = {name: column for column, name in rule.further.items()}
    read, constants = schemas.reader(target, list(keys), rules, keys), rule.constants
    if problems := read(constants).problems if constants else ():
        raise ImportRefused(f"{rule.column!r}: a new {target.name} cannot have that: {problems[0].reason}")
    return lambda cells: read({**cells, **constants})


def check_findable(unit: UnitOfWork, type: RecordType, name: str, problem: str) -> None:
    """`ImportRefused` if records cannot be found by this name."""
    try:
        reading.key_kind(unit, type, name)
    except UnknownName as error:
        raise ImportRefused(f"{problem} by {name}: {error.message}", field=name) from None
