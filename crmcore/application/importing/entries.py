"""Entries: the rows of a file that make one record each, gathered into batches.

A row is a record of its own, but for types whose parts stand one a row: there, rows with one id, external id or unique
value (an invoice's number) are one record, if they stand together or in one batch. Such a record comes in whole or not
at all, for one that lacks a line would look complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.report import Refusal
from crmcore.application.importing.rows import Row
from crmcore.domain.flatten import disagreements
from crmcore.domain.reading import shorten
from crmcore.ports.exchange import BadRow, RawRow

BATCH: Final = 500
"""Records in a batch."""
MOST_ROWS: Final = 10_000
"""Rows in a batch; those of one record beyond it are added to the record later."""


@attrs.define(eq=False)
class Entry:
    """The rows of one record. `named`: its name was put together from given and family name."""

    rows: list[Row]
    id: UUID | None = None
    named: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The values of the first row: those of the record."""
        return self.rows[0].values

    @property
    def line(self) -> int:
        """The line of the first row."""
        return self.rows[0].raw.line

    @property
    def refused(self) -> Refusal | None:
        """The first refusal among the rows."""
        return next((row.refusal for row in self.rows if row.refusal is not None), None)

    def refuse(self, refusal: Refusal) -> None:
        """Refuse all rows that have no reason of their own."""
        for row in self.rows:
            row.refuse(refusal)


Identity = tuple[Any, ...]


def identity_of(binding: Binding, origin: str | None, values: dict[str, Any]) -> Identity | None:
    """What rows of one record share; None for a row that says nothing of it."""
    if not binding.grouped:
        return None
    if "id" in values:
        return (values["id"],)
    if values.get("external_id"):
        return values.get("source", origin), values["external_id"]
    unique = ((field.name, values.get(field.name)) for field in binding.type.own if field.unique)
    return next(((None, name, text) for name, text in unique if text and isinstance(text, str)), None)


@attrs.frozen(eq=False)
class Batch:
    """Entries, and the rows among them that cannot be read. `next`: the line on which the next batch begins, None for
    the last one; `rows`: how many there are of either."""

    entries: list[Entry]
    bad: list[BadRow]
    next: int | None
    rows: int


def digest_of(identity: Identity) -> str:
    """An identity in 16 characters that are the same in every process."""
    return blake2b(repr(identity).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Batches:
    """The rows of a file in batches of entries. What is in a batch depends on the line where it begins alone."""

    def __init__(self, binding: Binding, origin: str | None, type: Callable[[RawRow], Row]) -> None:
        self._binding = binding
        self._origin = origin
        self._type = type
        self._names = {"name", "given_name", "family_name"} <= set(binding.columns.by_name)

    def __call__(self, rows: Iterable[RawRow | BadRow]) -> Iterator[Batch]:
        """All of them, in order; at least one, which may be empty."""
        entries: list[Entry] = []
        bad: list[BadRow] = []
        held: dict[Identity, Entry] = {}
        last: Identity | None = None
        broken: BadRow | None = None
        size = 0
        for raw in rows:
            row = self._type(raw) if isinstance(raw, RawRow) else None
            identity = None if row is None else identity_of(self._binding, self._origin, row.values)
            full = row is not None and len(entries) >= BATCH and (identity is None or identity != last)
            if full or size >= MOST_ROWS:
                yield Batch(entries, bad, raw.line, size)
                entries, bad, held, last, broken, size = [], [], {}, None, None, 0
            size += 1
            if isinstance(raw, BadRow):
                bad.append(raw)
                broken = raw
            if row is None:
                continue
            entry = held.get(identity) if identity is not None else None
            if entry is None:
                entry = self._entry(row)
                entries.append(entry)
                if identity is not None:
                    held[identity] = entry
            else:
                self._join(entry, row, broken if identity == last else None)
            last, broken = identity, None
        yield Batch(entries, bad, None, size)

    def _entry(self, row: Row) -> Entry:
        """A row with an id comes from an export, where a name that is missing is missing."""
        values = row.values
        if self._names and "name" not in values and "id" not in values and (name := _composed(values)):
            values["name"] = name
            return Entry([row], named=True)
        return Entry([row])

    def _join(self, entry: Entry, row: Row, bad: BadRow | None) -> None:
        """Times may differ between the rows of one record, as where each line was entered: the first one counts."""
        if bad is not None:
            row.refuse(Refusal(None, "", f"line {bad.line}, amid rows of the same record, cannot be read"))
        for name in disagreements(self._binding.columns, entry.values, row.values):
            column = self._binding.columns.by_name[name]
            if column.field.kind != "datetime" and row.refusal is None:
                first = shorten(_plain(entry.values.get(name)))
                reason = f"differs from {first}, which line {entry.line} of the same record says"
                row.refuse(Refusal(self._binding.header(name), row.raw.values.get(self._binding.header(name)), reason))
        entry.rows.append(row)


def _composed(values: dict[str, Any]) -> str:
    """Given and family name as they are given, in this order."""
    return " ".join(part for part in (values.get("given_name"), values.get("family_name")) if part)


def _plain(value: Any) -> Any:
    return getattr(value, "text", value)
