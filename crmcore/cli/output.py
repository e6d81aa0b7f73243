"""What a run prints: results to standard output, everything else to standard error."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from pathlib import Path
from typing import IO, Any, cast

from crmcore.domain.fold import visible
from crmcore.plugins.watch import RUNNING


class OutputFailed(Exception):
    """Standard output took no more: the disk is full, say."""


class Results:
    """Standard output without what hooks of plugins print while they run, which goes to standard error: a result is one
    document."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        in_hook = threading.get_ident() in RUNNING
        return getattr(sys.stderr if in_hook and sys.stderr is not None else self.stream, name)


def results_apart() -> AbstractContextManager[object]:
    """For the time of one run: `Results` in the place of standard output."""
    stream = sys.stdout
    return nullcontext() if stream is None else redirect_stdout(cast(IO[str], Results(stream)))


def json_text(document: Mapping[str, Any]) -> str:
    """The document as JSON, in the letters of every script."""
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


def write_json(document: Mapping[str, Any]) -> None:
    """One JSON document to standard output, in UTF-8 wherever it goes.

    What is no character (half of a surrogate pair, from an argument that was no UTF-8) stands as JSON's own escape.
    """
    _write(sys.stdout, json_text(document), encoding="utf-8")


def write_text(text: str) -> None:
    """A text for people to standard output; callers have made its cells visible."""
    _write(sys.stdout, text)


def write_note(text: str) -> None:
    """A text beside the result, to standard error: nothing in it is obeyed by a terminal but its line ends."""
    try:
        _write(sys.stderr, "\n".join(visible(line) for line in text.split("\n")))
    except OutputFailed:
        return  # there is nobody left to tell


def copy_file(path: Path) -> None:
    """A file to standard output, byte by byte."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputFailed(f"the output could not be written: {error.strerror or error}") from None


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a person is looking at it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def terminal_width() -> int | None:
    """The columns of the terminal that the result goes to; None if it goes elsewhere."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def _write(stream: IO[str] | None, text: str, encoding: str | None = None) -> None:
    """Write and flush, so that a failure shows here; a reader that went away has seen what it wanted."""
    if stream is None:
        return
    stream = stream.stream if isinstance(stream, Results) else stream
    try:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except (OSError, ValueError) as error:
        _discard(stream)
        raise OutputFailed(f"the output could not be written: {getattr(error, 'strerror', None) or error}") from None


def _discard(stream: IO[str]) -> None:
    """Let what is still buffered go nowhere, or the interpreter would fail over it again at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
