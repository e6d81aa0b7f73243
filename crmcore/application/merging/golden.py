"""The golden record: what survives when records become one, and where each value came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from crmcore.application.adding import numbered
from crmcore.application.merging.candidates import candidates_of, chosen_fields
from crmcore.application.merging.choosing import KEPT, Choices, check_choices, with_former
from crmcore.application.session import Session
from crmcore.application.validating import check_facet, check_record
from crmcore.domain.copying import evolve
from crmcore.domain.errors import CrmError, InvalidRecord, MergeRefused
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field, Merge
from crmcore.domain.fold import fold
from crmcore.domain.merging.family import Family
from crmcore.domain.merging.identity import Group, PartRule, part_rules
from crmcore.domain.merging.survivorship import Claim, Trust, is_missing, later, surviving
from crmcore.domain.merging.uniting import Preference, united
from crmcore.domain.record import Record, RecordType

__all__ = ["Choices", "Golden", "Origin", "golden"]


@attrs.frozen
class Origin:
    """Where a surviving value came from: the record, since when it is known, which system said so, and by which rule it
    was chosen ("keep": by hand)."""

    record: UUID
    at: dt.datetime | None
    source: str | None
    rule: str = ""

    def plain(self) -> dict[str, str | None]:
        """As JSON can hold it."""
        at = self.at.isoformat() if self.at else None
        return {"from": str(self.record), "at": at, "source": self.source, "rule": self.rule}


@attrs.frozen
class Golden:
    """`after`: the survivor as it is to be; new parts have no number yet. `origins`: by field, where its value came
    from, if it has one; `preferred`: the same for what flat names show."""

    after: Record
    origins: Mapping[str, Origin]
    preferred: Mapping[str, Origin]

    def plain_origins(self) -> dict[str, dict[str, str | None]]:
        """The origins as JSON can hold them."""
        return {name: each.plain() for name, each in self.origins.items()}


def golden(unit: Session, type: RecordType, survivor: Record, others: Sequence[Record], choices: Choices) -> Golden:
    """What survives of these records, which are raw and have every facet; nothing is written.

    It follows from what each member of the family states, also of those merged before, so the order and grouping of
    merges does not count. What was chosen in those merges holds, unless `choices` say otherwise. `UnknownName` and
    `InvalidValue` for choices that cannot be; `MergeRefused` where the record type refuses what comes out.
    """
    found = candidates_of(unit, type, [survivor, *others])
    check_choices(unit, type, found.family, choices)
    merging = _Merging(unit, type, survivor, found.family, with_former(unit, type, choices, found))
    after = evolve(survivor, **merging.own(), **merging.parts(), facets=merging.facets())
    if type.options.complete is not None:
        after = type.options.complete(survivor, after)
    _check(unit, type, after)
    return Golden(after, merging.origins, merging.preferred)


class _Merging:
    """One golden record in the making."""

    def __init__(self, unit: Session, type: RecordType, survivor: Record, family: Family, choices: Choices) -> None:
        self._unit = unit
        self._type = type
        self._survivor = survivor
        self._family = family
        self._choices = choices
        self._trust = Trust(survivor.id, choices.sources)
        self.origins: dict[str, Origin] = {}
        self.preferred: dict[str, Origin] = {}

    def own(self) -> dict[str, Any]:
        """The values of the record's own fields."""
        return {f.name: self._value(f, f.name) for f in chosen_fields(self._type)}

    def _value(self, field: Field, name: str) -> Any:
        """The value of a field that survives; where there is none, the field's default."""
        rule = self._rule(field, name)
        claims = [each for each in self._family.claims(name) if self._is_outside(field, each.value)]
        if field.merge_with and name not in self._choices.rules and name not in self._choices.keep:
            claims = self._beside(field, claims)
        if rule in (KEPT, "pin"):
            held = self._as_it_stands(field, name, claims, self._choices.keep.get(name, self._survivor.id))
            best = held or surviving(field, "most_recent", claims, self._trust)
        else:
            best = surviving(field, rule, claims, self._trust)
        if best is None:
            return _empty(field)
        self.origins[name] = Origin(best.record, best.at, best.source, rule)
        return best.value

    def _beside(self, field: Field, claims: list[Claim]) -> list[Claim]:
        """Those claims that stand beside the value of the field that this one goes with: of records that state that one
        alike, or else what stands in the row that it came from. Names would be mixed otherwise."""
        leader = self.origins.get(field.merge_with)
        stated = self._family.claims(field.merge_with)
        if leader is None:
            return self._beside_nothing(field, claims, stated)
        standing = {_folded(each.value) for each in stated if each.record == leader.record}
        alike = {each.record for each in stated if _folded(each.value) in standing}
        if near := [each for each in claims if each.record in alike and not is_missing(each.value)]:
            return near
        held = self._as_it_stands(field, field.name, claims, leader.record)
        return [held] if held else []

    def _beside_nothing(self, field: Field, claims: list[Claim], stated: list[Claim]) -> list[Claim]:
        """All claims; but whoever emptied the other field after a merge has left this one as it stood."""
        parents = {each.joined.parent for each in self._family.members.values() if each.joined is not None}
        if not (emptied := [each for each in stated if each.record in parents]):
            return claims
        held = self._as_it_stands(field, field.name, claims, min(emptied, key=later).record)
        return [held] if held else []

    def _rule(self, field: Field, name: str) -> Any:
        return KEPT if name in self._choices.keep else self._choices.rules.get(name, field.merge)

    def _is_outside(self, field: Field, value: Any) -> bool:
        """Whether a value would not make the survivor refer to itself."""
        return field.kind != "reference" or value not in self._family.members

    def _as_it_stands(self, field: Field, name: str, claims: Iterable[Claim], id: UUID) -> Claim | None:
        """The value that a record's row has, whoever stated it."""
        record = self._family.members[id].record
        value = self._family.held(id, name)
        if is_missing(value) or not self._is_outside(field, value):
            return None
        stating = sorted((each for each in claims if each.value == value), key=later)
        own = next((each for each in stating if each.record == id), None)
        return own or next(iter(stating), Claim(value, id, record.changed_at, record.source))

    def parts(self) -> dict[str, tuple[Any, ...]]:
        """The parts of all, by attribute."""
        return {rule.part.attribute: self._parts(rule) for rule in part_rules(self._type)}

    def _parts(self, rule: PartRule) -> tuple[Any, ...]:
        preferences = {group: self._preference(rule, group) for group in self._groups(rule)}
        made = united(self._family, rule, preferences, self._trust)
        for group, claim in made.preferred.items():
            choice = preferences.get(group, Preference())
            origin = Origin(claim.record, claim.at, claim.source, KEPT if choice.keep else choice.rule)
            shown = next(p for p in made.parts if p.preferred and rule.group(rule.plain(p)) == group)
            views = (v for v in rule.views(group) if not v.many and getattr(shown, v.field) is not None)
            self.preferred.update({view.name: origin for view in views})
        return made.parts

    def _groups(self, rule: PartRule) -> set[Group]:
        stated = (each for found in self._family.parts(rule).values() for each in found)
        return {rule.group({f.name: each.part.values.get(f.name) for f in rule.choices}) for each in stated}

    def _preference(self, rule: PartRule, group: Group) -> Preference:
        names = [*(view.name for view in rule.views(group)), rule.part.name]
        rules, keep = self._choices.rules, self._choices.keep
        chosen: Merge = next((rules[name] for name in names if name in rules), "most_recent")
        return Preference(chosen, next((keep[name] for name in names if name in keep), None))

    def facets(self) -> dict[type[Facet], Facet | None]:
        """The facets that any of them has, by class; those that none has are None."""
        return {facet.cls: self._facet(facet) for facet in self._unit.catalogue.facets.get(self._type.name, ())}

    def _facet(self, facet: FacetType) -> Facet | None:
        """Field by field by their rules; where that cannot stand, whole as the record has it that knows the latest."""
        if not any(claim.value for claim in self._family.claims(facet.name)):
            return None
        held = self._survivor.facets.get(facet.cls)
        version = held.version if held is not None else 0
        before = dict(self.origins)
        try:
            return self._checked(facet, {f.name: self._value(f, facet.dotted(f)) for f in facet.fields}, version)
        except (CrmError, TypeError, ValueError):
            self.origins = before
            return self._whole(facet, version)

    def _checked(self, facet: FacetType, values: Mapping[str, Any], version: int) -> Facet:
        made = facet.cls(version=version, **values)
        check_facet(facet, self._unit.kernel.facet_shape(facet), made)
        return made

    def _whole(self, facet: FacetType, version: int) -> Facet:
        owners = [claim.record for claim in self._family.claims(facet.name) if claim.value]
        facts = {id: list(self._facts(facet, id)) for id in owners}
        latest = {id: min(claims, key=later) for id, claims in facts.items() if claims}
        id = min(latest, key=lambda each: later(latest[each])) if latest else min(owners)
        for claim, name in ((c, n) for n in map(facet.dotted, facet.fields) for c in self._family.claims(n)):
            if claim.record == id and not is_missing(claim.value):
                self.origins[name] = Origin(id, claim.at, claim.source, "most_recent")
        stated = self._family.members[id].facts
        values = {f.name: _or_empty(f, stated.get(facet.dotted(f))) for f in facet.fields}
        return facet.cls(version=version, **values)

    def _facts(self, facet: FacetType, id: UUID) -> Iterator[Claim]:
        for field in facet.fields:
            yield from (c for c in self._family.claims(facet.dotted(field)) if c.record == id)


def _empty(field: Field) -> Any:
    return frozenset() if field.kind == "choices" and field.default is None else field.default


def _or_empty(field: Field, fact: Any) -> Any:
    return fact.value if fact is not None and fact.value is not None else _empty(field)


def _check(unit: Session, type: RecordType, after: Record) -> None:
    plan = unit.kernel.plan(type)
    parts = {p.attribute: numbered(p, held) for p in plan.parts if (held := getattr(after, p.attribute))}
    try:
        check_record(plan, evolve(after, **parts))
    except InvalidRecord as error:
        reasons = [f"{name}: {problem}" for name, problem in error.problems.items()]
        raise MergeRefused(
            f"what would come of merging into {type.name} {after.id} is refused: {'; '.join(reasons)}; choose other "
            "values by hand, or mend the records first",
            reasons=reasons,
            problems=error.problems,
        ) from None


def _folded(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value
