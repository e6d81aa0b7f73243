"""From flat values to records and back: an e-mail address in a row becomes a contact point, a city part of the address.

Values are typed and stand under the names of `domain.columns`. What is missing is None or not there; a name that
stands for many, or that is given several values, has a tuple.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.domain.columns import REQUIRED, Columns
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import FacetType
from crmcore.domain.part import Part
from crmcore.domain.record import Record

Values = Mapping[str, Any]


def build(columns: Columns, values: Values, *more: Values) -> Record:
    """A new record from one row and, for types whose parts stand one a row, from further rows of the same record.

    Of the further rows only the parts count (`disagreements` tells what else differs). A facet or part is made only
    if a value of it is given. Raises `UnknownName`, and `InvalidRecord` with everything required that is missing.
    """
    own, grouped = sorted_out(columns, values)
    lacking = dict.fromkeys(missing(columns, {n for n, v in values.items() if v is not None}), REQUIRED)
    parts: dict[str, tuple[Part, ...]] = {}
    facets = {}
    for group, given in grouped.items():
        if isinstance(group.holder, FacetType):
            facets[group.holder.cls] = group.holder.cls(**given) if not lacking else None
        elif not lacking:
            attribute = group.holder.attribute
            parts[attribute] = (*own.get(attribute, ()), *parts.get(attribute, ()), *made(group, given))
    if lacking:
        raise InvalidRecord(columns.type.name, lacking)
    return columns.type.cls(**{**own, **parts}, facets=facets)
