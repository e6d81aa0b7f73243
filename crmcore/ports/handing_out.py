"""What is handed out to a person about themselves, as a document in sections: between the use case and what writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import attrs

Plain = Mapping[str, Any]
"""Values as JSON can hold them, by name; what is missing is left out."""


Label = Mapping[str, str]
"""What people call something, by language."""


@attrs.frozen(eq=False)
class Section:
    """One piece of the document, at `path` (`("records", "interaction")`): `rows` one by one, to be read once and in
    order, or else a plain `value`. `label` is what people call it, `labels` what they call the names in its rows
    (`email`, `loyalty.tier`, `addresses.city`), where somebody declared that."""

    path: tuple[str, ...]
    rows: Iterator[Plain] | None = None
    value: Any = None
    label: Label = attrs.field(factory=dict)
    labels: Mapping[str, Label] = attrs.field(factory=dict)


class HandedOut(Protocol):
    """All that is kept about one person, as long as its unit of work is open."""

    def title(self) -> str:
        """What the person is called."""

    def language(self) -> str:
        """The person's language, as the record says; empty if it does not."""

    def contents(self) -> Mapping[tuple[str, ...], tuple[Label, int]]:
        """The sections with records of which there are any, by path, in order: what each is called, and how many
        records it has."""

    def sections(self) -> Iterator[Section]:
        """The whole document, piece by piece."""
