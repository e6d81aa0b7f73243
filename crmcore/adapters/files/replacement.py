"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from crmcore.domain.errors import InvalidSetting, StorageFailed

__all__ = ["Replacement", "WrittenWhole"]


class Replacement:
    """A file for `path`, written beside it and moved there by `commit`; until then an older file stays.

    It is UTF-8 text, with a byte order mark if `mark`, or `binary`; `private`: its owner alone can read it. Raises
    `InvalidSetting` if nothing can be written there, `StorageFailed` if writing fails later (a full disk); then nothing
    is left behind.
    """

    def __init__(self, path: Path, mark: bool = False, binary: bool = False, private: bool = False) -> None:
        # Through a link, the file that it points to is replaced, not the link.
        self.path = Path(os.path.realpath(path))
        if self.path.exists() and not self.path.is_file():
            raise InvalidSetting(f"cannot write {path}: it exists and is no ordinary file", file=str(path))
        self._part = self.path.parent / f".{uuid.uuid4().hex}.part"
        try:
            # "x" and the usual permissions: the result is what a plain open() would have made.
            if private:
                os.close(os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            if binary:
                self._file: IO[Any] = self._part.open("wb" if private else "xb")
            else:
                how = "w" if private else "x"
                self._file = self._part.open(how, encoding="utf-8-sig" if mark else "utf-8", newline="")
        except OSError as error:
            raise InvalidSetting(f"cannot write {path}: {error.strerror}", file=str(path)) from error

    @property
    def stream(self) -> IO[Any]:
        """The open file, for what writes by itself; its `OSError`s are to be handed to `failed`."""
        return self._file

    @property
    def done(self) -> bool:
        """Whether it was committed or discarded."""
        return self._file.closed

    def write(self, text: str) -> None:
        """Write on. Raises `StorageFailed`."""
        try:
            self._file.write(text)
        except OSError as error:
            raise self.failed(error) from error

    def commit(self) -> None:
        """Make what was written durable and visible. Doing it twice is the same as once."""
        if self._file.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._part, self.path)
        except OSError as error:
            raise self.failed(error) from error

    def discard(self) -> None:
        """Leave everything as it was. After `commit` it does nothing."""
        if self._file.closed:
            return
        with suppress(OSError):  # what does not fit on a full disk is thrown away anyway
            self._file.close()
        self._part.unlink(missing_ok=True)

    def failed(self, error: OSError) -> StorageFailed:
        """Leave nothing behind; what to raise."""
        self.discard()
        self._part.unlink(missing_ok=True)
        return StorageFailed(f"cannot write {self.path}: {error.strerror}", file=str(self.path))


class WrittenWhole:
    """What every sink into a `Replacement` has: as a context manager it closes, or aborts on an exception."""

    def __init__(self, file: Replacement) -> None:
        self.file = file

    def close(self) -> None:
        """Put the file in its place."""
        self.file.commit()

    def abort(self) -> None:
        """Leave nothing behind."""
        self.file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()
