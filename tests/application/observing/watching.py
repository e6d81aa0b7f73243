"""Observers for tests, which keep what they saw; and what went wrong, told shortly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any
from uuid import UUID

from crmcore import Person
from crmcore.crm import Crm
from crmcore.plugins import Event, Observed
from crmcore.testing.contract.case import NOON
from crmcore.testing.specimens import Entry


class Watching:
    """Sees changes, writes a line of the ledger for each, then fails where `fails` says so."""

    def __init__(self, fails: Callable[[Event], bool] = lambda event: False) -> None:
        self.fails = fails
        self.batches: list[list[str]] = []

    @cached_property
    def hook(self) -> Callable[[Observed], None]:
        """What the plugin's observer is."""
        return lambda context: self.see(context)

    def see(self, context: Observed) -> None:
        """Take a batch."""
        self.batches.append([told(event) for event in context.events])
        for event in context.events:
            if event.operation != "remove":
                memo = f"{event.version} {name_of(event)}"
                context.work[Entry].add(Entry(event.id, NOON, event.position, memo))
            if self.fails(event):
                raise ValueError(f"no {told(event)}")

    @property
    def seen(self) -> list[str]:
        """What it saw, batch after batch."""
        return [each for batch in self.batches for each in batch]


def name_of(event: Event) -> str:
    """The name that a change gave, or nothing."""
    return str(event.fields["name"][1]) if "name" in event.fields else ""


def told(event: Event) -> str:
    """A change in short."""
    return f"{event.position} {event.operation} {event.record} {name_of(event)}".strip()


def add(crm: Crm, *names: str, actor: str = "sara") -> list[UUID]:
    """Add people, each in a unit of work of its own."""
    return list(_added(crm, names, actor))


def _added(crm: Crm, names: tuple[str, ...], actor: str) -> Iterator[UUID]:
    for name in names:
        with crm.work(actor) as work:
            yield work.customers.add(Person(name)).id


def rename(crm: Crm, id: UUID, *names: str) -> None:
    """Change somebody's name, again and again."""
    for name in names:
        with crm.work("sara") as work:
            work.customers.change(id, name=name)


def lines(crm: Crm) -> list[str]:
    """The lines of the ledger that stayed, in order of the feed."""
    with crm.work("sara") as work:
        return [str(entry.memo) for entry in work[Entry].query(sort="points", limit=1_000).items]


def aside(crm: Crm, **wanted: Any) -> list[tuple[Any, ...]]:
    """What was put aside: position, state, attempts and error."""
    items = crm.workers.put_aside(**wanted)
    return [
        (each.get("position", each.get("period")), each["state"], each["attempts"], each["error"]) for each in items
    ]
