"""The formats of files that plugins declare, as the adapter for files takes them."""

from __future__ import annotations

from functools import partial

from crmcore.plugins.routing import Hooks
from crmcore.plugins.slots import Slots
from crmcore.plugins.targets import loaded
from crmcore.ports.exchange import ForeignFormat


def formats_of(hooks: Hooks, slots: Slots) -> tuple[ForeignFormat, ...]:
    """The formats that plugins have, by name; what reads and writes them is imported when it is used."""
    return tuple(
        ForeignFormat(
            name,
            slot.spec.suffixes,
            slot.plugin,
            partial(loaded, hooks, slot, "reader") if slot.spec.reader else None,
            partial(loaded, hooks, slot, "writer") if slot.spec.writer else None,
        )
        for name, slot in sorted(slots.get("format", {}).items())
        if slot.plugin is not None
    )
