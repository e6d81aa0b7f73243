"""What a merge would do, before anybody does it: nothing is written and nothing held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from crmcore.application import journal, reading
from crmcore.application.hooks.merging import vetoes_of
from crmcore.application.merging.following import counted
from crmcore.application.merging.golden import Choices
from crmcore.application.merging.members import members
from crmcore.application.merging.merging import seen
from crmcore.application.merging.planning import Planned, planned
from crmcore.application.merging.staying import by_holder
from crmcore.application.session import Session
from crmcore.domain.errors import Denied
from crmcore.domain.merging.outcome import Preview, Surviving
from crmcore.domain.record import MERGING

UNION: Final = "union"


def preview(
    unit: Session, survivor: UUID, others: Sequence[UUID], choices: Choices, *, overrule: bool = False
) -> Preview:
    """What would survive, follow and stay, and everything for which the merge would be refused.

    Raises MergeRefused where there is nothing to show (a record with itself), NotFound, UnknownName, InvalidValue.
    """
    family = members(unit, survivor, others, hold=False)
    plan = planned(unit, family, choices, overrule=overrule)
    return Preview(
        survivor,
        tuple(others),
        tuple(_surviving(unit, plan)),
        _moves(unit, plan),
        tuple(seen(unit, plan.stays)),
        (*plan.reasons, *_refusals(unit, plan)),
    )


def _refusals(unit: Session, plan: Planned) -> Iterator[str]:
    """What the policy and the guards of plugins have against it."""
    if not plan.changes:
        return
    try:
        unit.kernel.policy.write(unit.actor, plan.changes)
    except Denied as error:
        yield error.message
    for plugin, reason in vetoes_of(unit, plan.changes[0], plan.family.others):
        yield f"refused by plugin {plugin!r}: {reason}"


def _surviving(unit: Session, plan: Planned) -> Iterator[Surviving]:
    """Every field that has a value before or after; without what the actor may not see."""
    if not plan.changes or plan.golden is None:
        return
    for each in plan.family.everybody:
        reading.blanked(unit, plan.family.type, each)  # what survives is shown: it is read of each of them
    before, after = (_plain(unit, plan, record) for record in (plan.family.survivor, plan.after))
    for name in dict.fromkeys([*before, *after]):
        origin = plan.golden.origins.get(name)
        known = before.get(name) != after.get(name) or origin is not None
        rule = origin.rule if origin else UNION
        if known or name in _attributes(plan):
            yield Surviving(name, before.get(name), after.get(name), origin.record if origin else None, rule)


def _attributes(plan: Planned) -> set[str]:
    return {part.attribute for part in plan.family.type.parts}


def _plain(unit: Session, plan: Planned, record: Any) -> dict[str, Any]:
    type = plan.family.type
    shown = reading.hide(unit, type, record)
    plain = journal.plain_record(unit.kernel.plan(type), shown)
    for facet in unit.catalogue.facets.get(type.name, ()):
        inner = journal.plain_facet(facet, unit.kernel.facet_shape(facet), shown.facets.get(facet.cls))
        plain |= {name: value for name, value in inner.items() if name != facet.name}
    return plain


def _moves(unit: Session, plan: Planned) -> dict[str, int]:
    """By record type, how many references would follow that the actor may see."""
    staying, family = by_holder(plan.stays), plan.family
    found: dict[str, int] = {}
    for holder, held in plan.references.items():
        stays = [*staying.get(holder.name, []), *(family.ids if holder.name == MERGING else ())]
        count = sum(counted(unit, family.type, each, family.losers, stays) for each in held)
        if count:
            found[holder.name] = count
    return found
