"""What a database says of itself: what made it, which plugins it knows, and how often what is declared has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

EPOCH: Final = "catalogue.epoch"
"""The setting with the number of times that what is declared was changed: fields at run time, plugins on and off."""
CUSTOM_FIELDS: Final = "custom.fields"
"""The setting with the descriptions of the fields that were added at run time."""


@attrs.frozen
class KnownPlugin:
    """What a database keeps of a plugin that is or was active in it, so that nobody need import it to know.

    `described`: its declarations as data, see `domain.dormant`; `capabilities`: those that it was enabled with; `by`
    and `at`: who brought it into this state, and when (ISO 8601; empty where the schema was made with it).
    """

    state: Literal["active", "disabled", "retired"]
    version: str = ""
    distribution: str = ""
    api: int = 1
    requires: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    described: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    by: str = ""
    at: str = ""


@attrs.frozen
class Stamp:
    """What a database was made by: `revisions` and `fingerprints` by distribution ("core" or a plugin's name), the
    active plugins, the versions of the fold and of the key normalisers, and what is kept of each plugin. What stands
    under `EPOCH` and `CUSTOM_FIELDS` is read with it ("" if nothing does), not written."""

    revisions: Mapping[str, str]
    fingerprints: Mapping[str, str]
    plugins: tuple[str, ...]
    fold: int
    keys: int
    known: Mapping[str, KnownPlugin] = attrs.field(factory=dict)
    epoch: str = attrs.field(default="", eq=False)
    custom_fields: str = attrs.field(default="", eq=False, repr=False)
