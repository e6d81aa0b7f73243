"""Why the storage in memory refuses a write, in the words and with the details of every storage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crmcore.adapters.memory.table import Reference, Unique
from crmcore.domain.errors import ConcurrentChange, DanglingReference, DuplicateValue, StillReferenced


def duplicate(record: str, unique: Unique, row: Any) -> DuplicateValue:
    """A unique value, or group of values, that another row has."""
    values = unique.read(row)
    shown = ", ".join(str(field.plain(value)) for field, value in zip(unique.fields, values, strict=True))
    return taken(record, unique.label, shown)


def taken(record: str, field: str, value: str) -> DuplicateValue:
    """A value that can be there once only."""
    return DuplicateValue(
        f"{record}: {field} {value!r} is taken already; change that record, or give another value",
        record=record,
        field=field,
        value=value,
    )


def dangling(record: str, reference: Reference, target: UUID) -> DanglingReference:
    """A reference to nothing."""
    return missing_target(record, reference.label, reference.field.target, target)


def missing_target(record: str, field: str, target: str, id: UUID) -> DanglingReference:
    """A reference to a record that is not there."""
    return DanglingReference(
        f"{record}: {field} refers to {target} {id}, which does not exist",
        record=record,
        field=field,
        target=target,
        value=str(id),
    )


def stale(what: str, record: str, id: UUID, expected: int, found: int | None) -> ConcurrentChange:
    """A write that knew another version than the stored one (None: the row is gone)."""
    state = "was removed since" if found is None else f"is at version {found}"
    return ConcurrentChange(
        f"{what} {id} {state}, not {expected}: read it again and repeat",
        record=record,
        id=str(id),
        expected=expected,
        found=found,
    )


def referenced(record: str, id: UUID, holders: dict[str, int]) -> StillReferenced:
    """A record that others point at; `holders` counts them by record type."""
    listed = " and ".join(f"{count} {name}" for name, count in sorted(holders.items()))
    return StillReferenced(
        f"{record} {id} cannot be removed while {listed} refer to it: remove or change them first",
        record=record,
        id=str(id),
        references=dict(holders),
    )
