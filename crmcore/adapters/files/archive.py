"""Archives of plugins: a folder with a JSON Lines file for each table, and what the tables were declared as."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

from crmcore.adapters.files.replacement import Replacement
from crmcore.domain.errors import InvalidSetting
from crmcore.ports.retiring import Row

ABOUT: Final = "about.json"
"""Written last: a folder without it was interrupted."""


def write_archive(
    folder: Path, title: str, about: Mapping[str, Any], tables: Iterable[tuple[str, Iterable[Row]]]
) -> tuple[Path, dict[str, int]]:
    """Write a new folder `title` in `folder`, durably; gives its path and the number of rows of each table.

    Raises InvalidSetting where nothing can be written, StorageFailed where the disk is full; both leave the tables as
    they are.
    """
    place = _new_folder(folder, title)
    rows = {name: _write_lines(place / f"{name}.jsonl", each) for name, each in tables}
    _write(place / ABOUT, [json.dumps({**about, "rows": rows}, ensure_ascii=False, indent=1, sort_keys=True)])
    for each in (place, folder):
        make_durable(each)
    return place, rows


def _new_folder(folder: Path, title: str) -> Path:
    names = (title if number == 1 else f"{title}-{number}" for number in count(1))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = next(folder / name for name in names if not (folder / name).exists())
        place.mkdir()
    except OSError as error:
        raise InvalidSetting(f"cannot archive into {folder}: {error.strerror}", folder=str(folder)) from error
    return place


def _write_lines(path: Path, rows: Iterable[Row]) -> int:
    total = 0

    def lines() -> Iterable[str]:
        nonlocal total
        for row in rows:
            total += 1
            yield json.dumps(row, ensure_ascii=False, sort_keys=True)

    _write(path, lines())
    return total


def _write(path: Path, lines: Iterable[str]) -> None:
    file = Replacement(path)
    try:
        for line in lines:
            file.write(line + "\n")
        file.commit()
    finally:
        file.discard()


def make_durable(folder: Path) -> None:
    """The names in a folder; where folders cannot be opened (Windows), the system keeps them by itself."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
