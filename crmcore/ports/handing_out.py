"""What is handed out to a person about themselves, as a document in sections: between the use case and what writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import attrs

from crmcore.domain.record import RecordType

Plain = Mapping[str, Any]
"""Values as JSON can hold them, by name; what is missing is left out."""


@attrs.frozen(eq=False)
class Section:
    """One piece of the document, at `path` (`("records", "interaction")`): `rows` one by one, to be read once and in
    order, or else a plain `value`. `type` is what rows are records of, where they are."""

    path: tuple[str, ...]
    rows: Iterator[Plain] | None = None
    value: Any = None
    type: RecordType | None = None


class HandedOut(Protocol):
    """All that is kept about one person, as long as its unit of work is open."""

    def language(self) -> str:
        """The person's language, as the record says; empty if it does not."""

    def contents(self) -> Mapping[str, int]:
        """The record types of which there is something, in the order of the sections, with how many records."""

    def sections(self) -> Iterator[Section]:
        """The whole document, piece by piece."""
