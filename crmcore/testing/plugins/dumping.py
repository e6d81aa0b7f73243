"""All that a database holds, as texts: to look for what must not be there any more."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

BEYOND: Final = (ModuleType, FunctionType, MethodType, type)
"""What is code and no data: by way of it everything could be reached."""


def reachable(held: object) -> Iterator[str]:
    """Every value that can be reached from an object, but by way of code."""
    seen: set[int] = set()
    left: list[Any] = [held]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, BEYOND):
            continue
        seen.add(id(each))
        inside = gc.get_referents(each)
        left += inside
        if not inside or not gc.is_tracked(each):
            yield str(each)


def rows(url: str, prefix: str) -> Iterator[str]:
    """Every value of every row of the tables with this prefix."""
    import sqlalchemy as sa

    from crmcore.adapters.sql.engine import own_engine

    engine = own_engine(url)
    try:
        with engine.connect() as connection:
            for name in sa.inspect(connection).get_table_names():
                if name.startswith(prefix):
                    for row in connection.execute(sa.text(f"SELECT * FROM {name}")):  # noqa: S608  # names of ours
                        yield from map(str, row)
    finally:
        engine.dispose()
