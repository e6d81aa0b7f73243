"""The descriptions of fields that were added at run time, as the database keeps them, and the catalogue with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, get_args

import attrs

from crmcore.domain.catalogue import CUSTOM, Catalogue, extended
from crmcore.domain.describing import facet_class, field_from_plain, field_to_plain
from crmcore.domain.errors import CrmError, SchemaMismatch
from crmcore.domain.field import Field
from crmcore.ports.stamp import CUSTOM_FIELDS

State = Literal["live", "removed", "coming"]
STATES: Final[tuple[State, ...]] = get_args(State)


@attrs.frozen
class Kept:
    """A field of a record type of which the database has, or may have, a column. `removed`: it is in no catalogue, but
    its values are kept; `coming`: its column was being made when something went wrong."""

    record: str
    field: Field
    state: State = "live"

    @property
    def name(self) -> str:
        """The name by which everybody but the database knows the field."""
        return f"{CUSTOM}.{self.field.name}"


def read(text: str | None) -> tuple[Kept, ...]:
    """The fields that a text describes, in order; `SchemaMismatch` for a text that cannot be read here."""
    try:
        return tuple(map(_read, json.loads(text))) if text else ()
    except (AttributeError, CrmError, KeyError, TypeError, ValueError) as error:
        raise SchemaMismatch(
            f"the setting {CUSTOM_FIELDS!r} of this database cannot be read ({error}): a newer crmcore may have "
            "written it, so run that one"
        ) from error


def _read(plain: Mapping[str, Any]) -> Kept:
    if plain["state"] not in STATES:
        raise ValueError(f"{plain['state']!r} is no state of a field")
    return Kept(plain["record"], field_from_plain(plain["field"]), plain["state"])


def written(kept: Iterable[Kept]) -> str:
    """The text that describes these fields."""
    plain = [{"record": k.record, "field": field_to_plain(k.field), "state": k.state} for k in kept]
    return json.dumps(plain, ensure_ascii=False)


def with_custom(declared: Catalogue, kept: Iterable[Kept], *states: State) -> Catalogue:
    """The catalogue with these fields, as far as they are in one of these states and all that they name is there."""
    found: dict[str, list[Field]] = {}
    for each in kept:
        known = each.field.kind != "reference" or each.field.target in declared.records
        if each.record in declared.records and known and each.state in states:
            found.setdefault(each.record, []).append(each.field)
    if not found:
        return declared
    return extended(declared, [(CUSTOM, facet_class(record, fields)) for record, fields in found.items()])
