"""How much a foreign file, and one record of it, may ask for, so that no content exhausts memory or time."""

from __future__ import annotations

import attrs

__all__ = [
    "LIMITS",
    "MAX_CELLS",
    "MAX_COLUMNS",
    "MAX_DEPTH",
    "MAX_FIELD",
    "MAX_RAW",
    "MAX_RECORD",
    "MAX_UNPACKED",
    "Limits",
    "excerpt",
]

MAX_FIELD = 131_072
"""Characters in one cell."""

MAX_RECORD = 1_048_576
"""Characters in one record, its line ends included; an opening quote is looked after no further than this."""

MAX_COLUMNS = 1_000
"""Columns in a header, or keys in one JSON line."""

MAX_DEPTH = 20
"""Lists and objects inside one another in a JSON line."""

MAX_UNPACKED = 2_000_000_000
"""Bytes that a workbook may come to when it is unpacked."""

MAX_CELLS = 30_000_000
"""Rows times columns of a sheet, which is held in memory: about 1 GB."""

MAX_RAW = 32_768
"""Characters of an unreadable record that are kept for mending; well below `MAX_FIELD`, to be read again."""

MAX_VALUE = 200


@attrs.frozen(kw_only=True)
class Limits:
    """How large a file may be: `bytes` on the disk, and `rows` below the header."""

    bytes: int = 2_000_000_000
    rows: int = 5_000_000


LIMITS = Limits()


def excerpt(text: str, length: int = MAX_VALUE) -> str:
    """`text`, or its first `length` characters and an ellipsis."""
    return text if len(text) <= length else text[:length] + "…"
