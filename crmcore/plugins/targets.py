"""What plugins name by import path: imported when it is used, and every failure has its plugin's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from importlib import import_module
from typing import Any

from crmcore.domain.errors import PluginFailed
from crmcore.plugins.dispatch import REPEATABLE
from crmcore.plugins.refusal import Origin, Problem, refuse, text_of
from crmcore.plugins.routing import Hooks
from crmcore.plugins.slots import Slot


def origin_of(hooks: Hooks, slot: Slot) -> Origin:
    """Whose slot it is, with the distribution."""
    asked = hooks.all(f"declare_{slot.kind}s")
    return next((each.origin for each in asked if each.plugin == slot.plugin), Origin(slot.plugin or ""))


def loaded(hooks: Hooks, slot: Slot, attribute: str = "target") -> Any:
    """What the slot's spec names as its `attribute`, imported now; PluginFailed if that fails."""
    path: str = getattr(slot.spec, attribute)
    module, _, names = path.partition(":")
    with attributed(hooks, slot, f"importing its {attribute} {path}"):
        return reduce(getattr, names.split("."), import_module(module))


@contextmanager
def attributed(hooks: Hooks, slot: Slot, doing: str) -> Iterator[None]:
    """Whatever is raised inside but Ctrl-C and errors of the database becomes PluginFailed, with the plugin, the slot
    and what was being done."""
    try:
        yield
    except (KeyboardInterrupt, *REPEATABLE):
        raise
    except BaseException as error:
        refuse([fault(hooks, slot, f"{doing} raised {text_of(error)}", error)])


def fault(hooks: Hooks, slot: Slot, what: str, cause: BaseException | None = None) -> Problem:
    """Something that is wrong with what stands in a slot."""
    return Problem(
        error=PluginFailed,
        origins=(origin_of(hooks, slot),),
        hook=f"declare_{slot.kind}s",
        what=f"the {slot.kind} {slot.name!r}: {what}",
        remedy="Mend it, or leave the plugin out",
        cause=cause,
    )
