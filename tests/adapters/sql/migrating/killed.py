"""Upgrades a database in child processes that kill themselves on the way, until one gets to the end.

Run as `python killed.py FOLDER URL PREFIX`; prints how many were killed. On MariaDB, where each operation commits, a
child is killed right after its first change of a table, or right before its second step, in turn; elsewhere, where a
child that is killed leaves nothing of its revision, each some steps later than the one before.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.crm import Crm

EACH = 3
DEFINITION = re.compile(r"\s*(?:ALTER|CREATE|DROP)\b")


def die(*given: object) -> None:
    """As a power cut would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def at(number: int, counted: Callable[..., bool] = lambda *given: True) -> Callable[..., None]:
    """Dies when it is called the nth time with something that counts."""
    calls = itertools.count(1)

    def call(*given: Any) -> None:
        if counted(*given) and next(calls) == number:
            die()

    return call


def upgrade(crm: Crm, engine: sa.Engine, attempt: int) -> None:
    """One attempt, in a process of its own."""
    if engine.dialect.name != "mysql":
        crm.upgrade(at(attempt * EACH - 1))
    elif attempt % 2:
        defines = at(1, lambda connection, cursor, statement, *rest: bool(DEFINITION.match(statement)))
        sa.event.listen(engine, "after_cursor_execute", defines)
        crm.upgrade()
    else:
        crm.upgrade(at(2))


def main(folder: str, url: str, prefix: str) -> int:
    """Try until it is done; how many were killed."""
    sys.path.insert(0, folder)
    engine = own_engine(url)
    crm = Crm(engine, plugins=[import_module("wear3")], prefix=prefix)
    engine.dispose()
    for attempt in itertools.count(1):
        child = os.fork()
        if not child:
            upgrade(crm, engine, attempt)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != signal.SIGKILL:
            assert status == 0, status
            return attempt - 1
    raise AssertionError("never done")


if __name__ == "__main__":
    sys.stdout.write(str(main(*sys.argv[1:])))
