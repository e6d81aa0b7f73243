"""All observers of a Crm: each takes its turn at the feed, page by page, as long as there is time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from crmcore.application.observing.desk import Desk, LeaseLost
from crmcore.application.observing.events import Pages
from crmcore.application.observing.turn import Observer, Turn
from crmcore.domain.errors import StorageBusy
from crmcore.plugins.hookspecs import begins_at_start
from crmcore.plugins.routing import Hooks

PAGE = 1_000


def observers_of(hooks: Hooks, records: Iterable[str]) -> tuple[Observer, ...]:
    """The observers of the active plugins, with those of these record types that each asked for."""
    listed = tuple(records)
    found = []
    for call in hooks.all("observe_changes"):
        wanted = frozenset(name for name in listed if call in hooks.of("observe_changes", name))
        found.append(Observer(call, wanted))
    return tuple(found)


def enroll(desk: Desk, observers: Sequence[Observer]) -> None:
    """Make the cursors of observers that are new: at the present end of the feed, unless one asked for its start.
    A plugin that was away goes on where it was."""
    with desk.reading() as consuming:
        known = {each.name for each in consuming.consumers()}
    missing = [each for each in observers if each.name not in known]
    if missing:
        with desk.writing() as consuming:
            end = consuming.last_position()
            for each in missing:
                consuming.enroll(each.name, 0 if begins_at_start(each.call.function) else end)


@attrs.frozen
class Done:
    """How many events were handed over, and how many were parked; `busy`: another writer was in the way."""

    delivered: int
    parked: int
    busy: StorageBusy | None = None


def round_of(desk: Desk, observers: Sequence[Observer], until: float) -> Done:
    """Hand the feed to all observers with something to do, until nothing is left or time is up."""
    pages = Pages(desk.feed, PAGE)
    busy: StorageBusy | None = None
    with _turns(desk, observers) as turns:
        at_work = list(turns)
        while at_work and desk.monotonic() < until:
            for turn in tuple(at_work):
                try:
                    if not turn.step(pages):
                        at_work.remove(turn)
                except LeaseLost:
                    at_work.remove(turn)
                except StorageBusy as error:
                    busy = error
                    at_work.remove(turn)
        return Done(sum(t.delivered for t in turns), sum(t.parked for t in turns), busy)


@contextmanager
def _turns(desk: Desk, observers: Sequence[Observer]) -> Iterator[list[Turn]]:
    """The turns at those observers that have something to do and that nobody else is at; ended at the end."""
    turns: list[Turn] = []
    try:
        for observer in _with_work(desk, observers):
            if (lease := desk.take(observer.name)) is not None:
                turns.append(Turn(desk, observer, lease, set()))
                with desk.reading() as consuming:
                    turns[-1].held.update(consuming.held(observer.name))
        yield turns
    finally:
        for turn in turns:
            _end(turn)


def _end(turn: Turn) -> None:
    """A lease that cannot be given back runs out by itself; what was only passed by is passed by again."""
    try:
        turn.end()
    except (LeaseLost, StorageBusy):
        return


def _with_work(desk: Desk, observers: Sequence[Observer]) -> list[Observer]:
    if not observers:
        return []
    now = desk.clock.now()
    with desk.reading() as consuming:
        end = consuming.last_position()
        places = {each.name: each.position for each in consuming.consumers()}
        return [
            each
            for each in observers
            if each.name in places and (places[each.name] < end or consuming.delayed(each.name, now, 1))
        ]
