"""Several declarations that claim one thing, as a problem: who they are, what it is, and how to settle it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crmcore.domain.errors import PluginConflict, PluginFailed
from crmcore.plugins.refusal import Origin, Problem


class Claiming(Protocol):
    """What is claimed, in words, and by whom (the core has no name)."""

    @property
    def text(self) -> str: ...
    @property
    def origin(self) -> Origin: ...


def clash(claims: Sequence[Claiming], otherwise: str) -> Problem:
    """The problem with claims of one thing; `otherwise` is what a plugin could do instead of being left out."""
    origins = tuple(sorted({each.origin for each in claims if each.origin.plugin}))
    texts = sorted({each.text for each in claims})
    with_core = any(not each.origin.plugin for each in claims)
    alone = len(origins) == 1 and not with_core
    if len(texts) > 1:
        what = f"{' and '.join(texts)} are one name but for case, width, underscores, hyphens and dots"
    elif with_core:
        what = f"{texts[0]} is declared by the core too"
    else:
        what = f"{texts[0]} is declared {'twice' if alone else 'by each of them'}"
    own = "Rename one of them" if len(texts) > 1 else "Declare it once"
    remedy = own if alone else f"Leave one plugin out, or have it {otherwise}"
    return Problem(error=PluginFailed if alone else PluginConflict, origins=origins, what=what, remedy=remedy)
