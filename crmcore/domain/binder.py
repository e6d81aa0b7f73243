"""Binding: every name of a predicate looked up in the catalogue, every value typed by its field, policies joined in.

A hidden field and one that does not exist give the same error. Every step to another record type carries that
type's own read rule, so that no filter tells what a direct look would not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import attrs

from crmcore.domain import bound, operand
from crmcore.domain.bound import Bound, Const, FromRecords, Present, Test, ToFacet, ToPart, ToRecord, ToSet, Via, every
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.change import Actor
from crmcore.domain.errors import PredicateError, UnknownName
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.kinds import Kind
from crmcore.domain.literal import Value
from crmcore.domain.part import PartType
from crmcore.domain.predicate import And, Compare, Exists, In, Missing, Not, Or, Path, Predicate, asks_for
from crmcore.domain.query import Sort
from crmcore.domain.record import Derived, Flat, RecordType
from crmcore.domain.visibility import seen, seen_facet, seen_parts

Holder: TypeAlias = RecordType | PartType | FacetType
MERGED: Final = "merged_into"
"""The field by which a merged record says what it is a part of. Whoever asks for it sees merged records too."""
UNSORTED: Final = frozenset(("json", "choices"))


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
        if record.merges and (predicate is None or not asks_for(predicate, MERGED)):
            asked = every(living(record), asked)
        return every(self.scope(record), asked)

    def scope(self, record: RecordType) -> Bound:
        """The read rule alone; it may look at fields that are hidden from the actor. Rows of a log are read by those
        who may read the record that they are about."""
        where, followed = self.rule(record).where, record.followed
        own = Const(True) if where is None else attrs.evolve(self, rule=lambda _: ALL, text="").bind(record, where)
        if followed is None:
            return own
        target = self.catalogue.record(followed.target)
        above = self.scope(target)
        return own if above == Const(True) else every(own, Via(ToRecord(followed, target), above))

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
                return self._reach(holder, path.names, path, lambda f: self._one_of(f, values, path))
            case Missing(path):
                return bound.Not(self._reach(holder, path.names, path, Present))
            case Exists():
                return self._exists(holder, node)

    def _reach(self, holder: Holder, names: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]) -> Bound:
        if isinstance(holder, RecordType) and (found := self._beyond(holder, names, path, leaf)):
            return found
        field = (self._seen(holder) if isinstance(holder, RecordType) else holder).field(names[0])
        if field is None:
            raise self._unknown(holder, names, path)
        return self._field(holder, field, names, path, leaf)

    def _beyond(
        self, record: RecordType, names: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]
    ) -> Bound | None:
        """What a name stands for that is no field of the record's own; None if it is none of these."""
        name, rest, seen = names[0], names[1:], self._seen(record)
        if rest and (facet := self.catalogue.facet(record, name)) and (shown := self._seen_facet(record, facet)):
            return Via(ToFacet(facet), self._reach(shown, rest, path, leaf))
        if view := seen.flat(name):
            inner = (view.field, *rest)
            return Via(flat_step(record, view), self._reach(flat_part(seen, view), inner, path, leaf))
        if figure := seen.derived(name):
            if rest:
                raise self._unknown(record, names, path)
            return self._derived(figure, leaf)
        if rest and (part := seen.part(name)):
            return self._parts(record, part, self._reach(part, rest, path, leaf))
        return None

    def _parts(self, record: RecordType, part: PartType, inner: Bound) -> Bound:
        """Some part that the actor may see fits."""
        whole = record.part(part.name) or part
        return Via(ToPart(whole), every(seen_parts(record, whole, self.rule(record).hidden), inner))

    def _field(
        self, holder: Holder, field: Field, names: tuple[str, ...], path: Path, leaf: Callable[[Field], Bound]
    ) -> Bound:
        if rest := names[1:]:
            if field.kind != "reference" or field.target == "*" or field.name == "id":
                raise self._unknown(holder, names, path)
            target = self.catalogue.record(field.target)
            return Via(ToRecord(field, target), every(self.scope(target), self._reach(target, rest, path, leaf)))
        if field.kind == "choices":
            kind: Kind = "choice" if field.options else "text"
            element = attrs.evolve(bound.ELEMENT, kind=kind, options=field.options, length=field.length)
            return Via(ToSet(field), leaf(element))
        return leaf(field)

    def _derived(self, figure: Derived, leaf: Callable[[Field], Bound]) -> Bound:
        """The maximum is below x if there is one and none is x or above: so no aggregate is ever computed."""
        target = self.catalogue.record(figure.record)
        via, field = declared(target, figure.via), declared(target, figure.field)

        def some(inner: Bound) -> Bound:
            return Via(FromRecords(target, via), every(self.scope(target), inner))

        asked = leaf(field)
        if isinstance(asked, Test):
            return _extreme(figure.how == "max", asked, some, field)
        return some(asked)

    def _exists(self, holder: Holder, node: Exists) -> Bound:
        if not isinstance(holder, RecordType):
            raise self._error(f"{node.record} cannot be asked for here", node.position, "a field")
        if part := self._seen(holder).part(node.record):
            return self._parts(holder, part, Const(True) if node.where is None else self.bind(part, node.where))
        target = self.catalogue.records.get(node.record)
        vias = [] if target is None else self._pointing(target, holder)
        if target is None or not vias:
            known = [r.name for r in self.catalogue.records.values() if self._pointing(r, holder)]
            known += [p.name for p in self._seen(holder).parts]
            hint = UnknownName("record", node.record, known, f"those that refer to {holder.name}")
            raise self._error(hint.message, node.position, "")
        inner = self.read(target, node.where)
        steps: list[Bound] = [Via(FromRecords(target, via), inner) for via in vias]
        return steps[0] if len(steps) == 1 else bound.Some(tuple(steps))

    def _pointing(self, record: RecordType, target: RecordType) -> list[Field]:
        """The fields, as far as the actor sees them, by which records of one type refer to those of another."""
        return [f for f in self._seen(record).fields if f.target == target.name and f.name != "id"]

    def _one_of(self, field: Field, values: tuple[Value, ...], path: Path) -> Bound:
        if field.kind == "reference" and any(value.kind == "me" for value in values):
            return bound.Some(tuple(self._test(field, "=", (value,), path) for value in values))
        return self._test(field, "in", values, path)

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
        for name, key in self._sort_keys(record):
            if name == sort.path:
                return attrs.evolve(key, descending=sort.descending)
        known = (name for name, _ in self._sort_keys(record))
        raise UnknownName("field", sort.path, known, f"{record.name} to sort by")

    def _sort_keys(self, record: RecordType) -> Iterator[tuple[str, bound.SortKey]]:
        """All that the actor may sort by; a flat name comes before a field of the same name, as in filters."""
        seen = self._seen(record)
        for view in seen.options.flats:
            if not view.many:
                part = flat_part(record, view)
                yield view.name, bound.SortKey(declared(part, view.field), part=part, flat=view)
        for field in seen.fields:
            if field.kind not in UNSORTED:
                yield field.name, bound.SortKey(field)
        for facet in self.catalogue.facets.get(record.name, ()):
            shown = self._seen_facet(record, facet)
            for field in shown.fields if shown else ():
                if field.kind not in UNSORTED:
                    yield facet.dotted(field), bound.SortKey(field, facet=facet)

    def visible_names(self, record: RecordType) -> list[str]:
        """Every name that the actor may ask for."""
        hidden = self.rule(record).hidden
        named = self.catalogue.names(self._seen(record))
        return [n for n in named if n not in hidden and n.partition(".")[0] not in hidden]

    def _seen(self, record: RecordType) -> RecordType:
        """The record type without what is hidden from the actor, and without figures over what is hidden elsewhere."""
        found = seen(record, self.rule(record).hidden)
        figures = tuple(d for d in found.options.derived if self._is_counted(d))
        if figures == found.options.derived:
            return found
        return attrs.evolve(found, options=attrs.evolve(found.options, derived=figures))

    def _is_counted(self, figure: Derived) -> bool:
        hidden = self.rule(self.catalogue.record(figure.record)).hidden
        return figure.via not in hidden and figure.field not in hidden

    def _seen_facet(self, record: RecordType, facet: FacetType) -> FacetType | None:
        return seen_facet(facet, self.rule(record).hidden)

    def _unknown(self, holder: Holder, names: tuple[str, ...], path: Path) -> PredicateError:
        """`names` is what was left of the path at `holder`; what is suggested begins as the path does."""
        known = self.visible_names(holder) if isinstance(holder, RecordType) else [f.name for f in holder.fields]
        begun = path.names[: len(path.names) - len(names)]
        of = holder.record if isinstance(holder, FacetType) else holder.name
        error = UnknownName("field", str(path), (".".join((*begun, n)) for n in known), of)
        return self._error(error.message, path.position, "")

    def _error(self, message: str, position: int, expected: str) -> PredicateError:
        return PredicateError(message, self.text, position, expected)


def declared(holder: Holder, name: str) -> Field:
    """The field of that name, which the catalogue has checked to be there."""
    field = holder.field(name)
    if field is None:
        raise UnknownName("field", name, (f.name for f in holder.fields), holder.name)
    return field


def living(record: RecordType) -> Bound:
    """What records fit that were not merged into others."""
    return bound.Not(Present(declared(record, MERGED)))


def flat_part(record: RecordType, view: Flat) -> PartType:
    """The part type behind a flat name, which the catalogue has checked to be there."""
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
