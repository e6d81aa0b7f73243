"""Bar charts as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from crmcore.cli.tables import width
from crmcore.domain.fold import visible

LONGEST: Final = 40
EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def bars(figures: Mapping[str, Decimal], unit: str = "") -> str:
    """One bar for each figure, from 0, as long as it is large; the figure and its unit at the end."""
    highest = max(figures.values(), default=Decimal(0))
    first = max((width(visible(name)) for name in figures), default=0)
    return "\n".join(
        f"{visible(name)}{' ' * (first - width(visible(name)))}  {bar(value, highest)}  {value} {unit}".rstrip()
        for name, value in figures.items()
    )


def bar(value: Decimal, highest: Decimal) -> str:
    """A bar of blocks, exact to an eighth of one, padded to the longest."""
    eighths = int(LONGEST * 8 * max(value, Decimal(0)) / highest) if highest > 0 else 0
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(LONGEST)
