"""What a person decides about a merge, and what was decided in merges before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.merging.candidates import Candidates, chosen_fields
from crmcore.application.session import Session
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.field import Merge
from crmcore.domain.merging.family import Family
from crmcore.domain.merging.identity import part_rules
from crmcore.domain.merging.survivorship import RULES, check_rule
from crmcore.domain.record import RecordType

KEPT: Final = "keep"
"""Stands in place of a rule where somebody chose by hand."""


@attrs.frozen
class Choices:
    """What a person decides about a merge. `rules`: another rule for a field (facets dotted) or for what a flat name
    shows (email, phone, city; address: the part); `keep`: the record whose value is to stand; `sources`: systems, most
    trusted first."""

    rules: Mapping[str, Merge] = attrs.field(factory=dict)
    keep: Mapping[str, UUID] = attrs.field(factory=dict)
    sources: tuple[str, ...] = ()


def check_choices(unit: Session, type: RecordType, family: Family, choices: Choices) -> None:
    """`UnknownName` for what cannot be chosen; `InvalidValue` for what is no rule, or a record that takes no part."""
    known = set(_choosable(unit, type))
    for name in (*choices.rules, *choices.keep):
        if name not in known:
            raise UnknownName("field", name, known, type.name)
    for name, rule in choices.rules.items():
        check_rule(name, rule)
    for name, id in choices.keep.items():
        if id not in family.members:
            raise InvalidValue(f"{name} is to be kept of {id}, which is none of those merged", field=name, id=str(id))


def with_former(unit: Session, type: RecordType, choices: Choices, found: Candidates) -> Choices:
    """These choices, and those of earlier merges about which they say nothing."""
    known = set(_choosable(unit, type))
    former: dict[str, Any] = {name: rule for name, rule in found.rules.items() if name in known and rule in RULES}
    return attrs.evolve(choices, rules={**former, **choices.rules}, sources=choices.sources or found.sources)


def _choosable(unit: Session, type: RecordType) -> Iterator[str]:
    """The names for which another rule can be given, or a record whose value is to stand."""
    yield from (f.name for f in chosen_fields(type))
    yield from (facet.dotted(f) for facet in unit.catalogue.facets.get(type.name, ()) for f in facet.fields)
    for rule in part_rules(type):
        if rule.has_preferred:
            yield rule.part.name
            yield from (view.name for view in rule.flats if not view.many)
