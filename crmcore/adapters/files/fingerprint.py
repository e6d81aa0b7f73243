"""What tells one file from another, and files that are read as a whole."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from crmcore.domain.errors import ImportRefused

__all__ = ["fingerprint", "read_text"]


def fingerprint(path: str | os.PathLike[str]) -> tuple[str, int]:
    """SHA-256 of a file's content in hexadecimal digits, and its size in bytes; `ImportRefused` if it cannot be read.

    What is no ordinary file is left to `open_rows` to refuse: reading it might never end.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "", 0
        with Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return digest.hexdigest(), file.tell()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def read_text(path: str | os.PathLike[str]) -> str:
    """A whole file in UTF-8; `ImportRefused` if it cannot be read."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{path} cannot be used: it is to be in UTF-8 ({error})", file=str(path)) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: object, error: Exception) -> ImportRefused:
    reason = getattr(error, "strerror", None) or str(error)
    return ImportRefused(f"{path} cannot be read: {reason}", file=str(path))
