"""The names that all plugins share, and the core's own among them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

REPLACEABLE: Final = ("channel", "format", "metric", "report", "template")
"""What one plugin may take over from another or from the core. All of a format's suffixes go with it."""

OWN: Final = ("command", "job")
"""What every plugin has a name space of its own for."""

COMMANDS: Final = frozenset(
    """
    add audit backup cash-flow change count db deliver demo doctor duplicates export fields forecast history import
    import-undo lead list merge merge-preview not-duplicate opportunity outbox pipeline plugins purchases receive remove
    report restore search segment send show subject timeline unmerge value worker
    """.split()
)
"""The commands that the command line has, or will have, itself: no plugin can have such a name."""

FORMATS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"csv": (".csv",), "jsonl": (".jsonl", ".ndjson"), "tsv": (".tab", ".tsv"), "xlsx": (".xlsm", ".xlsx")}
)
"""The formats of the core with the endings of their files."""

CORE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"format": tuple(FORMATS)})
"""What the core has of each kind, by name."""


@attrs.frozen
class Slot:
    """A name and who has it: `plugin` is None for the core, whose own things have no `spec` here. `replaced` is the
    slot as it would be without a plugin that took it over."""

    kind: str
    name: str
    plugin: str | None
    spec: Any = attrs.field(default=None, repr=False)
    replaced: Slot | None = None


Slots = Mapping[str, Mapping[str, Slot]]
"""All slots by kind and name. Commands and jobs are called `PLUGIN.NAME`."""

NO_SLOTS: Final[Slots] = MappingProxyType({})
