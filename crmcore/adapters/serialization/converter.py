"""The codec: one strict cattrs converter per catalogue, made of its declarations type by type, at first use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cattrs import Converter

from crmcore.adapters.serialization.shapes import Shape, facet_shape, record_shape
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidRecord, UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.reading import shorten
from crmcore.domain.record import Record, RecordType


class RecordCodec:
    """Implements `ports.codec.Codec`, where each method is described."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._converter = Converter(forbid_extra_keys=True, detailed_validation=True)
        self._records: dict[type[Record], Shape] = {}
        self._facets: dict[type[Facet], Shape] = {}

    def dump(self, record: Record) -> dict[str, Any]:
        """The record in plain form."""
        type = self._catalogue.of(record.__class__)
        plain = self._record(type).dump(record)
        for cls, value in record.facets.items():
            facet = self._catalogue.facet_of(cls, type)
            if value is not None:
                plain.update(self._facet(facet).dump(value))
        return plain

    def load(self, type: RecordType, plain: Mapping[str, Any]) -> Record:
        """The record of a plain form."""
        if not isinstance(plain, Mapping):
            raise InvalidRecord(type.name, {"": f"expected an object, got {shorten(plain)}"})
        own, dotted, problems = self._sorted_out(type, plain)
        facets: dict[Any, Facet] = {}
        for facet, values in dotted.items():
            try:
                facets[facet.cls] = self._facet(facet).load(values)
            except InvalidRecord as error:
                problems.update({_dotted(facet, name): problem for name, problem in error.problems.items()})
        try:
            record: Record = self._record(type).load({**own, "facets": facets})
        except InvalidRecord as error:
            problems.update(error.problems)
        if problems:
            raise InvalidRecord(type.name, problems)
        return record

    def _sorted_out(
        self, type: RecordType, plain: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[FacetType, dict[str, Any]], dict[str, str]]:
        """The record's own values, those of each facet, and the problems with keys that are neither."""
        own: dict[str, Any] = {}
        dotted: dict[FacetType, dict[str, Any]] = {}
        problems: dict[str, str] = {}
        for key, value in plain.items():
            name = str(key)
            prefix, dot, _ = name.partition(".")
            facet = self._catalogue.facet(type, prefix) if dot else None
            if facet is not None:
                dotted.setdefault(facet, {})[name] = value
            elif dot or name == "facets":
                known = (f.name for f in self._catalogue.facets.get(type.name, ()))
                problems[name] = UnknownName("facet", prefix, known, type.name).message
            else:
                own[name] = value
        return own, dotted, problems

    def _record(self, type: RecordType) -> Shape:
        shape = self._records.get(type.cls)
        if shape is None:
            shape = self._records[type.cls] = record_shape(self._converter, type)
        return shape

    def _facet(self, facet: FacetType) -> Shape:
        shape = self._facets.get(facet.cls)
        if shape is None:
            shape = self._facets[facet.cls] = facet_shape(self._converter, facet)
        return shape


def _dotted(facet: FacetType, name: str) -> str:
    """cattrs names the attribute, or the unknown key as it stands."""
    return name if "." in name else f"{facet.name}.{name}"
