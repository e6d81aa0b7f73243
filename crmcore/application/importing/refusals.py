"""What refuses a record, as the refusal of its row."""

from __future__ import annotations

import re
from typing import Final

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.entries import Entry
from crmcore.application.importing.report import Refusal
from crmcore.domain.errors import (
    CrmError,
    DanglingReference,
    Denied,
    DuplicateValue,
    IllegalTransition,
    InvalidRecord,
    InvalidValue,
    NotFound,
    StillReferenced,
    UnknownName,
)

ROW_ERRORS: Final = (
    InvalidRecord,
    InvalidValue,
    DuplicateValue,
    DanglingReference,
    IllegalTransition,
    Denied,
    NotFound,
    StillReferenced,
    UnknownName,
)
"""What is the row's fault; everything else ends the import."""

_IN_PART: Final = re.compile(r"(?P<part>\w+)\[(?P<at>\d+)\]\.(?P<field>\w+)")


def refusal(binding: Binding, entry: Entry, error: CrmError) -> Refusal:
    """Why the storage, a policy or the declaration refuses an entry, by column where one is at fault."""
    if isinstance(error, InvalidRecord) and error.problems:
        (name, reason), *others = error.problems.items()
        field = _field(binding, name)
        listed = "".join(f"; also {binding.header(_field(binding, n))}: {why}" for n, why in others)
        return Refusal(binding.header(field), _value(binding, entry, field), reason + listed)
    named = error.details.get("field")
    field = _field(binding, str(named)) if named else ""
    if not field:
        return Refusal(None, "", error.message)
    return Refusal(binding.header(field), _value(binding, entry, field), error.message)


def _field(binding: Binding, name: str) -> str:
    """The column behind the name of a problem: of a part's field, the name that the part's fields have in rows."""
    found = _IN_PART.fullmatch(name)
    if found is None:
        return name
    inside = (c for c in binding.columns if c.group is not None and c.group.holder.name == found["part"])
    return next((column.name for column in inside if column.field.name == found["field"]), name)


def _value(binding: Binding, entry: Entry, field: str) -> object:
    return entry.rows[0].raw.values.get(binding.header(field), "")
