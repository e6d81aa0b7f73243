"""Reading one customer: by its id, by its e-mail address, and the whole view.

The floor is the plain statement for each table from which the rows come, in one transaction, the rows left as the
driver gives them. By id: the customer and its contact points. By e-mail: the match key before that. The whole view:
five statements, for the customer with its facet, the contact points, the relationships with the other customer's name,
the 20 newest interactions, and the 20 newest orders with their lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from benchmarks import data
from benchmarks.drivers import Row
from benchmarks.floors import Statements
from benchmarks.report import Result, Target, per_unit
from benchmarks.stage import Stage
from benchmarks.tasks.asking import in_turns
from crmcore.application.whole_view import whole_view
from crmcore.domain.keys import email_key

T = TypeVar("T")
ONE, VIEW = Target(4, 1.6), Target(1.5, 1)


def get(stage: Stage) -> Iterator[Result]:
    """By id; and, to inform, the same against the customer's row alone."""
    ids, raw = _drawn(stage, stage.world.ids), stage.world.database.raw
    stored = [(raw.id(id),) for id in ids]
    customer, contact_points = Statements(raw).customer(), Statements(raw).contact_points()

    def both(id: Row) -> None:
        customer(id)
        contact_points(id)

    times = in_turns(stage, lambda work, id: work.customers.get(id), ids, both, stored)
    yield per_unit("get by id", stage.storage, times, ONE.on(stage.storage), len(times.ours))
    times = in_turns(stage, lambda work, id: work.customers.get(id), ids, customer, stored)
    yield per_unit("get by id, against the row alone", stage.storage, times, None, len(times.ours))


def find(stage: Stage) -> Iterator[Result]:
    """By e-mail address."""
    emails = _drawn(stage, [bearer.email for bearer in data.bearers(stage.size.customers)])
    statements = Statements(stage.world.database.raw)
    key, customer, contact_points = statements.key(), statements.customer(), statements.contact_points()

    def three(email: Row) -> None:
        [id] = key(email)
        customer(id)
        contact_points(id)

    keys = [(email_key(email),) for email in emails]
    times = in_turns(stage, lambda work, email: work.customers.find(email=email), emails, three, keys)
    yield per_unit("find by e-mail", stage.storage, times, ONE.on(stage.storage), len(times.ours))


def view(stage: Stage) -> Iterator[Result]:
    """The whole view of customers who have orders; some have relationships and the loyalty facet."""
    ids, raw = _drawn(stage, stage.world.ids[2::2]), stage.world.database.raw
    statements = Statements(raw).view()

    def five(id: Row) -> None:
        for statement in statements:
            statement(id)

    times = in_turns(stage, whole_view, ids, five, [(raw.id(id),) for id in ids])
    yield per_unit("whole view", stage.storage, times, VIEW.on(stage.storage), len(times.ours))


def _drawn(stage: Stage, values: Sequence[T]) -> list[T]:
    return Random(data.SEED).sample(values, min(stage.size.queries, len(values)))
