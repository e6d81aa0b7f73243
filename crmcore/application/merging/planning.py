"""What a merge will write, worked out before anything is: the survivor as it would be, and what follows or stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args
from uuid import UUID

import attrs

from crmcore.application import journal, ruling
from crmcore.application.adding import numbered
from crmcore.application.merging import refusals
from crmcore.application.merging.following import References, references
from crmcore.application.merging.golden import Choices, Golden, golden
from crmcore.application.merging.members import Members
from crmcore.application.merging.staying import staying
from crmcore.application.session import Session
from crmcore.application.validating import check_facet, check_record
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError, InvalidRecord, MergeRefused, UnknownName
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Merge as Rule
from crmcore.domain.merging.outcome import Stay

RULES: Final = frozenset(get_args(Rule))


@attrs.frozen(eq=False)
class Planned:
    """A merge to be: the survivor `after` it, the changes as policies and guards see them (the survivor's first), which
    facets leave which of the others, what stays, and every reason against it."""

    family: Members
    golden: Golden | None
    changes: tuple[Change, ...]
    leaving: tuple[tuple[Customer, FacetType], ...]
    references: References
    stays: tuple[Stay, ...]
    reasons: tuple[str, ...]

    @property
    def after(self) -> Any:
        """The survivor as it would be."""
        return self.changes[0].after


def planned(unit: Session, family: Members, choices: Choices, *, overrule: bool) -> Planned:
    """The merge of this family. Raises UnknownName and InvalidValue for choices that mean nothing here."""
    _check_choices(unit, family, choices)
    reasons = refusals.reasons(unit, family, overrule=overrule)
    found, after = None, None
    try:
        found = golden(unit, family.type, family.survivor, family.others, choices)
        after = _settled(unit, family, found.after)
    except (MergeRefused, InvalidRecord) as error:
        reasons += _told(error)
    held = references(unit.catalogue)
    stays = staying(unit, family, held)
    leaving = () if after is None else tuple(_leaving(unit, family, after))
    changes = () if after is None else tuple(_changes(unit, family, after, leaving))
    return Planned(family, found, changes, leaving, held, tuple(stays), tuple(reasons))


def _check_choices(unit: Session, family: Members, choices: Choices) -> None:
    """`UnknownName` for what the actor may not see, or that has no such rule."""
    hidden, parts = unit.rule(family.type).hidden, family.type.parts
    visible = {*unit.binder().visible_names(family.type), *(p.name for p in parts if p.name not in hidden)}
    for name in (*choices.rules, *choices.keep):
        if name not in visible:
            raise UnknownName("field", name, visible, family.type.name)
    for rule in choices.rules.values():
        if rule not in RULES:
            raise UnknownName("rule", str(rule), RULES)


def _told(error: CrmError) -> list[str]:
    listed = error.details.get("reasons")
    if isinstance(listed, list):
        return [str(each) for each in listed]
    if isinstance(error, InvalidRecord):
        return [f"{name}: {problem}" for name, problem in error.problems.items()]
    return [error.message]


def _settled(unit: Session, family: Members, after: Any) -> Any:
    """The survivor with its parts numbered and its facets' versions, checked as any write is."""
    plan = unit.kernel.plan(family.type)
    parts = {p.attribute: numbered(p, getattr(after, p.attribute)) for p in plan.parts if getattr(after, p.attribute)}
    facets = {cls: _counted(family.survivor.facets.get(cls), facet) for cls, facet in after.facets.items()}
    given = evolve(after, **parts, facets=facets)
    is_fixed = after.merged_into is not None or after.erased_at is not None  # which is told as a reason already
    [settled] = [given] if is_fixed else ruling.prepared(unit, family.type, [(family.survivor, given)])
    check_record(plan, settled)
    for cls, facet in facets.items():
        if facet is not None:
            declared = unit.catalogue.facet_of(cls, family.type)
            check_facet(declared, unit.kernel.facet_shape(declared), facet)
    return evolve(settled, version=family.survivor.version + 1, facets=facets)


def _counted(before: Facet | None, after: Facet | None) -> Facet | None:
    """The facet with its next version, unless it stays as it is."""
    if after is None or before is None:
        return after if after is None else evolve(after, version=1)
    same = evolve(after, version=before.version)
    return before if same == before else evolve(after, version=before.version + 1)


def _leaving(unit: Session, family: Members, after: Any) -> Iterator[tuple[Customer, FacetType]]:
    """The facets of the others of which the survivor gets a unique value: two cannot have it."""
    for declared in unit.catalogue.facets.get(family.type.name, ()):
        unique = [f.name for f in declared.fields if f.unique]
        taken = {name: getattr(after.facets.get(declared.cls), name, None) for name in unique}
        for each in family.others:
            held = each.facets.get(declared.cls)
            if held is not None and any(v is not None and getattr(held, n) == v for n, v in taken.items()):
                yield each, declared


def _changes(
    unit: Session, family: Members, after: Any, leaving: tuple[tuple[Customer, FacetType], ...]
) -> Iterator[Change]:
    diff = difference(unit, family.type.name, family.survivor, after)
    yield Change(family.type, after.id, "merge", family.survivor, after, frozenset(diff))
    gone: dict[UUID, dict[Any, None]] = {}
    for each, declared in leaving:
        gone.setdefault(each.id, {})[declared.cls] = None
    for each in family.others:
        facets = {**each.facets, **gone.get(each.id, {})}
        merged = evolve(each, version=each.version + 1, merged_into=after.id, facets=facets)
        fields = difference(unit, family.type.name, each, merged)
        yield Change(family.type, each.id, "merge", each, merged, frozenset(fields))


def difference(unit: Session, type: str, before: Any, after: Any) -> journal.Diff:
    """Field by field [before, after], facets dotted; a facet that was changed stands under its name with its versions,
    which a merge that is undone gives back."""
    declared = unit.catalogue.record(type)
    plan = unit.kernel.plan(declared)
    diff = journal.difference(journal.plain_record(plan, before), journal.plain_record(plan, after))
    for facet in unit.catalogue.facets.get(type, ()):
        sides = [each.facets.get(facet.cls) for each in (before, after)]
        if sides[0] != sides[1]:
            shape = unit.kernel.facet_shape(facet)
            inner = [dict(journal.plain_facet(facet, shape, side)) for side in sides]
            diff[facet.name] = [side.version if side else None for side in sides]
            diff |= {n: pair for n, pair in journal.difference(*inner).items() if n != facet.name}
    return diff


def logged(unit: Session, change: Change) -> Mapping[str, list[Any]]:
    """What the log says of one of a merge's changes."""
    return difference(unit, change.type.name, change.before, change.after)
