"""`crm worker`."""

from __future__ import annotations

import signal
import time
from collections import Counter
from types import FrameType
from typing import TYPE_CHECKING, Final

import click

from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import StorageBusy

if TYPE_CHECKING:
    from crmcore.crm import Crm

PAUSE: Final = 1.0
ROUND: Final = 10.0
FIGURES: Final = ("events", "jobs", "sent", "parked")


@click.command("worker", cls=Command)
@click.option("--once", is_flag=True, help="Work off what there is, then end.")
@pass_session
def worker(session: Session, once: bool) -> None:
    """Work off what changes leave to be done.

    Numbers committed changes for the feed, hands them to the observers of plugins, tries again what failed, and runs
    the jobs that are due. Any number of workers may run at once. Runs until it is interrupted or terminated, and then
    says how much it did.
    """
    done: Counter[str] = Counter(dict.fromkeys(FIGURES, 0))
    crm = session.crm
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        if not once:
            session.note("working, until interrupted (Ctrl-C) or terminated")
        while True:
            started = time.monotonic()
            did = _round(crm, once)
            done.update(did)
            if not any(did.values()) and time.monotonic() - started < ROUND:
                if once:
                    break
                time.sleep(PAUSE)
    except KeyboardInterrupt:
        session.note("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
    if waiting := len(crm.workers.put_aside()):
        session.note(f"{waiting} that failed are put aside: `crm plugins doctor` says what, and why")
    document = {name: done[name] for name in FIGURES}
    session.emit(document, lambda: ", ".join(f"{n} {name}" for name, n in document.items()))


def _round(crm: Crm, once: bool) -> dict[str, int]:
    """What one round did; where another worker is at it, nothing."""
    try:
        return crm.pump(ROUND)
    except StorageBusy:
        if once:
            raise
        return {}


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
