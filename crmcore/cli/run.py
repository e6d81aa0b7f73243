"""A run of `crm` from its arguments to its exit status; whatever happens, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from crmcore.cli import errors, output
from crmcore.cli.program import program
from crmcore.cli.session import Session


def main(args: Sequence[str] | None = None) -> int:
    """Run `crm` with these arguments (default: those of the process); gives its exit status.

    0 done, 1 refused or failed, 2 wrong usage, 3 done with rejected rows, 130 interrupted.
    """
    with output.results_apart():
        return _run(list(sys.argv[1:] if args is None else args))


def _run(given: list[str]) -> int:
    session = Session(json=_asks_for_json(given))
    try:
        answer = program.main(given, prog_name="crm", standalone_mode=False, obj=session)
    except (KeyboardInterrupt, Exception) as error:
        return errors.report(error, session.json and not session.answered)
    return answer if isinstance(answer, int) else errors.DONE


def _asks_for_json(args: Sequence[str]) -> bool:
    """Whether errors are to be told as JSON, also those found while the options are read."""
    end = args.index("--") if "--" in args else len(args)
    return "--json" in args[:end]
