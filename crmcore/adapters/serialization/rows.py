"""Reading many rows of the same columns: what a schema does, without what it costs for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crmcore.adapters.serialization.readers import ABSENT, Reader
from crmcore.domain.columns import REQUIRED
from crmcore.domain.errors import InvalidValue
from crmcore.ports.codec import Problem, Reading, RowReader

Lacking = Callable[[Iterable[str]], list[str]]


def compiled(plan: Iterable[tuple[str, str, Reader]], unknown: Mapping[str, str], lacking: Lacking | None) -> RowReader:
    """The reader of rows: `plan` has each column's name, its key in the rows and what reads its values; `unknown`
    the reason against each key that is no column; `lacking` tells the required columns beside those given."""
    steps, strangers = tuple(plan), tuple(unknown.items())
    keys = {name: key for name, key, _ in steps}

    def read(row: Mapping[str, object]) -> Reading:
        values: dict[str, Any] = {}
        problems = [Problem(key, row[key], reason) for key, reason in strangers if key in row] if strangers else []
        get = row.get
        for name, key, reader in steps:
            raw = get(key, ABSENT)
            if raw is ABSENT:
                continue
            try:
                found = reader(raw)
            except InvalidValue as error:
                problems.append(Problem(name, raw, error.message))
            else:
                if found is not ABSENT:
                    values[name] = found
        if lacking is not None:
            given = {*values, *(p.field for p in problems)} if problems else values
            problems += [Problem(name, get(keys[name]) if name in keys else None, REQUIRED) for name in lacking(given)]
        return Reading(values, problems)

    return read
