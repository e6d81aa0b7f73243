"""Guards of erasures: asked what must not be erased yet. Who fails to answer might have held something, so that nothing
is erased then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.hooks.batch import held_apart
from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend
from crmcore.application.session import Session
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.customer import Customer
from crmcore.domain.errors import nearest
from crmcore.domain.kinds import storable_text
from crmcore.plugins.contexts import Erasing, Hold
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import Problem, refuse, told

HOOK: Final = "check_erasures"


@attrs.frozen
class Held:
    """What a plugin holds back from an erasure, and why: everything ("" for `record`), the records of one type that are
    about the person, or one of them (`id`)."""

    plugin: str
    reason: str
    record: str = ""
    id: UUID | None = None


def holds(unit: Session, customer: Customer, records: frozenset[str]) -> list[Held]:
    """Ask all guards what must not be erased yet of a customer, who has every facet with them; `records` has the
    record types in which something is about them. All are asked, in their order.

    Raises PluginFailed for a guard that fails or gives an answer that cannot be followed; what it wanted to hold is not
    known then.
    """
    found = []
    for call in unit.kernel.hooks.of(HOOK, "customer"):
        context = Erasing("customer", held_apart(unit, customer), records, lend(unit, call.plugin, reading=True))
        found += _answer(unit, call, context)
    return found


def _answer(unit: Session, call: Call, context: Erasing) -> list[Held]:
    answer = called(unit, call, context)
    if answer is None:
        return []
    if type(answer) not in (list, tuple):  # of another class, it might answer otherwise each time it is looked at
        refuse([call.problem(f"it returned a value of type {type(answer).__name__}", "Return a list of Hold, or None")])
    refuse(problem for each in answer for problem in _faults(unit.catalogue, call, each))
    return [Held(call.plugin, told(each.reason), each.record, each.id) for each in answer]


def _faults(catalogue: Catalogue, call: Call, each: Any) -> Iterator[Problem]:
    if type(each) is not Hold:
        yield call.problem(f"it returned a value of type {type(each).__name__} in its list", "Return only Hold")
        return
    reason: object = each.reason
    if not isinstance(reason, str) or not reason.strip() or storable_text(reason):
        yield call.problem("it holds without a reason", "Give a reason that a person understands")
    yield from _misnamed(catalogue, call, each.record, each.id)


def _misnamed(catalogue: Catalogue, call: Call, record: object, id: object) -> Iterator[Problem]:
    """What is wrong with what a hold names: if it named nothing that is there, it would hold nothing."""
    if not isinstance(record, str) or (record and record not in catalogue.records):
        close = nearest(str(record), catalogue.records)
        hint = f"Did you mean {' or '.join(map(repr, close))}? Else name" if close else "Name"
        yield call.problem(
            f"it holds {told(repr(record))}, and there is no such record type",
            f'{hint} a record type that is declared, or "" for everything about the person',
        )
    elif id is not None and not isinstance(id, UUID):
        yield call.problem(f"it holds {record or 'a record'} {told(repr(id))}, which is no id", "Give the record's id")
    elif id is not None and not record:
        yield call.problem(f"it holds the record {id} and does not say of which type", "Name its record type")
