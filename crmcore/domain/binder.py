"""Binding: every name of a predicate looked up in the catalogue, every value typed by its field, policies joined in.

A hidden field and one that does not exist give the same error. Every step to another record type carries that
type's own read rule, so that no filter tells what a direct look would not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

import attrs

from crmcore.domain import bound, operand
from crmcore.domain.bound import Bound, Const, FromRecords, Present, Test, ToFacet, ToPart, ToRecord, ToSet, Via, every
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor
from crmcore.domain.errors import PredicateError, UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.predicate import And, Compare, Exists, In, Missing, Not, Or, Path, Predicate, Value
from crmcore.domain.query import Sort
from crmcore.domain.record import Derived, Flat, RecordType

Holder: TypeAlias = RecordType | PartType | FacetType


@attrs.frozen
class ReadRule:
    """What a policy lets somebody read of a record type: rows for which `where` holds (None: all), without the
    `hidden` fields (dotted for facets; a part's attribute or a flat name hides those)."""

    where: Predicate | None = None
    hidden: frozenset[str] = frozenset()


ALL: ReadRule = ReadRule()


@attrs.frozen(kw_only=True)
class Binder:
    """Binds predicates for one actor at one moment. `zone` reads dates where a time is due, `currency` bare amounts."""

    catalogue: Catalogue
    actor: Actor
    now: dt.datetime
    zone: dt.tzinfo
    currency: str
    rule: Callable[[RecordType], ReadRule]
    text: str = ""

    def read(self, record: RecordType, predicate: Predicate | None) -> Bound:
        """The predicate and the read rule of the record type together."""
        asked = Const(True) if predicate is None else self.bind(record, predicate)
        return every(self.scope(record), asked)

    def scope(self, record: RecordType) -> Bound:
        """The read rule alone; it may look at fields that are hidden from the actor."""
        where = self.rule(record).where
        if where is None:
            return Const(True)
        return attrs.evolve(self, rule=lambda _: ALL, text="").bind(record, where)

    def bind(self, holder: Holder, node: Predicate) -> Bound:
        """The bound tree; `PredicateError` points at what does not fit."""
        match node:
            case And(parts):
                return bound.Every(tuple(self.bind(holder, p) for p in parts))
            case Or(parts):
                return bound.Some(tuple(self.bind(holder, p) for p in parts))
            case Not(part):
                return bound.Not(self.bind(holder, part))
            case Compare(path, op, value):
                return self._reach(holder, path.names, path, lambda f: self._test(f, op, (value,), path))
            case In(path, values):
                return self._reach(holder, path.names, path, lambda f: self._test(f, "in", values, path))
            case Missing(path):
                return bound.Not(self._reach(holder, path.names, path, Present))
            case Exists():
                return self._exists(holder, node)

    def _reach(self, holder: Holder, names: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]) -> Bound:
        name, rest = names[0], names[1:]
        if isinstance(holder, RecordType):
            self._refuse_hidden(holder, names, path)
            if rest and (facet := self.catalogue.facet(holder, name)):
                return Via(ToFacet(facet), self._reach(facet, rest, path, leaf))
            if view := holder.flat(name):
                return self._flat(holder, view, rest, path, leaf)
            if figure := holder.derived(name):
                return self._derived(figure, rest, path, leaf)
            if rest and (part := holder.part(name)):
                return Via(ToPart(part), self._reach(part, rest, path, leaf))
        field = holder.field(name)
        if field is None:
            raise self._unknown(holder, path)
        return self._field(holder, field, rest, path, leaf)

    def _field(
        self, holder: Holder, field: Field, rest: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]
    ) -> Bound:
        if rest:
            if field.kind != "reference" or field.target == "*" or field.name == "id":
                raise self._unknown(holder, path)
            target = self.catalogue.record(field.target)
            return Via(ToRecord(field, target), every(self.scope(target), self._reach(target, rest, path, leaf)))
        if field.kind == "choices":
            element = attrs.evolve(bound.ELEMENT, options=field.options, length=field.length)
            return Via(ToSet(field), leaf(element))
        return leaf(field)

    def _flat(
        self, holder: RecordType, view: Flat, rest: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]
    ) -> Bound:
        return Via(flat_step(holder, view), self._reach(flat_part(holder, view), (view.field, *rest), path, leaf))

    def _derived(self, figure: Derived, rest: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]) -> Bound:
        """The maximum is below x if there is one and none is x or above: so no aggregate is ever computed."""
        target = self.catalogue.record(figure.record)
        via, field = target.field(figure.via), target.field(figure.field)
        if rest or via is None or field is None:
            raise UnknownName("field", str(path))

        def some(inner: Bound) -> Bound:
            return Via(FromRecords(target, via), every(self.scope(target), inner))

        asked = leaf(field)
        if isinstance(asked, Test):
            return _extreme(figure.how == "max", asked, some, field)
        return some(asked)

    def _exists(self, holder: Holder, node: Exists) -> Bound:
        if not isinstance(holder, RecordType):
            raise self._error(f"{node.record} cannot be asked for here", node.position, "a field")
        if (part := holder.part(node.record)) and not self._is_hidden(holder, part.name):
            return Via(ToPart(part), Const(True) if node.where is None else self.bind(part, node.where))
        target = self.catalogue.records.get(node.record)
        vias = [] if target is None else [f for f in target.fields if f.target == holder.name and f.name != "id"]
        if target is None or not vias:
            known = {r.name for r, place, _ in self.catalogue.references_to(holder.name) if not place}
            hint = UnknownName("record", node.record, known, f"those that refer to {holder.name}")
            raise self._error(hint.message, node.position, "")
        inner = every(self.scope(target), Const(True) if node.where is None else self.bind(target, node.where))
        steps: list[Bound] = [Via(FromRecords(target, via), inner) for via in vias]
        return steps[0] if len(steps) == 1 else bound.Some(tuple(steps))

    def _test(self, field: Field, op: str, values: tuple[Value, ...], path: Path) -> Bound:
        if op != "in" and values[0].kind == "me" and field.kind == "reference" and field.target == "user":
            target = self.catalogue.record("user")
            known_as = target.field("external_id")
            if known_as is not None and op in ("=", "!="):
                step = Via(ToRecord(field, target), Test(known_as, "=", (self.actor.id,)))
                return step if op == "=" else every(Present(field), bound.Not(step))
        typed = operand.Typing(self.now, self.zone, self.currency, self.actor.id, self.text)
        return typed.test(field, op, values, path)

    def sort_key(self, record: RecordType, sort: Sort) -> bound.SortKey:
        """What a sort key stands for; `UnknownName` for what cannot be sorted by, hidden fields included."""
        name, dot, rest = sort.path.partition(".")
        key: bound.SortKey | None = None
        if self._is_hidden(record, sort.path) or self._is_hidden(record, name):
            key = None
        elif dot and (facet := self.catalogue.facet(record, name)) and (field := facet.field(rest)):
            key = bound.SortKey(field, sort.descending, facet=facet)
        elif (view := record.flat(sort.path)) and not view.many:
            part = flat_part(record, view)
            inner = part.field(view.field)
            key = None if inner is None else bound.SortKey(inner, sort.descending, part=part, flat=view)
        elif own := record.field(sort.path):
            key = bound.SortKey(own, sort.descending)
        if key is None or key.field.kind in ("json", "choices"):
            raise UnknownName("field", sort.path, self.visible_names(record), f"{record.name} to sort by")
        return key

    def visible_names(self, record: RecordType) -> list[str]:
        """Every name that the actor may ask for."""
        return [n for n in self.catalogue.names(record) if not self._is_hidden(record, n)]

    def _is_hidden(self, record: RecordType, name: str) -> bool:
        hidden = self.rule(record).hidden
        if not hidden:
            return False
        head = name.partition(".")[0]
        inner = record.part(head)
        view = record.flat(name)
        behind = inner or (record.part(view.part) if view else None)
        return name in hidden or head in hidden or (behind is not None and behind.attribute in hidden)

    def _refuse_hidden(self, record: RecordType, names: tuple[str, ...], path: Path) -> None:
        if self._is_hidden(record, ".".join(names[:2])) or self._is_hidden(record, names[0]):
            raise self._unknown(record, path)

    def _unknown(self, holder: Holder, path: Path) -> PredicateError:
        known = self.visible_names(holder) if isinstance(holder, RecordType) else [f.name for f in holder.fields]
        error = UnknownName("field", str(path), known, holder.name)
        return self._error(error.message, path.position, "")

    def _error(self, message: str, position: int, expected: str) -> PredicateError:
        return PredicateError(message, self.text, position, expected)


def flat_part(record: RecordType, view: Flat) -> PartType:
    """The part type behind a flat name (the catalogue has checked that there is one)."""
    part = record.part(view.part)
    if part is None:
        raise UnknownName("part", view.part, (p.name for p in record.parts), record.name)
    return part


def flat_step(record: RecordType, view: Flat) -> ToPart:
    """The step from a record to the parts behind a flat name."""
    part = flat_part(record, view)
    pairs = tuple((f, view.where[f.name]) for f in part.fields if f.name in view.where)
    return ToPart(part, pairs)


def _extreme(highest: bool, asked: Test, some: Callable[[Bound], Bound], field: Field) -> Bound:
    beyond, within = ((">", ">="), ("<", "<=")) if highest else (("<", "<="), (">", ">="))
    if asked.op in beyond:
        return some(asked)
    there = some(Present(field))
    if asked.op in within:
        opposite: bound.Op = beyond[1] if asked.op == within[0] else beyond[0]  # type: ignore[assignment]  # literals
        return every(there, bound.Not(some(Test(field, opposite, asked.values))))
    strict: bound.Op = ">" if highest else "<"
    equals = bound.Some(
        tuple(every(some(Test(field, "=", (v,))), bound.Not(some(Test(field, strict, (v,))))) for v in asked.values)
    )
    return every(there, bound.Not(equals)) if asked.op == "!=" else equals
