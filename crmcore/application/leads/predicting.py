"""Predicting whether an open opportunity is won, from how the closed ones of its pipeline ended.

Compared are `COMPARED`: what belongs to the sale. Never gender, age or language: they are protected, and a seller who
is told that such customers buy less often would see to it that they do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.repository import repository
from crmcore.application.sales.statuses import counting_as, in_status, statuses
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery
from crmcore.domain.customer import Customer
from crmcore.domain.errors import IllegalTransition
from crmcore.domain.label import label_of, preferred_part
from crmcore.domain.leads.prediction import Frequencies, Prediction, predict
from crmcore.domain.predicate import Predicate, all_of, compare, equals
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.sales.pipeline import Pipeline

COMPARED: Final = ("owner", "product", "lead_source", "campaign")
COUNTRY: Final = "customer.country"
Counts = dict[str, tuple[int, int]]


def predicted(unit: Session, opportunity: UUID) -> Prediction | None:
    """See `ports.work.Leads.predict`."""
    sale = repository(unit, Opportunity).get(opportunity)
    if sale.status not in counting_as(unit, "open"):
        raise IllegalTransition(
            f"opportunity {opportunity} is {sale.status}: there is nothing left to predict", status=sale.status
        )
    if sale.pipeline is None or sale.stage is None:
        return None  # hidden from the actor
    pipeline = repository(unit, Pipeline).get(sale.pipeline)
    hidden = unit.rule(unit.catalogue.of(Opportunity)).hidden
    values = {name: _text(getattr(sale, name)) for name in COMPARED if name not in hidden}
    fields = {name: _by_value(unit, pipeline, name) for name in values}
    country = _country(unit, sale)
    if country is not None:
        values[COUNTRY] = country
        fields[COUNTRY] = _by_country(unit, pipeline, country)
    [total] = _ended(unit, pipeline, ()).values() or [(0, 0)]
    found = predict(Frequencies(total=total, stages=_entered(unit, pipeline), fields=fields), sale.stage, values)
    return found and attrs.evolve(found, influences=tuple(_labelled(unit, found)))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _ended(unit: Session, pipeline: Pipeline, by: tuple[str, ...], where: Predicate | None = None) -> Counts:
    """How many closed opportunities of the pipeline were (won, lost), by the values of a field ("" without one)."""
    type = unit.catalogue.of(Opportunity)
    closed: Predicate = all_of(equals("pipeline", pipeline.id), in_status(unit, "won", "lost"))
    tree = closed if where is None else all_of(closed, where)
    query = BoundQuery(type=type, where=unit.binder().read(type, tree))
    counts: Counts = {}
    for *group, status, number in unit.transaction.aggregate(query, (*by, "status"), (("count", ""),)):
        if group and group[0] is None:
            continue
        key = str(group[0]) if group else ""
        won, lost = counts.get(key, (0, 0))
        is_won = statuses(unit).counted(status) == "won"
        counts[key] = (won + number, lost) if is_won else (won, lost + number)
    return counts


def _by_value(unit: Session, pipeline: Pipeline, name: str) -> Counts:
    return _ended(unit, pipeline, (name,))


def _by_country(unit: Session, pipeline: Pipeline, country: str) -> Counts:
    """Of this country, and of all others together."""
    here = _ended(unit, pipeline, (), equals(COUNTRY, country))
    known = _ended(unit, pipeline, (), compare(COUNTRY, "!=", country))
    return {key: counts[""] for key, counts in ((country, here), ("another", known)) if counts}


def _country(unit: Session, sale: Opportunity) -> str | None:
    type = unit.catalogue.of(Customer)
    view = type.flat("country")
    found = reading.several(unit, type, [sale.customer], shown=False) if sale.customer else []
    part = preferred_part(type, found[0], view) if found and view else None
    return getattr(part, "country", None)


def _entered(unit: Session, pipeline: Pipeline) -> Counts:
    """How many entered each open stage: a won one all, a lost one all up to the furthest that it reached."""
    reached = _ended(unit, pipeline, ("reached",))
    stages = [stage.stage for stage in pipeline.opened]
    won = sum(each for each, _ in reached.values())
    return {
        stage: (won, sum(reached.get(later, (0, 0))[1] for later in stages[at:])) for at, stage in enumerate(stages)
    }


def _labelled(unit: Session, found: Prediction) -> Iterable[Any]:
    """The influences with what a person knows a user or product by, in place of the id."""
    for each in found.influences:
        target = {"owner": "user", "product": "product"}.get(each.field)
        if target is not None:
            type = unit.catalogue.record(target)
            named = reading.several(unit, type, [UUID(each.value)])
            label = label_of(type, named[0]) if named else each.value
            each = attrs.evolve(each, value=label, why=each.why.replace(each.value, label, 1))
        yield each
