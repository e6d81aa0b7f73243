"""What went wrong, as a document, as a text, and as an exit status."""

from __future__ import annotations

import os
import traceback
from typing import Any, Final

import click

from crmcore.cli import output
from crmcore.domain.errors import CrmError

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
REJECTED: Final = 3
INTERRUPTED: Final = 130
MISSING_COMMAND: Final = "Missing command."
DEBUG: Final = "CRMCORE_DEBUG"


def report(error: BaseException, as_json: bool) -> int:
    """Tell what went wrong: with `as_json` as the one document on standard output; gives the exit status.

    Wrong usage is also told in words, with the usage, and so is what cannot be told on standard output.
    """
    if os.environ.get(DEBUG) and not isinstance(error, click.ClickException):
        output.write_note("".join(traceback.format_exception(error)).rstrip("\n"))
    in_words = not as_json or isinstance(error, click.UsageError | output.OutputFailed)
    if as_json and not isinstance(error, output.OutputFailed):
        try:
            output.write_json({"error": document(error)})
        except output.OutputFailed:
            in_words = True
    if in_words:
        output.write_note(text(error))
    return status(error)


def status(error: BaseException) -> int:
    """2 for wrong usage, 130 for an interruption, else 1."""
    if isinstance(error, click.ClickException):
        return error.exit_code
    return INTERRUPTED if _is_interruption(error) else FAILED


def document(error: BaseException) -> dict[str, Any]:
    """The error as data: its type, its message, and what else it says."""
    details = dict(error.details) if isinstance(error, CrmError) else {}
    return {"type": _type(error), "message": message(error), **{n: v for n, v in details.items() if n not in _TAKEN}}


_TAKEN: Final = frozenset({"type", "message"})


def message(error: BaseException) -> str:
    """What went wrong, in a sentence or two."""
    if isinstance(error, CrmError):
        return error.message
    if isinstance(error, click.ClickException):
        return error.format_message()
    if _is_interruption(error):
        return "interrupted: what was not finished has been rolled back"
    if isinstance(error, output.OutputFailed):
        return str(error)
    said = "".join(traceback.format_exception_only(error)).strip()
    return f"unexpected failure, {said} ({DEBUG}=1 shows where)"


def text(error: BaseException) -> str:
    """The error for people; several records that fit are listed one a line."""
    lines = [f"Error: {message(error)}"]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        if error.message == MISSING_COMMAND:
            return f"{error.ctx.get_help()}\n\n{lines[0]}"
        lines = [error.ctx.get_usage(), *lines, f"See '{error.ctx.command_path} --help'."]
    if isinstance(error, CrmError) and isinstance(listed := error.details.get("items"), list):
        lines += [f"  {each['id']}  {each['label']}" for each in listed]
    return "\n".join(lines)


def _type(error: BaseException) -> str:
    if isinstance(error, click.UsageError):
        return "UsageError"
    return "Interrupted" if _is_interruption(error) else type(error).__name__


def _is_interruption(error: BaseException) -> bool:
    return isinstance(error, click.Abort | KeyboardInterrupt)
