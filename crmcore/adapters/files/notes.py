"""The columns that only a rejects file has, and how such a file is read when it is imported again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crmcore.ports.exchange import BadRow, RawRow

__all__ = ["COLUMN", "LINE", "NOTES", "RAW", "REASON", "are_noted", "without_notes"]

LINE, COLUMN, REASON, RAW = "_line", "_column", "_reason", "_raw"
NOTES = (LINE, COLUMN, REASON, RAW)


def are_noted(columns: Collection[str]) -> bool:
    """Whether these are the columns of a rejects file; one `_line` alone may be anybody's own column."""
    return all(note in columns for note in (LINE, COLUMN, REASON))


def without_notes(line: int, values: Mapping[str, object]) -> RawRow | BadRow:
    """The row without the notes on it.

    A record that was kept as text only, and into whose cells nobody has written yet, stays unreadable: taken
    as a row it would be an empty one.
    """
    own = {name: value for name, value in values.items() if name not in NOTES}
    raw = values.get(RAW)
    if raw and not any(value not in ("", None) for value in own.values()):
        return BadRow(line, None, "", f"not mended yet: {values.get(REASON, '')}", str(raw))
    return RawRow(line, own)
