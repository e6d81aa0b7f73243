"""Calling hooks that may write: what a careless one leaves behind is found while it can still be named."""

from __future__ import annotations

from typing import Any

from crmcore.application.hooks.lending import take_back
from crmcore.application.session import Session
from crmcore.domain.errors import PluginFailed
from crmcore.plugins.dispatch import REPEATABLE, Call
from crmcore.plugins.refusal import refuse


def called(unit: Session, call: Call, context: Any) -> Any:
    """What the hook answers; what it was lent for that, it has no longer.

    PluginFailed if it fails, leaves a savepoint open, or goes on after a failed write of its own; what was wrong with
    the database is raised as it is, whether the plugin let it pass or not.
    """
    course = unit.course
    open_before, broken_before = len(course.nested), course.broken
    try:
        answer = call.watched(context)
    finally:
        left = _ended(unit, call, open_before)
        take_back(context.work)
    if left:
        refuse([call.problem("it left a savepoint open", "Write `with context.work.savepoint():`")])
    if course.broken is not None and broken_before is None:
        _refuse_swallowed(call, course.broken)
    return answer


def _ended(unit: Session, call: Call, before: int) -> bool:
    """End the savepoints that were left open, from the last one on, and undo what was done in them."""
    nested = unit.course.nested
    left = len(nested) != before
    while len(nested) > before:
        error = PluginFailed(f"plugin {call.plugin!r} left a savepoint open", plugin=call.plugin)
        nested[-1].__exit__(PluginFailed, error, None)
    return left


def _refuse_swallowed(call: Call, error: BaseException) -> None:
    if isinstance(error, REPEATABLE):
        raise error
    remedy = "Let the error pass, or write in `with context.work.savepoint():`"
    refuse([call.problem(f"it went on after a write of its own had failed: {error}", remedy, error)])
