"""A SQLite file that appears under its name only when it is whole."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from crmcore.adapters.files.archive import make_durable
from crmcore.domain.errors import InvalidSetting, StorageFailed

SIDES: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file while it is at work."""
OWNER_ALONE: Final = 0o600


class Part:
    """An empty `file` beside `path`, which its owner alone may read: to be filled, and put in its place by `commit`.

    Left without that, it is gone with all that SQLite kept beside it. Raises InvalidSetting where nothing can be
    written.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))  # through a link, the file that it points to is replaced
        if self.path.exists() and not self.path.is_file():
            raise InvalidSetting(f"cannot write {path}: it exists and is no ordinary file", file=str(path))
        self.file = self.path.parent / f".{uuid.uuid4().hex}.part"
        try:
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ALONE))
        except OSError as error:
            raise InvalidSetting(f"cannot write {path}: {error.strerror}", file=str(path)) from error

    def commit(self) -> None:
        """Make the file durable and visible. Nobody may have it open. Raises StorageFailed."""
        try:
            with self.file.open("r+b") as file:
                os.fsync(file.fileno())
            os.replace(self.file, self.path)
            make_durable(self.path.parent)
        except OSError as error:
            raise StorageFailed(f"cannot write {self.path}: {error.strerror}", file=str(self.path)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove(self.file)


def remove(file: Path) -> None:
    """Remove a SQLite file that nobody has open, with what stands beside it, as far as it is there."""
    for each in (file, *sides(file)):
        with suppress(OSError):
            each.unlink(missing_ok=True)


def sides(file: Path) -> tuple[Path, ...]:
    """What SQLite may keep beside a file."""
    return tuple(file.with_name(f"{file.name}{side}") for side in SIDES)
