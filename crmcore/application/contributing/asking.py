"""Asking every plugin that implements a contribute hook. One that fails breaks nothing: it is left out and named."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import attrs

from crmcore.application.hooks.batch import held_apart
from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend_to_look
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError, InvalidValue, PluginFailed
from crmcore.domain.fold import visible
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import text_of
from crmcore.ports.work import Work

T = TypeVar("T")
LOG: Final = logging.getLogger("crmcore.plugins")


@attrs.frozen
class Missing:
    """A plugin that was asked and did not answer as it should, and why."""

    plugin: str
    hook: str
    error: str

    def plain(self) -> dict[str, str]:
        """The same as plain values."""
        return attrs.asdict(self)


@attrs.frozen
class Answers(Generic[T]):
    """What plugins answered, in their order, and who is missing."""

    given: tuple[tuple[str, T], ...] = ()
    missing: tuple[Missing, ...] = ()


def ask(
    unit: Session,
    hook: str,
    customer: Customer,
    context: Callable[[Customer, Work], Any],
    read: Callable[[str, Any], T],
) -> Answers[T]:
    """Ask all plugins about a customer: `context` makes what a hook is given, `read` checks what a plugin answered and
    raises InvalidValue for what it may not answer.

    Each plugin stands in a savepoint of its own, so that a statement that fails in the database spoils nothing else.
    """
    given: list[tuple[str, T]] = []
    missing = []
    for call in unit.kernel.hooks.all(hook):
        try:
            with unit.savepoint():
                answer = called(unit, call, context(held_apart(unit, customer), lend_to_look(unit, call.plugin)))
                given.append((call.plugin, read(call.plugin, answer)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            missing.append(_left_out(call, error))
    return Answers(tuple(given), tuple(missing))


def _left_out(call: Call, error: BaseException) -> Missing:
    """What is shown in place of the answer, and logged."""
    if isinstance(error, PluginFailed):
        text = error.message
    else:
        what = error.message if isinstance(error, CrmError) else f"looking at its answer raised {text_of(error)}"
        text = str(call.problem(what, "Mend it, or leave the plugin out", error))
    LOG.warning("%s", visible(text))
    LOG.debug("%s of plugin %s failed", call.hook, call.plugin, exc_info=error)
    return Missing(call.plugin, call.hook, text)


def listed(answer: Any, what: str, most: int) -> list[Any]:
    """The answer as the list that it has to be, of at most so many; InvalidValue."""
    if not isinstance(answer, list | tuple):
        raise InvalidValue(f"it returned a value of type {type(answer).__name__}, and no list of {what}")
    if len(answer) > most:
        raise InvalidValue(f"it returned {len(answer):,} {what}, at most {most:,} are asked for")
    return list(answer)
