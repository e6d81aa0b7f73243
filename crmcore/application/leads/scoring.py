"""Scoring leads by the rules that are kept as data, as of any time: filters of fit over the customer, filters of
engagement over what the customer wrote, said and did."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import reading
from crmcore.application.leads.past import Past
from crmcore.application.repository import repository
from crmcore.application.session import Session
from crmcore.domain import grammar
from crmcore.domain.bound import Bound, BoundQuery, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue, PredicateError
from crmcore.domain.evaluate import matcher
from crmcore.domain.interaction import Interaction
from crmcore.domain.leads.score_rule import SIDES, Scored, ScoreRule
from crmcore.domain.leads.scoring import ScoringRule, score_lead
from crmcore.domain.record import Record, RecordType

CHUNK: Final = 500
Hits = dict[UUID, list[tuple[ScoringRule, int]]]


def score(unit: Session, customer: UUID, as_of: dt.datetime | None = None) -> Scored:
    """See `ports.work.Leads.score`."""
    type = unit.catalogue.of(Customer)
    if as_of is None:
        reading.unblanked(unit, type, customer)
    else:
        reading.as_of(unit, type, customer, as_of)
    return scores(unit, [customer], as_of)[customer]


def scores(unit: Session, customers: Sequence[UUID], as_of: dt.datetime | None = None) -> dict[UUID, Scored]:
    """The scores of many customers: one query for each rule and 500 of them. Whom the actor may not see has nothing
    that counts."""
    if as_of is not None and as_of > unit.now():
        raise InvalidValue(f"{as_of.isoformat()} is still to come: nothing is known of it", value=as_of.isoformat())
    active = repository(unit, ScoreRule).stream("active = true")
    rules = sorted(active, key=lambda rule: (rule.side != "fit", rule.name))
    seen = [rule for rule in rules if _may_ask(unit, rule)]
    left_out = tuple(rule.name for rule in rules if rule not in seen)
    hits: Hits = defaultdict(list)
    for start in range(0, len(customers), CHUNK):
        chunk = customers[start : start + CHUNK]
        found = _Now(unit) if as_of is None else _Then(unit, as_of)
        for rule in seen:
            pure = _pure(rule)
            for customer, age in found.ages(rule, chunk):
                hits[customer].append((pure, age))
    made = {customer: score_lead(hits[customer]) for customer in customers}
    return {id: Scored(each.fit, each.engagement, each.lines, left_out) for id, each in made.items()}


def _may_ask(unit: Session, rule: ScoreRule) -> bool:
    """Whether the actor sees all that the rule is about: a score must not tell what a look would not."""
    type, name = _about(unit, rule)
    try:
        unit.binder().bind(type, grammar.parse(rule.condition))
    except PredicateError:
        return False
    return name not in unit.rule(type).hidden


def _pure(rule: ScoreRule) -> ScoringRule:
    kind: Any = rule.side
    cap = None if rule.cap is None else _short(rule.cap)
    return ScoringRule(name=rule.name, points=_short(rule.points), kind=kind, half_life=rule.half_life_days, cap=cap)


def _short(points: Decimal) -> int | Decimal:
    """As it is written in an explanation: 10, not 10.00."""
    return int(points) if points == int(points) else points.normalize()


def _about(unit: Session, rule: ScoreRule) -> tuple[RecordType, str]:
    """The record type that a rule's filter is about, and the field by which it is somebody's."""
    return unit.catalogue.record(SIDES[rule.side]), "id" if rule.side == "fit" else "customer"


def _among(type: RecordType, name: str, ids: Sequence[UUID]) -> Bound:
    field = type.field(name)
    return Test(field, "in", tuple(ids)) if field else every()


class _Now:
    """Hits as things stand."""

    def __init__(self, unit: Session) -> None:
        self._unit = unit

    def ages(self, rule: ScoreRule, customers: Sequence[UUID]) -> list[tuple[UUID, int]]:
        """Whose record or interaction fits the rule, with the age in days of each."""
        unit, now = self._unit, self._unit.now()
        type, name = _about(unit, rule)
        where = unit.binder(rule.condition).read(type, grammar.parse(rule.condition))
        query = BoundQuery(type=type, where=every(_among(type, name, customers), where))
        records = [found.record for found in unit.transaction.select(query)]
        return [pair for each in records if (pair := _aged(each, name, now))]


class _Then:
    """Hits as they were known at a time: what was recorded later does not count, what was changed later counts as it
    was. What was removed since is not seen."""

    def __init__(self, unit: Session, at: dt.datetime) -> None:
        self._unit = unit
        self._at = at
        self._past = Past(unit, at)
        self._known: dict[str, Mapping[UUID, Record]] = {}

    def ages(self, rule: ScoreRule, customers: Sequence[UUID]) -> list[tuple[UUID, int]]:
        """As of `_Now.ages`."""
        unit = self._unit
        type, name = _about(unit, rule)
        known = self._known.get(rule.side)
        if known is None:
            known = self._known[rule.side] = self._past.known(type, _among(type, name, customers))
        binder = attrs.evolve(unit.binder(rule.condition), now=self._at)
        fits = matcher(binder.bind(type, grammar.parse(rule.condition)), self._past)
        pairs = [_aged(each, name, self._at) for each in known.values() if fits(each)]
        return [pair for pair in pairs if pair]


def _aged(record: Any, name: str, now: dt.datetime) -> tuple[UUID, int] | None:
    """Whose it is, and its age in whole days: none of what somebody is; None for what is still to come."""
    whose: UUID = getattr(record, name)
    if not isinstance(record, Interaction):
        return whose, 0
    return (whose, (now - record.at).days) if record.at <= now else None
