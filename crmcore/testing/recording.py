"""Recorded hooks: who was called with what, and what came of it, as plain values for a test to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final

import attrs

from crmcore.crm import Crm
from crmcore.plugins.contexts import Amendment, Hold, Veto
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import text_of

BATCHES: Final = ("changes", "steps", "events")
"""The attributes of contexts that hold a batch."""


@attrs.frozen(kw_only=True)
class Called:
    """One call of one hook. `size`: how many changes, steps or events it was given (0: it is not called with such).

    `answer` is what it returned: a veto as {"veto": reason, "field", "id"}, an amendment as {"amend": {field: value},
    "id"}, a hold as {"hold": reason, "record", "id"}, anything else as it was. `error` is what it raised, "" for
    nothing. `altered`: it changed what it was given.
    """

    plugin: str
    hook: str
    record: str
    size: int
    answer: Any = None
    error: str = ""
    altered: bool = False


class Recording:
    """The calls of hooks, oldest first; it goes on as long as the Crm is used."""

    def __init__(self) -> None:
        self.calls: list[Called] = []

    def of(self, plugin: str | None = None, hook: str | None = None) -> list[Called]:
        """The calls of one plugin, one hook, or both."""
        return [c for c in self.calls if plugin in (None, c.plugin) and hook in (None, c.hook)]

    def clear(self) -> None:
        """Forget what was recorded so far."""
        self.calls.clear()

    def __repr__(self) -> str:
        return f"Recording({self.calls})"


def recorded(crm: Crm) -> Recording:
    """Record every call of a hook of this Crm from now on. What is called, in which order and with what, stays."""
    recording = Recording()
    hooks = crm.kernel.hooks
    wrapped: dict[int, Call] = {}

    def each(calls: Iterable[Call]) -> tuple[Call, ...]:
        return tuple(wrapped.setdefault(id(call), _listening(call, recording)) for call in calls)

    crm.kernel.hooks = attrs.evolve(
        hooks,
        routed={key: each(calls) for key, calls in hooks.routed.items()},
        by_name={name: each(calls) for name, calls in hooks.by_name.items()},
    )
    return recording


def _listening(call: Call, recording: Recording) -> Call:
    return attrs.evolve(call, function=_heard(call, call.function, recording.calls.append))


def _heard(call: Call, function: Callable[..., Any], tell: Callable[[Called], None]) -> Callable[..., Any]:
    @wraps(function)
    def hear(*contexts: Any) -> Any:
        context = contexts[0] if contexts else None
        batch = _batch(context)
        before = repr(batch)
        about: dict[str, Any] = {"plugin": call.plugin, "hook": call.hook, "record": getattr(context, "record", "")}
        about["size"] = len(batch)
        try:
            answer = function(*contexts)
        except BaseException as error:
            tell(Called(**about, error=text_of(error), altered=repr(batch) != before))
            raise
        tell(Called(**about, answer=_plain(answer), altered=repr(batch) != before))
        return answer

    return hear


def _batch(context: object) -> tuple[Any, ...]:
    return next((tuple(getattr(context, name)) for name in BATCHES if hasattr(context, name)), ())


def _plain(answer: Any) -> Any:
    if isinstance(answer, Veto):
        return {"veto": answer.reason, "field": answer.field, "id": str(answer.change.id)}
    if isinstance(answer, Amendment):
        facet: Any = answer.facet
        return {"amend": attrs.asdict(facet, recurse=False), "id": str(answer.change.id)}
    if isinstance(answer, Hold):
        return {"hold": answer.reason, "record": answer.record, "id": str(answer.id) if answer.id else None}
    return [_plain(each) for each in answer] if isinstance(answer, list | tuple) else answer
