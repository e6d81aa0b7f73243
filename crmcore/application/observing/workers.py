"""What a worker does in one go: it numbers the feed, hands it to observers, and runs the jobs that are due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from crmcore.application import feeding
from crmcore.application.kernel import Kernel
from crmcore.application.observing import jobs, observers, standing
from crmcore.application.observing.desk import Begin, Desk
from crmcore.application.observing.turn import Observer
from crmcore.domain.errors import StorageBusy
from crmcore.plugins.refusal import Origin
from crmcore.plugins.registry import Active, Registry
from crmcore.ports.storage import Storage


@attrs.frozen(eq=False)
class Workers:
    """The work of one Crm that is done after the commit; any number of processes may do it at once. `kernel`,
    `storage` and `registry` give those of the moment, which change with added fields and with plugins."""

    kernel: Callable[[], Kernel]
    storage: Callable[[], Storage]
    registry: Callable[[], Registry]
    begin: Begin
    monotonic: Callable[[], float]

    def pump(self, seconds: float, *, with_jobs: bool = True, numbers_only: bool = False) -> dict[str, int]:
        """Number the feed, let observers see it and run jobs, until nothing is left or time is up; how many events
        were numbered, jobs run, messages sent and things parked. Raises StorageBusy if another writer kept it from
        doing anything at all."""
        until = self.monotonic() + seconds
        desk = self._desk()
        seeing = () if numbers_only else self._observers()
        planned = self._jobs() if with_jobs and not numbers_only else ()
        done = dict.fromkeys(("events", "jobs", "sent", "parked"), 0)
        if seeing:
            observers.enroll(desk, seeing)
        while True:
            numbered = feeding.pump(self.storage(), until - self.monotonic(), self.monotonic)
            handed = observers.round_of(desk, seeing, until)
            ran = jobs.round_of(desk, planned, until)
            done["events"] += numbered
            done["jobs"] += ran.done
            done["parked"] += handed.parked + ran.parked
            progress = numbered or handed.delivered or ran.done
            if not progress or not (seeing or planned) or self.monotonic() >= until:
                return self._told(done, handed.busy or ran.busy)

    def enroll(self) -> None:
        """Let observers that are new begin here: what was written before this is numbered and behind them."""
        if seeing := self._observers():
            feeding.pump(self.storage(), 60, self.monotonic)
            observers.enroll(self._desk(), seeing)

    def put_aside(self, plugin: str | None = None) -> list[dict[str, Any]]:
        """What failed, waits or was parked: see `standing.put_aside`."""
        return standing.put_aside(self._desk(), plugin)

    def retry(self, plugin: str | None = None) -> int:
        """Make what failed due now: see `standing.retry`."""
        return standing.retry(self._desk(), plugin)

    def _told(self, done: dict[str, int], busy: StorageBusy | None) -> dict[str, int]:
        if busy is not None and not any(done.values()):
            raise busy
        return done

    def _desk(self) -> Desk:
        kernel = self.kernel()
        return Desk(self.storage(), self.begin, kernel.clock, kernel.zone, self.monotonic)

    def _observers(self) -> tuple[Observer, ...]:
        kernel = self.kernel()
        return observers.observers_of(kernel.hooks, kernel.catalogue.records)

    def _jobs(self) -> tuple[jobs.PluginJob, ...]:
        return tuple(jobs.PluginJob(_origin(each), job) for each in self.registry().plugins for job in each.jobs)


def _origin(active: Active) -> Origin:
    return Origin(active.name, active.distribution, active.version)
