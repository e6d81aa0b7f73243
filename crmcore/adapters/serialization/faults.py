"""What cattrs found wrong, as the problems of an `InvalidRecord`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError

from crmcore.domain.columns import REQUIRED
from crmcore.domain.errors import CrmError, InvalidRecord, UnknownName


def faults(error: ClassValidationError, known: Iterable[str], where: str) -> dict[str, str]:
    """Every problem by its path (`contact_points[0].value`; "" for the whole). `known` are the keys of `where`."""
    noted, others = error.group_exceptions()
    found = dict(pair for cause, note in noted for pair in _named(note.name, cause))
    for cause in others:
        if isinstance(cause, ForbiddenExtraKeysError):
            names = map(str, cause.extra_fields)
            found.update((name, UnknownName("key", name, known, where).message) for name in names)
        elif isinstance(cause, CrmError):
            found[""] = cause.message
        else:
            raise cause
    return found


def _named(name: str, cause: Any) -> Iterator[tuple[str, str]]:
    """The problems that one attribute had."""
    if isinstance(cause, InvalidRecord):
        yield from ((f"{name}{path}", problem) for path, problem in cause.problems.items())
    elif isinstance(cause, CrmError):
        yield name, cause.message
    elif isinstance(cause, KeyError):
        yield name, REQUIRED
    else:
        raise cause
