"""Every error that crmcore raises on purpose: one tree, each with what was wrong, which value, and what to do.

`details` holds the same facts as plain values, so that a command line or a web face can print them as data.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AmbiguousMatch",
    "ConcurrentChange",
    "CrmError",
    "DanglingReference",
    "Denied",
    "DuplicateValue",
    "FacetNotLoaded",
    "IllegalTransition",
    "ImportRefused",
    "InvalidDeclaration",
    "InvalidRecord",
    "InvalidSetting",
    "InvalidValue",
    "MissingPlugin",
    "NoFacet",
    "NotFound",
    "PluginConflict",
    "PluginDisabled",
    "PluginFailed",
    "PredicateError",
    "SchemaMismatch",
    "StillReferenced",
    "StorageBusy",
    "StorageFailed",
    "UnknownName",
    "Vetoed",
    "nearest",
]

WINDOW = 60


class CrmError(Exception):
    """Root of the tree. `message` is a sentence for a person; `details` are its facts as plain values."""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message


class InvalidValue(CrmError, ValueError):
    """One value does not fit what is asked of it."""


class InvalidRecord(CrmError, ValueError):
    """A record has one or more fields that do not fit; `problems` maps each field's name to what is wrong."""

    def __init__(self, record: str, problems: dict[str, str]) -> None:
        listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(f"{record} is refused: {listed}", record=record, problems=problems)
        self.problems = problems


class Vetoed(InvalidRecord):
    """A plugin's guard refuses a write: `details` has the plugin, the hook and the record's id."""

    def __init__(self, record: str, problems: dict[str, str], **details: object) -> None:
        super().__init__(record, problems)
        self.details.update(details)


class InvalidDeclaration(CrmError, TypeError):
    """A record type, facet, field or workflow is declared in a way that cannot work."""


class InvalidSetting(CrmError, ValueError):
    """A setting of the host or of the command line does not fit."""


class UnknownName(CrmError, LookupError):
    """A record type, field, facet, plugin or choice that does not exist here; suggests the nearest that does."""

    def __init__(self, what: str, name: str, known: Iterable[str] = (), where: str = "") -> None:
        close = nearest(name, known)
        hint = f"; did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
        place = f" of {where}" if where else ""
        super().__init__(f"unknown {what}{place}: {name!r}{hint}", what=what, name=name, nearest=close)


class NotFound(CrmError, LookupError):
    """No such record, or none that this actor may see: the two are told apart nowhere."""


class AmbiguousMatch(CrmError, LookupError):
    """Several records fit where one is meant; `details["ids"]` lists those that the actor may see."""


class ConcurrentChange(CrmError):
    """The record changed since it was read: expected and found versions are in `details`. Read again and repeat."""


class DuplicateValue(CrmError, ValueError):
    """A unique value is taken: `details` has the record type, field and value."""


class DanglingReference(CrmError, ValueError):
    """A reference points at a record that does not exist."""


class StillReferenced(CrmError):
    """A record cannot be removed while others refer to it."""


class IllegalTransition(CrmError, ValueError):
    """A workflow has no such transition from where the record stands, or a guard refuses it."""


class Denied(CrmError, PermissionError):
    """The policy does not allow this actor to write that."""


class PredicateError(CrmError, ValueError):
    """A filter cannot be read: `position` is the offending character (0-based), `expected` what could stand there."""

    def __init__(self, message: str, text: str, position: int, expected: str = "") -> None:
        tail = f"; expected {expected}" if expected else ""
        full = f"{message} at character {position + 1}{tail}\n{_pointer(text, position)}".rstrip("\n")
        super().__init__(full, position=position, expected=expected, where=text)
        self.position = position
        self.expected = expected


def _pointer(text: str, position: int) -> str:
    """The text around the position with a mark under it; what a terminal would obey or not show is a dot."""
    if not text:
        return ""
    start = max(0, position - WINDOW)
    shown = "".join(c if c.isprintable() else "·" for c in text[start : position + WINDOW])
    return f"{shown}\n{' ' * (position - start)}^"


class NoFacet(CrmError, LookupError):
    """The record has no such facet (a customer who is no loyalty member, say)."""


class FacetNotLoaded(CrmError, LookupError):
    """The facet was not fetched with the record: name it in `with_=[...]`."""


class StorageBusy(CrmError):
    """Another writer holds what this one needs, or the database asks to repeat. `crm.run` repeats by itself."""


class StorageFailed(CrmError):
    """The database refused or was lost (disk full, connection cut, statement refused); nothing was committed."""


class SchemaMismatch(CrmError):
    """The database was made by other declarations than the running ones; the message names what mends it."""


class MissingPlugin(CrmError):
    """A plugin is active in the database, or required by another, and is not here."""


class PluginDisabled(CrmError):
    """A plugin is switched off in the database, or was not enabled for what it asks; says how to enable it."""


class MergeRefused(CrmError, ValueError):
    """These records cannot be merged; `details` has each reason."""


class UnmergeBlocked(CrmError):
    """A merge cannot be undone exactly: `details["blockers"]` names each later edit that stands in the way."""


class ErasedPerson(InvalidRecord):
    """The data is that of a person whose data was erased: it does not come back in silence."""


class PluginConflict(CrmError):
    """Two plugins claim one thing; says who, what and how to settle it."""


class PluginFailed(CrmError):
    """A plugin could not be imported or broke its contract; names distribution, plugin and hook."""


class ImportRefused(CrmError, ValueError):
    """A file cannot be imported as it stands (encoding, ambiguous dates, unknown columns); nothing was written."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most two of `known` that `name` may have been meant to be, best first."""
    return difflib.get_close_matches(name.casefold(), sorted(known), n=2, cutoff=0.6)
