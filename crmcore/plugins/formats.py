"""The formats of files that plugins declare, as the adapter for files takes them."""

from __future__ import annotations

from functools import partial

from crmcore.plugins.routing import Hooks
from crmcore.plugins.slots import Slot, Slots
from crmcore.plugins.targets import loaded
from crmcore.ports.exchange import ForeignFormat


def formats_of(hooks: Hooks, slots: Slots) -> tuple[ForeignFormat, ...]:
    """The formats that plugins have, by name; what reads and writes them is imported when it is used."""
    return tuple(
        ForeignFormat(
            name,
            _endings(slot, slots),
            slot.plugin,
            partial(loaded, hooks, slot, "reader") if slot.spec.reader else None,
            partial(loaded, hooks, slot, "writer") if slot.spec.writer else None,
        )
        for name, slot in sorted(slots.get("format", {}).items())
        if slot.plugin is not None
    )


def _endings(format: Slot, slots: Slots) -> tuple[str, ...]:
    """Its own, and those of the format that it took over."""
    return tuple(name for name, held in slots["suffix"].items() if held.spec is format.spec)
