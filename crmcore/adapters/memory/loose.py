"""JSON in rows: what was written, and what is read, is a copy, as it is with a database."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final, TypeVar

from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType

Row = TypeVar("Row")
EMPTY: Final = (None, ())


def loose(type: RecordType | FacetType) -> tuple[str, ...]:
    """The attributes of its rows that hold JSON, or parts with JSON."""
    parts = type.parts if isinstance(type, RecordType) else ()
    return (*_json(type.fields), *(part.attribute for part in parts if _json(part.fields)))


def _json(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields if field.kind == "json"]


def apart(row: Row, names: Iterable[str]) -> Row:
    """The row with copies of what these attributes hold; the row itself if there is nothing in them."""
    held: dict[str, Any] = {name: deepcopy(value) for name in names if (value := getattr(row, name)) not in EMPTY}
    return evolve(row, **held) if held else row


def apart_facet(row: Facet | None, facet: FacetType) -> Facet | None:
    """The same for a facet, if there is one."""
    return None if row is None else apart(row, loose(facet))
