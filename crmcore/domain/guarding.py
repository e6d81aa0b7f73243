"""Guards of plugins: asked with a copy of their own, and whatever they do is theirs to answer for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NoReturn

import attrs

from crmcore.domain.copying import evolve
from crmcore.domain.errors import PluginFailed

Guard = Callable[[Any], str | None]
"""A pure function from the record as it would be to what stands in the way (None: nothing does)."""


@attrs.frozen
class PluginGuard:
    """The guard `function` of a plugin, on a transition of a workflow.

    Called with the record or facet as it would be, it gives what stands in the way. PluginFailed, naming plugin,
    workflow and transition, for all that it raises but Ctrl-C, and for an answer that is neither None nor a text.
    """

    plugin: str
    workflow: str
    transition: str
    function: Guard

    def __call__(self, after: Any) -> str | None:
        seen = of_its_own(after)
        try:
            answer: object = self.function(seen)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._fail(f"raised {type(error).__name__}: {_message(error)}".rstrip(": "), error)
        if answer is None:
            return None
        if not isinstance(answer, str) or not answer.strip():
            self._fail(f"returned {_shown(answer)}, neither None nor the reason of a veto")
        return str(answer)

    def _fail(self, what: str, cause: BaseException | None = None) -> NoReturn:
        raise PluginFailed(
            f"plugin {self.plugin!r}: its guard of {self.transition} in {self.workflow} {what}. "
            "Mend it, or leave the plugin out",
            plugin=self.plugin,
            workflow=self.workflow,
            transition=self.transition,
        ) from cause


def owner(guard: Guard) -> str:
    """The plugin that a guard belongs to, "" for the core's own."""
    return guard.plugin if isinstance(guard, PluginGuard) else ""


def of_its_own(held: Any) -> Any:
    """A copy that shares nothing that can be changed with what is going to be written; its facets cannot be
    exchanged."""
    facets = getattr(held, "facets", None)
    if facets is None:
        return copy.deepcopy(held)
    copies = MappingProxyType({cls: copy.deepcopy(each) for cls, each in facets.items()})
    return evolve(copy.deepcopy(evolve(held, facets={})), facets=copies)


def _message(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:
        return "without a readable message"


def _shown(answer: object) -> str:
    return "a text that is blank" if isinstance(answer, str) else f"a value of type {type(answer).__name__}"
