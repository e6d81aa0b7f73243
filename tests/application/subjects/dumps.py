"""Everything that a database holds, as text: what no erasure may leave anything in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from crmcore.crm import Crm


def dump(crm: Crm, url: str | None) -> str:
    """Every value of every column of every table, also of those that are put aside; in memory everything reachable."""
    return "\n".join(_reachable(crm.storage, set()) if url is None else _rows(url))


def _rows(url: str) -> Iterator[str]:
    engine = sa.create_engine(url)
    try:
        tables = sa.MetaData()
        with engine.connect() as connection:
            tables.reflect(connection)
            for table in tables.tables.values():
                for row in connection.execute(sa.select(table)):
                    yield " ".join(map(str, row))
    finally:
        engine.dispose()


def _reachable(held: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(held, str):
        yield held
        return
    if id(held) in seen or isinstance(held, (type, int, float, bytes)) or callable(held):
        return
    seen.add(id(held))
    for each in _inside(held):
        yield from _reachable(each, seen)


def _inside(held: Any) -> Iterable[Any]:
    if hasattr(held, "items"):
        return [each for pair in held.items() for each in pair]
    if isinstance(held, (list, tuple, set, frozenset)):
        return list(held)
    if attrs.has(type(held)):
        return [getattr(held, a.name, None) for a in attrs.fields(type(held))]
    return [*getattr(held, "__dict__", {}).values(), *_slots(held)]


def _slots(held: Any) -> list[Any]:
    return [getattr(held, name, None) for name in getattr(type(held), "__slots__", ())]


def file_bytes(url: str) -> bytes:
    """Every byte of a SQLite database: the file, and what is written ahead of it."""
    path = sa.make_url(url).database
    assert path is not None
    found = [Path(f"{path}{tail}") for tail in ("", "-wal", "-shm", "-journal")]
    return b"".join(each.read_bytes() for each in found if each.exists())
