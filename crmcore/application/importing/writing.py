"""Adding and changing the records of a batch: all at once where that works, singly where the storage refuses one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from crmcore.application import changing
from crmcore.application.importing.binding import Binding
from crmcore.application.importing.comparing import changes, identified, lines_of
from crmcore.application.importing.entries import Entry
from crmcore.application.importing.refusals import ROW_ERRORS, refusal
from crmcore.application.importing.report import Refusal
from crmcore.domain.columns import Columns
from crmcore.domain.copying import evolve
from crmcore.domain.flatten import apply, build
from crmcore.domain.making import are_parts
from crmcore.domain.record import Record

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


@attrs.frozen(eq=False)
class Draft:
    """A new record and the entry that it was made of."""

    entry: Entry
    record: Record


class Writer:
    """Writes entries. What the storage refuses is refused with its reason; the rest is in."""

    def __init__(self, unit: UnitOfWork, binding: Binding, origin: str | None) -> None:
        self._unit = unit
        self._binding = binding
        self._origin = origin
        self._defaults: Mapping[str, Any] = {**binding.defaults, **({"source": origin} if origin else {})}
        columns = binding.every.by_name
        self._line_defaults = {
            name: value
            for name, value in binding.defaults.items()
            if (group := columns[name].group) is not None and group.place == "line"
        }

    def add(self, entries: Sequence[Entry]) -> None:
        """Add a record for each; those that cannot be are refused."""
        drafts = []
        for entry in entries:
            try:
                drafts.append(Draft(entry, self._made(entry)))
            except ROW_ERRORS as error:
                entry.rows[0].refuse(refusal(self._binding, entry, error))
        if drafts:
            self._insert(drafts)

    def update(self, entry: Entry, record: Any) -> bool:
        """Whether the entry says anything new of the record, to which it is changed then."""
        changed = {**changes(self._binding.columns, entry, record), **identified(entry, record, self._origin)}
        if changed:
            self._change(entry, record, changed)
        return bool(changed)

    def append(self, entry: Entry, record: Any) -> None:
        """Add the lines of rows that stand apart from those of which this import has made or changed the record."""
        lines = lines_of(self._binding.columns, entry)
        for name in changes(self._binding.columns, entry, record):
            column = self._binding.columns.by_name.get(name)
            if name not in lines and (column is None or column.field.kind != "datetime"):
                header = self._binding.header(name)
                reason = "differs from what earlier rows of the same record say"
                return entry.refuse(Refusal(header, entry.rows[0].raw.values.get(header), reason))
        self._change(entry, record, {name: (*getattr(record, name), *parts) for name, parts in lines.items()})

    def _change(self, entry: Entry, record: Any, changed: Mapping[str, Any]) -> None:
        try:
            with self._unit.savepoint():
                type = self._unit.catalogue.record(self._binding.type.name)
                changing.change(self._unit, type, record.id, dict(changed), None, shown=False)
        except ROW_ERRORS as error:
            entry.rows[0].refuse(refusal(self._binding, entry, error))

    def _insert(self, drafts: Sequence[Draft]) -> None:
        """All in one go; if that is refused, each half by itself, down to those that are at fault."""
        try:
            with self._unit.savepoint():
                self._unit.records(self._binding.type.name).add_many([draft.record for draft in drafts])
        except ROW_ERRORS as error:
            if len(drafts) == 1:
                entry = drafts[0].entry
                entry.rows[0].refuse(refusal(self._binding, entry, error))
                return
            middle = len(drafts) // 2
            self._insert(drafts[:middle])
            self._insert(drafts[middle:])

    def _made(self, entry: Entry) -> Record:
        """The record of an entry. Over parts that stand whole, flat values count as a change of them."""
        columns = self._binding.every
        values = {**self._defaults, **entry.values, "id": entry.id}
        more = [{**self._line_defaults, **row.values} for row in entry.rows[1:]]
        whole = {name for name in self._binding.wholes if are_parts(values.get(name))}
        if not whole:
            return build(columns, values, *more)
        flat = {name: value for name, value in values.items() if name not in whole and _is_in(columns, name, whole)}
        made = build(columns, {name: value for name, value in values.items() if name not in flat}, *more)
        return evolve(made, **apply(columns.type, made, flat))


def _is_in(columns: Columns, name: str, attributes: Collection[str]) -> bool:
    """Whether a flat name stands for parts under one of these attributes."""
    column = columns.by_name.get(name)
    return column is not None and column.group is not None and column.group.attribute in attributes
