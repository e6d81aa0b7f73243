"""Which operations lead from one shape of tables to another. What the shapes do not tell is asked, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from crmcore.adapters.sql.codecs import canonical
from crmcore.adapters.sql.migrating.shapes import Names, Shape
from crmcore.adapters.sql.migrating.spelling import is_wider
from crmcore.adapters.sql.types import column_names, currency_name, fold_name
from crmcore.domain.field import Field

Shapes = Mapping[str, Shape]
Fields = Mapping[str, tuple[Field, ...]]
"""The declared fields of each table, by the table's name."""

FOLD: Final = "_fold"


@attrs.frozen
class Operation:
    """A call of an operation, and what its author is to know or to decide there."""

    name: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = attrs.field(factory=dict)
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether it asks its author something."""
        return self.name == "undecided"


def derive(old: Shapes, new: Shapes, fields: Fields) -> list[Operation]:
    """The operations in order: new tables, then what is dropped over columns, columns, what is made over columns."""
    added, gone = [n for n in new if n not in old], [n for n in old if n not in new]
    both = [(old[name], new[name]) for name in new if name in old]
    found = [_maybe_renamed(old[g], new[a]) for g in gone for a in added if _alike(old[g], new[a])]
    found += _made([new[name] for name in added])
    for before, after in both:
        found += _dropped(before, after)
    for before, after in both:
        found += _columns(before, after, fields.get(after.name, ()))
    for before, after in both:
        found += _built(before, after)
    found += [Operation("drop_table", (name,), note=f"The rows of {name} are lost.") for name in reversed(gone)]
    return found


def _alike(gone: Shape, added: Shape) -> bool:
    """Whether a table may be another one under a new name."""
    shared = set(gone.columns.items()) & set(added.columns.items())
    return gone.key == added.key and 2 * len(shared) >= max(len(gone.columns), len(added.columns))


def _maybe_renamed(gone: Shape, added: Shape) -> Operation:
    note = (
        f"{gone.name} is gone, {added.name} is new. If it is the same table under a new name, drop its indexes and\n"
        f'rules here, write op.rename_table("{gone.name}", "{added.name}"), and make them anew in place of\n'
        "create_table and drop_table below. Else remove this line: the rows are lost."
    )
    return Operation("undecided", (f"is {added.name} the old {gone.name}?",), note=note)


def _made(shapes: list[Shape]) -> Iterator[Operation]:
    """New tables, each after those that it refers to; of a circle some references are made last."""
    left, late = {each.name: each for each in shapes}, []
    while left:
        ready = [s for s in left.values() if not set(s.references.values()) & (set(left) - {s.name})]
        for shape in ready or [next(iter(left.values()))]:
            del left[shape.name]
            waits = {c: t for c, t in shape.references.items() if t in left}
            kept = {c: t for c, t in shape.references.items() if c not in waits}
            yield _table(attrs.evolve(shape, references=kept))
            late += [Operation("create_reference", (shape.name, c, t)) for c, t in waits.items()]
    yield from late


def _table(shape: Shape) -> Operation:
    columns = [(name, type, True) if missing else (name, type) for name, (type, missing) in shape.columns.items()]
    options: dict[str, Any] = {"key": shape.key}
    options |= {"unique": list(shape.unique)} if shape.unique else {}
    options |= {"indexes": list(shape.indexes)} if shape.indexes else {}
    options |= {"references": dict(shape.references)} if shape.references else {}
    options |= {} if shape.compact else {"compact": False}
    return Operation("create_table", (shape.name, columns), options)


def _dropped(before: Shape, after: Shape) -> Iterator[Operation]:
    for column, target in before.references.items():
        if after.references.get(column) != target:
            yield Operation("drop_reference", (after.name, column))
    yield from _over("drop_unique", after.name, before.unique, after.unique)
    yield from _over("drop_index", after.name, before.indexes, after.indexes)


def _built(before: Shape, after: Shape) -> Iterator[Operation]:
    yield from _over("create_unique", after.name, after.unique, before.unique)
    yield from _over("create_index", after.name, after.indexes, before.indexes)
    for column, target in after.references.items():
        if before.references.get(column) != target:
            yield Operation("create_reference", (after.name, column, target))


def _over(name: str, table: str, there: Iterable[Names], not_there: Iterable[Names]) -> Iterator[Operation]:
    kept = set(not_there)
    yield from (Operation(name, (table, *columns)) for columns in there if columns not in kept)


def _columns(before: Shape, after: Shape, fields: tuple[Field, ...]) -> Iterator[Operation]:
    owners = {column: field for field in fields for column in column_names(field)}
    added = [name for name in after.columns if name not in before.columns]
    gone = [name for name in before.columns if name not in after.columns]
    yield from _maybe_renamed_columns(before, after, gone, added)
    for name in added:
        yield from _added(after, name, owners.get(name))
    for name in after.columns:
        if name in before.columns:
            yield from _changed(before, after, name, owners.get(name))
    for name in gone:
        yield Operation("drop_column", (after.name, name), note=f"The values of {name} are lost.")


def _maybe_renamed_columns(before: Shape, after: Shape, gone: list[str], added: list[str]) -> Iterator[Operation]:
    for old in gone:
        kind = _kind(before.columns[old])
        for new in added:
            if _kind(after.columns[new]) == kind and not (old.endswith(FOLD) or new.endswith(FOLD)):
                note = (
                    f"{old} is gone, {new} is new. If it is the same under a new name, write\n"
                    f'op.rename_column("{after.name}", "{old}", "{new}")\n'
                    f"here and remove what adds and drops them below (with a text goes its {FOLD}, with an amount its\n"
                    "_currency). Else remove this line."
                )
                yield Operation("undecided", (f"is {after.name}.{new} the old {old}?",), note=note)


def _kind(column: tuple[str, bool]) -> str:
    """A column's type without its size."""
    return column[0].partition("(")[0]


def _added(table: Shape, name: str, field: Field | None) -> Iterator[Operation]:
    type, missing = table.columns[name]
    yield Operation("add_column", (table.name, name, type))
    folded = field is not None and field.fold and name == fold_name(field)
    default = None if field is None or isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]
    if field is not None and folded:
        yield _folded(table.name, field)
    elif field is not None and default is not None:
        yield Operation("fill", (table.name, name, type, _part(field, name, default)))
    elif not missing:
        yield _asked(table.name, name, type, "is new and has to have a value")
    if not missing:
        yield Operation("require", (table.name, name))


def _folded(table: str, field: Field) -> Operation:
    return Operation("fold", (table, field.name, field.length))


def _part(field: Field, column: str, value: Any) -> Any:
    """What a column keeps of its field's value."""
    if field.kind == "money":
        return value.currency if column == currency_name(field) else value.amount
    return canonical(value) if field.kind == "json" else value


def _asked(table: str, name: str, type: str, why: str) -> Operation:
    note = (
        f"{name} {why}: give one to the rows that have none, such as\n"
        f'op.fill("{table}", "{name}", "{type}", VALUE), or a function from the row in place of VALUE.'
    )
    return Operation("undecided", (f"what is {table}.{name} in rows that have no value?",), note=note)


def _changed(before: Shape, after: Shape, name: str, field: Field | None) -> Iterator[Operation]:
    (old, was_missing), (type, missing) = before.columns[name], after.columns[name]
    if old != type:
        yield from _retyped(after.name, name, old, type, field)
    if was_missing and not missing:
        folded = field is not None and field.fold and name == fold_name(field)
        yield (
            _folded(after.name, field)
            if field and folded
            else _asked(after.name, name, type, "has to have a value from now on")
        )
        yield Operation("require", (after.name, name))
    elif missing and not was_missing:
        yield Operation("allow_missing", (after.name, name))


def _retyped(table: str, name: str, old: str, new: str, field: Field | None) -> Iterator[Operation]:
    if is_wider(old, new) or (old == "text" and is_wider(new, old)):
        yield Operation("retype", (table, name, new))
        if field is not None and name == fold_name(field) and "(" in old:
            cut = int(old.partition("(")[2].rstrip(")"))
            yield Operation("fold", (table, field.name, field.length), {"cut": cut})
        return
    note = (
        f"{name} was {old} and is {new}. A text can be shortened with\n"
        f'op.retype("{table}", "{name}", "{new}") once no value is longer; for another type write\n'
        f'op.add_column("{table}", "{name}_new", "{new}"), op.fill it from the row,\n'
        f'op.drop_column("{table}", "{name}"), op.rename_column("{table}", "{name}_new", "{name}"),\n'
        "and op.require it if it has to have a value."
    )
    yield Operation("undecided", (f"how does {table}.{name} become {new}?",), note=note)
