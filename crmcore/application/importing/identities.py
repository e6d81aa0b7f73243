"""What makes a row known: by tokens that stand for a record, equal for every row that means the same one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from crmcore.application.importing.lookup import Lookup
from crmcore.domain.bound import Bound, Test, ToFacet, Via
from crmcore.domain.columns import Column
from crmcore.domain.facet import FacetType
from crmcore.domain.fold import fold
from crmcore.domain.matching import search_key

Values = Mapping[str, Any]
Token = Hashable


class Identity(Protocol):
    """One way to know a record."""

    def tokens(self, values: Values) -> Sequence[Token]:
        """What a row gives of it; nothing if the row says nothing to it."""

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """The stored records by token."""


@attrs.frozen
class ById:
    """The record's own id, as an export has it."""

    lookup: Lookup

    def tokens(self, values: Values) -> Sequence[Token]:
        """The id."""
        return [values["id"]] if "id" in values else []

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By id."""
        return self.lookup.surviving({id: [record] for id, record in self.lookup.by_id(tokens).items()})


@attrs.frozen
class ByExternalId:
    """The number in the system of origin, which is the row's own or that of the whole import."""

    lookup: Lookup
    origin: str | None

    def tokens(self, values: Values) -> Sequence[Token]:
        """Source and external id."""
        known_as = values.get("external_id")
        return [(values.get("source", self.origin), known_as)] if known_as else []

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By external id, a query for each system of origin."""
        by_source: dict[str | None, list[str]] = {}
        for source, text in tokens:
            by_source.setdefault(source, []).append(text)
        return {
            (source, text): records
            for source, texts in by_source.items()
            for text, records in self.lookup.by_external_id(texts, source).items()
        }


@attrs.frozen
class ByKey:
    """A match key: of an e-mail address, a phone number or a code, however it is written."""

    lookup: Lookup
    name: str
    kind: str

    def tokens(self, values: Values) -> Sequence[Token]:
        """The keys of the value, or of each of several."""
        return [(self.kind, key) for key in _keys(self.kind, values.get(self.name))]

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By match key."""
        return self.lookup.by_key(tokens)


@attrs.frozen
class Named:
    """A name as given, equal to every other that folds alike."""

    folded: str
    text: str = attrs.field(eq=False)


@attrs.frozen
class ByName:
    """The name, compared by its fold."""

    lookup: Lookup
    name: str

    def tokens(self, values: Values) -> Sequence[Token]:
        """The folded name."""
        name = values.get(self.name)
        return [Named(folded, name)] if name and (folded := fold(name)) else []

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By name; other names of a record do not count."""
        found = self.lookup.by_name([each.text for each in tokens])
        own = self.lookup.folded_name
        kept = {each: [r for r in found.get(each.text, ()) if own(r) == each.folded] for each in tokens}
        return {each: records for each, records in kept.items() if records}


@attrs.frozen
class ByContact:
    """An e-mail address or phone number together with the folded name; no name is a name as well."""

    lookup: Lookup
    name: str
    names: tuple[tuple[str, str], ...]

    def tokens(self, values: Values) -> Sequence[Token]:
        """Each address and number with the name."""
        keys = [(kind, key) for name, kind in self.names for key in _keys(kind, values.get(name))]
        folded = fold(values.get(self.name) or "") if keys else ""
        return [(kind, key, folded) for kind, key in keys]

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By contact point and name."""
        return self.lookup.by_contact(tokens)


@attrs.frozen
class ByValue:
    """The exact value of a unique field, of the record or of a facet."""

    lookup: Lookup
    column: Column

    def tokens(self, values: Values) -> Sequence[Token]:
        """The value."""
        value = values.get(self.column.name)
        return [] if value is None else [value]

    def records(self, tokens: Collection[Any]) -> Mapping[Any, list[Any]]:
        """By value."""
        field, group = self.column.field, self.column.group
        facet = group.holder if group is not None and isinstance(group.holder, FacetType) else None
        test: Bound = Test(field, "in", tuple(tokens))
        found: dict[Any, list[Any]] = {}
        for record in self.lookup.select(Via(ToFacet(facet), test) if facet else test):
            holder = record.facets.get(facet.cls) if facet else record
            if holder is not None:
                found.setdefault(getattr(holder, field.name), []).append(record)
        return found


def _keys(kind: str, value: Any) -> list[str]:
    texts = (value,) if isinstance(value, str) else value or ()
    return [key for text in texts if (key := search_key(kind, text))]
