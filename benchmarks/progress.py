"""How far the measuring is, on a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

import click


class Progress:
    """A bar on standard error with the task at hand; nothing where that is no terminal."""

    def __init__(self, steps: int) -> None:
        self._bar: Any = None
        self._task = ""
        self._done = -1
        if sys.stderr.isatty():
            self._bar = click.progressbar(
                length=steps, label="Measuring", file=sys.stderr, item_show_func=lambda item: str(item or "")
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.update(1, "")
            self._bar.__exit__(kind, error, trace)

    def step(self, task: str) -> None:
        """The next task begins."""
        self._task, self._done = task, self._done + 1
        if self._bar is not None:
            self._bar.update(1 if self._done else 0, task)

    def note(self, what: str) -> None:
        """What the task at hand does now."""
        if self._bar is not None:
            self._bar.update(0, f"{self._task}, {what}")
