"""What a verification has found."""

from __future__ import annotations

from typing import Final

import attrs

MOST_TOLD: Final = 100
"""So many problems are named; all are counted."""


@attrs.frozen(order=True)
class Problem:
    """What is wrong at a position of the log."""

    position: int
    what: str


@attrs.frozen
class Finding:
    """What a verification has found: how many entries it `checked`, up to which position the chain has links
    (`covered`), how many entries `erased` ones are among them, how many `waiting` ones have no position yet and so are
    not covered, how many things are `wrong`, and the first hundred of these in order of position.

    `erased` counts the entries that lost their values to erasures which the chain knows of.
    """

    checked: int
    covered: int
    erased: int
    waiting: int
    wrong: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def first(self) -> Problem | None:
        """The problem at the lowest position."""
        return self.problems[0] if self.problems else None


@attrs.define
class Wrong:
    """Problems as they are found; only the lowest are kept."""

    count: int = 0
    _kept: list[Problem] = attrs.field(factory=list)

    def tell(self, position: int, what: str) -> None:
        """Note one."""
        self.count += 1
        self._kept.append(Problem(position, what))
        if len(self._kept) >= 2 * MOST_TOLD:
            self._kept = list(self.lowest())

    def lowest(self) -> tuple[Problem, ...]:
        """Those at the lowest positions, in order."""
        return tuple(sorted(self._kept)[:MOST_TOLD])
