"""What plugins tell a person about themselves, beside their records and facets. Whoever asks for all that is known gets
all of it or an error: one plugin that fails stops the export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crmcore.application.contributing.panels import Budget, plain
from crmcore.application.hooks.batch import held_apart
from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend_to_look
from crmcore.application.session import Session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError, InvalidValue
from crmcore.plugins.contexts import Disclosing
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import refuse, text_of

HOOK: Final = "contribute_subject"
MOST: Final = 10_000_000
"""Characters and values of one answer: a person of whom more is known must get it all the same."""


def disclosed(unit: Session, customer: Customer) -> dict[str, dict[str, Any]]:
    """What each plugin adds about a customer, who has every facet with them, as plain values by plugin; one that has
    nothing to add is left out. PluginFailed names the plugin that fails or returns what is not plain and exact."""
    found = {}
    for call in unit.kernel.hooks.all(HOOK):
        with unit.savepoint():
            answer = called(unit, call, Disclosing(held_apart(unit, customer), lend_to_look(unit, call.plugin)))
            if told := _checked(call, answer):
                found[call.plugin] = told
    return found


def _checked(call: Call, answer: Any) -> dict[str, Any]:
    """The answer as plain values; looking at a careless one may raise anything."""
    told: dict[str, Any] = {}
    try:
        told = _plain(answer)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        what = error.message if isinstance(error, CrmError) else f"looking at its answer raised {text_of(error)}"
        refuse([call.problem(what, "Mend it, or leave the plugin out", error)])
    return told


def _plain(answer: Any) -> dict[str, Any]:
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise InvalidValue(f"it returned a value of type {type(answer).__name__}, and neither a mapping nor None")
    found: dict[str, Any] = plain(dict(answer), Budget(MOST))
    return found
