"""Uniting: the parts of several records as those of one. Nothing is lost; what is one part becomes one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field, Merge
from crmcore.domain.merging.family import Family, Nominee, PartKey, Stated
from crmcore.domain.merging.identity import PREFERRED, Group, PartRule
from crmcore.domain.merging.own_log import fact_date
from crmcore.domain.merging.survivorship import Claim, Trust, surviving

__all__ = ["Preference", "keys_of", "united"]


@attrs.frozen
class Preference:
    """How the preferred part of a group is found: by a rule, or (`keep`) as that of one record."""

    rule: Merge = "most_recent"
    keep: UUID | None = None


@attrs.frozen
class United:
    """The parts of one attribute: the survivor's own first. `preferred`: by group, the claim that was chosen."""

    parts: tuple[Any, ...]
    preferred: Mapping[Group, Claim]


def united(family: Family, rule: PartRule, preferences: Mapping[Group, Preference], trust: Trust) -> United:
    """The parts of all members; those that the survivor's row has keep their numbers, others are new.

    A reference to a member is left out; a part that cannot be without it is as well.
    """
    stated = family.parts(rule)
    survivor = family.members[trust.survivor].record
    numbers = {key: part.no for key, part in keys_of(rule, getattr(survivor, rule.part.attribute)).items()}
    made = {key: part for key, each in stated.items() if (part := _made(family, rule, each, trust)) is not None}
    chosen: dict[Group, Claim] = {}
    if rule.has_preferred:
        groups: dict[Group, list[PartKey]] = {}
        for key, part in made.items():
            groups.setdefault(rule.group(rule.plain(part)), []).append(key)
        for group, keys in groups.items():
            choice = preferences.get(group, Preference())
            chosen[group] = claim = _preferred(family, rule, group, keys, made, choice, trust)
            for key in keys:
                made[key] = evolve(made[key], preferred=key == claim.alike)
    order = {key: _order(numbers.get(key, 0), stated[key]) for key in made}
    parts = tuple(evolve(made[key], no=numbers.get(key, 0)) for key in sorted(made, key=order.__getitem__))
    return United(parts, chosen)


def keys_of(rule: PartRule, held: Sequence[Any]) -> dict[PartKey, Any]:
    """The parts of one record by what tells them apart."""
    found: dict[PartKey, Any] = {}
    for part in sorted(held, key=lambda each: each.no):
        identity, nth = rule.identity(rule.plain(part)), 0
        while PartKey(identity, nth) in found:
            nth += 1
        found[PartKey(identity, nth)] = part
    return found


def _order(no: int, stated: Sequence[Stated]) -> tuple[Any, ...]:
    """The survivor's by their numbers, then those of others, the older records first."""
    first = min(stated, key=lambda each: each.record)
    return (not no, no, first.record.hex, first.place)


def _made(family: Family, rule: PartRule, stated: Sequence[Stated], trust: Trust) -> Any:
    """One part made of those that are one, each of its fields by its rule; None for one that would refer to itself."""
    values = {}
    for field in rule.part.fields:
        claims = [_claim(field, each) for each in stated]
        if field.kind == "reference":
            claims = [each for each in claims if each.value not in family.members]
        best = surviving(field, field.merge, claims, trust)
        if best is not None:
            values[field.name] = best.value
        elif field.required:
            return None
    return rule.part.cls(**values)


def _claim(field: Field, stated: Stated) -> Claim:
    part = stated.part
    verified = part.values.get("verified_at")
    known = verified if isinstance(verified, dt.datetime) else None
    return Claim(part.values.get(field.name), stated.record, part.at, part.source, known, stated.votes)


def _preferred(
    family: Family,
    rule: PartRule,
    group: Group,
    keys: Sequence[PartKey],
    made: Mapping[PartKey, Any],
    choice: Preference,
    trust: Trust,
) -> Claim:
    """The claim of the record whose part is the preferred one of its group."""
    if choice.keep is not None:
        held = _fitting(rule, family.members[choice.keep].record, group, keys)
        if held is not None:
            return _as_claim(rule, group, Nominee(held, choice.keep, None, None), made)
        raise InvalidValue(f"{choice.keep} has no {rule.part.name} that could be kept", keep=str(choice.keep))
    nominees = [each for each in family.nominees(rule, group) if each.key in made]
    claims = [_as_claim(rule, group, each, made) for each in nominees]
    if choice.rule == "pin":
        held = _fitting(rule, family.members[trust.survivor].record, group, keys)
        pinned = Nominee(held, trust.survivor, None, None) if held is not None else None
        claims = [_as_claim(rule, group, pinned, made)] if pinned else claims
    field = Field(kind="text")
    best = surviving(field, choice.rule, claims, trust)
    return best if best is not None else _as_claim(rule, group, Nominee(keys[0], trust.survivor, None, None), made)


def _fitting(rule: PartRule, record: Any, group: Group, keys: Sequence[PartKey]) -> PartKey | None:
    """The preferred part of a group that a record's row has, or else its first."""
    held = keys_of(rule, getattr(record, rule.part.attribute))
    fitting = [(not getattr(part, PREFERRED), part.no, key) for key, part in held.items() if key in keys]
    return min(fitting, key=lambda each: each[:2])[2] if fitting else None


def _as_claim(rule: PartRule, group: Group, nominee: Nominee, made: Mapping[PartKey, Any]) -> Claim:
    """What is compared is what flat names show of the part: a text, or several as a unit."""
    part = made[nominee.key]
    shown = [getattr(part, view.field) for view in rule.views(group)] or list(rule.part.values(part))
    texts = tuple(str(each) for each in shown if each is not None)
    verified = getattr(part, "verified_at", None)
    at = nominee.at or fact_date({f.name: getattr(part, f.name) for f in rule.part.fields}, None)
    value = texts[0] if len(shown) == 1 and texts else texts
    return Claim(value, nominee.record, at, nominee.source, verified, nominee.votes, nominee.key)
