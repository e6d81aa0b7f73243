"""How much one record of a foreign file may ask for, so that no content exhausts memory or time."""

from __future__ import annotations

__all__ = ["MAX_COLUMNS", "MAX_DEPTH", "MAX_FIELD", "MAX_RAW", "MAX_RECORD", "excerpt"]

MAX_FIELD = 131_072
"""Characters in one cell."""

MAX_RECORD = 1_048_576
"""Characters in one record, its line ends included; an opening quote is looked after no further than this."""

MAX_COLUMNS = 1_000
"""Columns in a header, or keys in one JSON line."""

MAX_DEPTH = 20
"""Lists and objects inside one another in a JSON line."""

MAX_RAW = 32_768
"""Characters of an unreadable record that are kept for mending; well below `MAX_FIELD`, to be read again."""

MAX_VALUE = 200


def excerpt(text: str, length: int = MAX_VALUE) -> str:
    """`text`, or its first `length` characters and an ellipsis."""
    return text if len(text) <= length else text[:length] + "…"
