"""Reactions: called after a batch is written and before it is committed, in a chain of limited depth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from crmcore.application.hooks import batch
from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend
from crmcore.application.kernel import Plan
from crmcore.application.session import Session
from crmcore.domain.change import Change
from crmcore.plugins.contexts import Changed, Stepped
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import refuse

DEEPEST: Final = 5


def react(unit: Session, plan: Plan[Any], changes: Sequence[Change]) -> None:
    """Let the plugins that asked for this record type write what follows. PluginFailed names who failed, or the chain
    of reactions that does not come to an end; the unit of work only rolls back then."""
    hooks, name = unit.kernel.hooks, plan.type.name
    asked, on_steps = hooks.of("react_changes", name), hooks.of("react_steps", name)
    if not (asked or on_steps) or not changes:
        return
    shown = batch.frozen(plan, changes)
    with unit.whole():
        for call in asked:
            with _deeper(unit, call, name):
                _silent(call, called(unit, call, Changed(name, batch.for_each(plan, shown), lend(unit, call.plugin))))
        for call in on_steps:
            if steps := tuple(batch.steps_of(unit, plan, batch.for_each(plan, shown))):
                with _deeper(unit, call, name):
                    _silent(call, called(unit, call, Stepped(name, steps, lend(unit, call.plugin))))


@contextmanager
def _deeper(unit: Session, call: Call, record: str) -> Iterator[None]:
    """One reaction further down the chain."""
    before = unit.course.chain
    chain = (*before, f"{call.plugin} {call.hook}({record})")
    if len(chain) > DEEPEST:
        what = f"reactions go deeper than {DEEPEST}: {' > '.join(chain)}"
        refuse([call.problem(what, "See that what it writes does not lead back to itself")])
    unit.course.chain = chain
    try:
        yield
    finally:
        unit.course.chain = before


def _silent(call: Call, answer: object) -> None:
    if answer is not None:
        what = f"it returned a value of type {type(answer).__name__}"
        refuse([call.problem(what, "A reaction returns nothing: it writes through context.work")])
