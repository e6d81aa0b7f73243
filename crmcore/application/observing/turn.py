"""A worker's turn at one observer: pages of the feed are handed over, what fails is isolated and put aside.

What an observer writes, what was put aside and how far it has come is one transaction: in our own database its effects
are there exactly once. What it does elsewhere may be done again after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import attrs

from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend
from crmcore.application.observing.desk import Desk
from crmcore.application.observing.events import NOBODY, Cause, Page, Pages, cause_of, event_of
from crmcore.application.observing.failing import busy_named, failure
from crmcore.application.session import Session
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import CrmError, PluginFailed, StorageBusy
from crmcore.plugins.contexts import Event, Observed
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import refuse
from crmcore.ports.consuming import Delayed, Lease

DEEPEST: Final = 5
RETRIED_AT_ONCE: Final = 100


@attrs.frozen(eq=False)
class Observer:
    """A plugin's observer and the record types that it asked for."""

    call: Call
    records: frozenset[str]

    @property
    def name(self) -> str:
        """The name of its cursor."""
        return f"observer:{self.call.plugin}"


@attrs.define(eq=False)
class Turn:
    """`seen`: up to there nothing is left to do, though that may not be written yet. `held` are the records of which
    something is put aside; `delivered` and `parked` count events."""

    desk: Desk
    observer: Observer
    lease: Lease
    held: set[tuple[str, UUID]]
    seen: int = attrs.field(init=False)
    delivered: int = 0
    parked: int = 0

    def __attrs_post_init__(self) -> None:
        self.seen = self.lease.position

    def step(self, pages: Pages) -> bool:
        """Do the next piece of work; False if there is none. Raises LeaseLost, StorageBusy."""
        if self.held and self._retry():
            return True
        page = pages.after(self.seen)
        if page is None:
            return False
        events, cause, last = self._next(page)
        if cause.depth > DEEPEST:
            self._park_loop(events, cause, last)
        else:
            self._deliver(events, cause, last)
        return True

    def end(self) -> None:
        """Write how far it has come, and let others have it."""
        with self.desk.writing() as consuming:
            if self.seen > self.lease.position:
                self.lease = self.desk.move(consuming, self.lease, self.seen)
            consuming.release(self.observer.name, self.desk.holder)

    def _next(self, page: Page) -> tuple[Sequence[Event], Cause, int]:
        """The next events that it wants and that have one cause, and the position up to which that is all."""
        wanted, own = self.observer.records, f"plugin:{self.observer.call.plugin}"
        found = [e for e in page.after(self.seen) if e.record in wanted and e.actor != own]
        if not found or not page.causes:
            return found, NOBODY, page.last
        causes = [page.causes.get(e.position, NOBODY) for e in found]
        for number, cause in enumerate(causes):
            if cause != causes[0]:
                return found[:number], causes[0], found[number].position - 1
        return found, causes[0], page.last

    def _deliver(self, events: Sequence[Event], cause: Cause, last: int) -> None:
        """Hand events over in one unit of work; if that fails, in ever smaller ones, until what fails is alone."""
        fresh = [e for e in events if (e.record, e.id) not in self.held] if self.held else events
        behind = [self._waiting(e) for e in events if (e.record, e.id) in self.held] if self.held else []
        if not fresh:
            return self._pass(behind, last)
        try:
            self._hand_over(fresh, behind, cause, last)
        except StorageBusy:
            raise
        except CrmError as error:
            if len(fresh) > 1:
                middle = len(events) // 2
                self._deliver(events[:middle], cause, events[middle - 1].position)
                return self._deliver(events[middle:], cause, last)
            self._set_aside([self._failed(self._waiting(fresh[0]), error), *behind], last)

    def _hand_over(self, events: Sequence[Event], behind: Sequence[Delayed], cause: Cause, last: int) -> None:
        call = self.observer.call
        with self.desk.unit(call.plugin, cause.then(call.plugin).source) as unit:
            self._call(unit, Observed(tuple(events), lend(unit, call.plugin)))
            consuming = unit.transaction.consuming
            consuming.put_aside(behind)
            moved = self.desk.move(consuming, self.lease, last)
        self.lease, self.seen = moved, last
        self.delivered += len(events)

    def _call(self, unit: Session, context: Observed) -> None:
        with busy_named(self.observer.call):
            answer = called(unit, self.observer.call, context)
        if answer is not None:
            what = f"it returned a value of type {type(answer).__name__}"
            refuse([self.observer.call.problem(what, "An observer returns nothing: it writes through context.work")])

    def _pass(self, behind: Sequence[Delayed], last: int) -> None:
        """Go on without a call; where nothing is to be kept, what is next writes it too."""
        if behind:
            self._set_aside(behind, last)
        else:
            self.seen = last

    def _set_aside(self, rows: Sequence[Delayed], last: int) -> None:
        with self.desk.writing() as consuming:
            consuming.put_aside(rows)
            moved = self.desk.move(consuming, self.lease, last)
        self.lease, self.seen = moved, last
        self.held.update((row.record, row.id) for row in rows)
        self.parked += sum(row.state == "parked" for row in rows)

    def _park_loop(self, events: Iterable[Event], cause: Cause, last: int) -> None:
        """Changes to which a chain of observers led that does not come to an end."""
        held, rows = set(self.held), []
        text = f"observers go deeper than {DEEPEST}: {cause.chain}; see that what they write does not lead back to them"
        for event in events:
            row = self._waiting(event)
            if (event.record, event.id) not in held:
                row = attrs.evolve(row, state="parked", attempts=1, error=text)
                held.add((event.record, event.id))
            rows.append(row)
        self._set_aside(rows, last)

    def _retry(self) -> bool:
        """Try again what is due; whether anything was."""
        with self.desk.reading() as consuming:
            rows = consuming.delayed(self.observer.name, self.desk.clock.now(), RETRIED_AT_ONCE)
        for row in rows:
            self._again(row)
        return bool(rows)

    def _again(self, row: Delayed) -> None:
        entry = next(iter(self.desk.feed(row.position - 1, 1)), None)
        try:
            if entry is None or entry.position != row.position:
                raise PluginFailed(f"the log has no entry {row.position} any more: it cannot be handed over")
            settled = self._settle(row, entry)
        except StorageBusy:
            raise
        except CrmError as error:
            return self._set_aside([self._failed(row, error)], self.seen)
        self.delivered += 1
        if settled:
            self.held.discard((row.record, row.id))

    def _settle(self, row: Delayed, entry: LogEntry) -> bool:
        """Hand one over again; whether nothing of its record is put aside any more."""
        call = self.observer.call
        with self.desk.unit(call.plugin, cause_of(entry).then(call.plugin).source) as unit:
            self._call(unit, Observed((event_of(entry),), lend(unit, call.plugin)))
            consuming = unit.transaction.consuming
            more = consuming.settle(row, self.desk.clock.now())
            moved = self.desk.move(consuming, self.lease, self.seen)
        self.lease = moved
        return not more

    def _waiting(self, event: Event) -> Delayed:
        return Delayed(
            consumer=self.observer.name, position=event.position, record=event.record, id=event.id, state="behind"
        )

    def _failed(self, row: Delayed, error: CrmError) -> Delayed:
        found = failure(error, row.attempts + 1, self.desk.clock.now())
        return attrs.evolve(
            row,
            state=found.state,
            attempts=found.attempts,
            due=found.due,
            error=found.error,
            traceback=found.traceback,
        )
