"""What goes when a plugin goes: links to its records, and rows of its own whose owners are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from crmcore.application import removing
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test
from crmcore.domain.errors import StillReferenced
from crmcore.ports.retiring import Row

CHUNK: Final = 200
Archive = Callable[[Path, str, Mapping[str, Any], Iterable[tuple[str, Iterable[Row]]]], tuple[Path, dict[str, int]]]
"""Writes rows durably: folder, title, what they are, and (table, rows); gives where, and how many of each table."""


def remove_links(unit: Session, records: Sequence[str]) -> int:
    """Remove what refers to records of these types by a reference to any record, each with its history; how many."""
    total = 0
    for type in unit.catalogue.records.values():
        for field in type.fields if type.followed is None and records else ():
            target = type.field(field.target_field) if field.target == "*" else None
            if target is None:
                continue
            where = Test(target, "in", tuple(records))
            while found := unit.transaction.select(BoundQuery(type=type, where=where, limit=CHUNK)):
                for each in found:
                    removing.remove(unit, type, each.record.id, None)
                total += len(found)
    return total


def forget_work(unit: Session, plugin: str) -> None:
    """Forget how far observers and jobs of a plugin had come, and what they had put aside."""
    consuming = unit.transaction.consuming
    for name in [each.name for each in consuming.consumers()]:
        if name == f"observer:{plugin}" or name.startswith(f"job:{plugin}."):
            consuming.forget(name)


def keep_lost(
    archive: Archive, folder: Path | None, plugin: str, title: str, lost: Sequence[tuple[str, Row]]
) -> tuple[Path, dict[str, int]]:
    """Archive rows whose owners are gone; `StillReferenced`, with how many there are, where no folder is given."""
    counts = dict(sorted(Counter(table for table, _ in lost).items()))
    if folder is None:
        listed = ", ".join(f"{count} of {table}" for table, count in counts.items())
        raise StillReferenced(
            f"rows of the plugin {plugin!r} refer to what was removed while it was retired ({listed}): give a folder "
            f"into which they are written before they go, `crm plugins enable {plugin} --archive DIR`",
            plugin=plugin,
            rows=counts,
        )
    ordered = sorted(lost, key=lambda each: each[0])
    tables = ((name, (row for _, row in rows)) for name, rows in groupby(ordered, key=lambda each: each[0]))
    return archive(folder, f"{title}-without-owner", {"name": plugin, "why": "their owners were removed"}, tables)
