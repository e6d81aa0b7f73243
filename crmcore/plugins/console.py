"""What a command of a plugin is given: the object that `@click.pass_obj` hands it.

A plugin imports this Protocol for its types, and click for its commands; it never imports the command line itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from crmcore.ports.work import Work


class Console(Protocol):
    """One run of `crm PLUGIN COMMAND`."""

    @property
    def crm(self) -> Any:
        """The Crm of this run, with all that a host can do."""

    @property
    def actor(self) -> str:
        """Who runs the command."""

    @property
    def json(self) -> bool:
        """Whether a document is asked for, and not a text."""

    def work(self) -> AbstractContextManager[Work]:
        """A unit of work with the rights of the plugin, for the person who runs the command: it writes what is the
        plugin's own and what its capabilities name. It commits at the end of its with block."""

    def look(self) -> AbstractContextManager[Work]:
        """A unit of work that only reads: what the person may see, all of it as of one moment."""

    def emit(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """The result, once: the document with --json, else the text."""

    def table(self, rows: list[dict[str, Any]]) -> str:
        """Rows of plain values as a table for people, in which nothing is obeyed by a terminal."""

    def note(self, text: str) -> None:
        """Something beside the result, on standard error, unless --quiet."""
