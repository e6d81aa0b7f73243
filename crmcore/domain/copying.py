"""Copies of records, parts and facets with other values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

T = TypeVar("T")
_evolve: Final[Callable[..., Any]] = attrs.evolve


def evolve(held: T, **values: Any) -> T:
    """`attrs.evolve` for what `@record`, `@part` and `@facet` make: type checkers do not see attrs classes there."""
    copy: T = _evolve(held, **values)
    return copy
