"""Records, entries and questions for tests of a storage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from crmcore.domain.bound import BoundQuery
from crmcore.domain.change import LogEntry
from crmcore.domain.customer import Customer
from crmcore.domain.grammar import parse
from crmcore.domain.query import sorts
from crmcore.domain.record import RecordType
from crmcore.domain.user import User
from crmcore.ports.storage import Transaction
from tests.domain.clinic import CATALOGUE, NOON, VISIT, Visit, binder, visit

CUSTOMER, USER = CATALOGUE.of(Customer), CATALOGUE.of(User)
SARA = Customer(name="Sara", id=UUID(int=1), version=1)
ALI = User("Ali", id=UUID(int=2), version=1)
WORK = UUID(int=7)


def sample(number: int, **values: Any) -> Visit:
    """A visit of Sara's, with an id of its own."""
    given = {"id": UUID(int=100 + number), "patient": SARA.id, **values}
    return visit(number, given.pop("patient"), **given)


def entry(number: int, record: str = "customer") -> LogEntry:
    """An entry of the change log about Sara."""
    return LogEntry(NOON, "sara", None, WORK, record, SARA.id, SARA.id, number, "change", f'{{"n":[0,{number}]}}', "d")


def ask(where: str = "", sort: str = "", type: RecordType = VISIT, **options: Any) -> BoundQuery:
    """A bound query out of text."""
    keys = tuple(binder().sort_key(type, each) for each in sorts(sort)) if sort else ()
    bound = binder(where).read(type, parse(where) if where else None)
    return BoundQuery(type=type, where=bound, sort=keys, order=sort, **options)


def codes(transaction: Transaction, where: str = "", sort: str = "", **options: Any) -> list[str]:
    """The codes of the visits that fit, in order."""
    found = transaction.select(ask(where, sort, **options))
    return [each.record.code for each in found if isinstance(each.record, Visit)]
