"""Actors, intended changes and the entries of the change log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import attrs

from crmcore.domain.errors import InvalidSetting
from crmcore.domain.record import Record, RecordType

SALT: Final = "~"
"""The name under which the salt stands among the changes of an entry; no field has it."""

MOVES: Final = "~moves"
"""The name under which the survivor's entry of a merge has the id of the merge and the digest of its moves; no field
has it."""

NO_FIELDS: Final = (SALT, MOVES)
"""What stands among the changes of an entry beside those of fields."""

Operation = Literal["add", "change", "remove", "facet", "merge", "unmerge", "erase", "read"]


@attrs.frozen
class Actor:
    """Who acts: `kind` (user, plugin, system), `id`, and on whose behalf. The host owns its users: no foreign key."""

    id: str
    kind: str = "user"
    on_behalf_of: str | None = None

    def __str__(self) -> str:
        name = self.id if self.kind == "user" else f"{self.kind}:{self.id}"
        return f"{name} for {self.on_behalf_of}" if self.on_behalf_of else name


def actor_of(given: Actor | str | None) -> Actor:
    """An actor from what the host gave: an `Actor`, a user's name, or `KIND:NAME`; required, never guessed."""
    if isinstance(given, Actor):
        return given
    if not isinstance(given, str) or not given.strip():
        raise InvalidSetting(f"an actor is required for every unit of work (actor='sara'), got {given!r}")
    kind, colon, name = given.partition(":")
    return Actor(name, kind) if colon and kind in ("user", "plugin", "system") and name else Actor(given)


@attrs.frozen(eq=False)
class Change:
    """One intended write, as guards and policies see it; `before` is None for a new record, `after` for a removal.

    `fields` are the names that would change (facet fields dotted, parts by their attribute).
    """

    type: RecordType
    id: UUID
    operation: Operation
    before: Record | None
    after: Record | None
    fields: frozenset[str]


@attrs.frozen
class LogEntry:
    """One row of the change log. `changes` is JSON text: each field's [before, after] in plain form, and a salt, which
    goes when they are erased, so that nobody can find out by trying what the digest was made of.

    `seq` is given by the database when written, `position` by the pump after the commit (the feed's order).
    `version` is that of the record, or of the facet for operation "facet". `digest` proves the values after they
    have been erased.
    """

    at: dt.datetime
    actor: str
    source: str | None
    work: UUID
    record: str
    id: UUID
    subject: UUID | None
    version: int
    operation: str
    changes: str
    digest: str
    seq: int = 0
    position: int | None = None

    def values(self) -> Mapping[str, list[Any]]:
        """The changes, read: {"field": [before, after]}; empty if they were erased or never logged."""
        read: dict[str, list[Any]] = json.loads(self.changes) if self.changes else {}
        for name in NO_FIELDS:
            read.pop(name, None)
        return read

    def moves(self) -> tuple[str, str] | None:
        """The id of a merge, in hexadecimal, and the digest of its moves, where this is the survivor's entry of it and
        whole."""
        if self.operation != "merge" or MOVES not in self.changes:
            return None
        try:
            merge, moved = json.loads(self.changes)[MOVES]
            return UUID(merge).hex, str(moved)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None
