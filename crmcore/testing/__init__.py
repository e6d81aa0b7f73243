"""For authors of plugins and storages: a Crm for tests, time and ids held still, contracts, strategies.

`make_crm`, `recorded` and the fakes need nothing beside crmcore; the contracts (`PluginContract`, and those of ports in
`crmcore.testing.contract`), the state machine (`crmcore.testing.machine`) and the strategies
(`crmcore.testing.strategies`) need pytest and Hypothesis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import CountingIds, FrozenClock, Restricted
from crmcore.testing.recording import Called, Recording, recorded

if TYPE_CHECKING:
    from crmcore.testing.plugins import PluginContract

__all__ = [
    "Called",
    "CountingIds",
    "FrozenClock",
    "PluginContract",
    "Recording",
    "Restricted",
    "make_crm",
    "recorded",
]


def __getattr__(name: str) -> Any:
    if name != "PluginContract":
        raise AttributeError(f"module 'crmcore.testing' has no attribute {name!r}")
    from crmcore.testing.plugins import PluginContract  # it needs pytest, which not everybody has who tests

    return PluginContract
