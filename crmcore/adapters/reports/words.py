"""Values of a report as texts that stand in a document."""

from __future__ import annotations

from html import escape

from crmcore.domain.cells import shown
from crmcore.domain.fold import visible


def words(value: object) -> str:
    """A value as text for markup: escaped, and with control and invisible characters shown."""
    return escape(visible(shown(value)))
