"""The two sides of the state machine: what is done to each, and what of its outcome is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import attrs

from crmcore.application.merging.following import targets
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import CrmError, DanglingReference, DuplicateValue
from crmcore.ports.moving import Reference
from crmcore.testing.fakes import FrozenClock

Step = Callable[[UnitOfWork], Any]


class Undone(Exception):
    """Undoes a savepoint or a unit of work on purpose."""


@attrs.define
class Side:
    """One of the two: a Crm, its clock and the unit of work that is open."""

    crm: Crm
    clock: FrozenClock
    work: UnitOfWork

    def outcome(self, step: Step) -> Any:
        """What a step gives, or what it is refused by; a refused step leaves nothing behind."""
        try:
            with self.work.savepoint():
                return comparable(step(self.work))
        except CrmError as error:
            return type(error), error.details.get("field"), error.details.get("value")

    def renew(self, *, commit: bool) -> None:
        """End the unit of work and begin another one."""
        try:
            self.work.__exit__(None if commit else Undone, None if commit else Undone(), None)
        finally:
            self.work = self.crm.work("sara").__enter__()


def references_held(work: UnitOfWork, name: str) -> list[tuple[Reference, list[UUID]]]:
    """The references to records of a type that are somewhere held, each with the ids that it leads to."""
    found: list[tuple[Reference, list[UUID]]] = []
    for place in (Reference(*each) for each in work.catalogue.references_to(name)):
        classes = [f.cls for f in work.catalogue.facets.get(place.holder.name, ())]
        records = work.records(place.holder.name).stream(with_=classes)
        if ids := sorted({id for record in records for id in targets(work, place, record)}):
            found.append((place, ids))
    return found


def assert_same(model: Any, tested: Any) -> None:
    """AssertionError, with both, if the outcomes differ by more than what a storage may choose."""
    if tested != model and not (_is_clash(model) and _is_clash(tested)):
        raise AssertionError(f"memory gives\n  {model!r}\nand the storage that is tested\n  {tested!r}")


def _is_clash(outcome: Any) -> bool:
    """Of several things that stand in the way of one write, each storage may name another first."""
    return type(outcome) is tuple and outcome[:1] in ((DuplicateValue,), (DanglingReference,))


def comparable(result: Any) -> Any:
    """What is compared: numbers of seq are the storage's own, and JSON has no order."""
    if isinstance(result, list | tuple):
        return [comparable(each) for each in result]
    if isinstance(result, LogEntry):
        return attrs.evolve(result, seq=0, changes="", digest=""), result.values()
    return result
