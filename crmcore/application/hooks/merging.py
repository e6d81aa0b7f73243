"""Guards of merges: asked before customers become one. One veto, or one guard that fails, and they stay apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from crmcore.application.hooks import batch, guarding
from crmcore.application.hooks.lending import lend
from crmcore.application.kernel import Plan
from crmcore.application.session import Session
from crmcore.domain.change import Change
from crmcore.domain.customer import Customer
from crmcore.plugins.contexts import Merging, Veto
from crmcore.plugins.dispatch import Call

HOOK: Final = "check_merges"


def check_merge(unit: Session, change: Change, others: Sequence[Customer]) -> None:
    """Ask all guards about the merge of `others` into the survivor, whose `change` has the operation "merge".

    Raises Vetoed for the first veto, PluginFailed for a guard that fails; the unit of work only rolls back then.
    """
    unit.check_writable()
    with unit.whole():
        for call, veto in list(_vetoes(unit, change, others)):
            raise guarding.vetoed(call, veto)


def vetoes_of(unit: Session, change: Change, others: Sequence[Customer]) -> list[tuple[str, str]]:
    """What guards have against a merge that nobody is about to do yet, as (plugin, reason); PluginFailed for one that
    fails."""
    return [(call.plugin, veto.reason) for call, veto in _vetoes(unit, change, others)]


def _vetoes(unit: Session, change: Change, others: Sequence[Customer]) -> Iterator[tuple[Call, Veto]]:
    plan = unit.kernel.plan(change.type)
    for call in unit.kernel.hooks.of(HOOK, change.type.name):
        context = Merging(
            record=change.type.name,
            changes=batch.frozen(plan, [change]),
            others=_shown(plan, others),
            work=lend(unit, call.plugin, reading=True),
        )
        yield from ((call, veto) for veto in guarding.answer_of(unit, call, context)[0])


def _shown(plan: Plan[Customer], others: Sequence[Customer]) -> tuple[Customer, ...]:
    """The others with nothing in them that a plugin could alter for the next one."""
    held = (batch.shown(plan, each) for each in others)
    return tuple(each for each in held if isinstance(each, Customer))
