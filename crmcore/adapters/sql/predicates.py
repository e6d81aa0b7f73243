"""Bound predicates as SQL. Values are always parameters, taken in the order in which `shapes` collects them.

SQL has three truth values, predicates two. Where nothing negates a test, unknown counts as false by itself, and the
test stays one that an index can serve. Under a negation each test first asks whether there is a value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, TypeAlias

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.compiled import constant
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend, currency_name, fold_name
from crmcore.domain.bound import (
    Bound,
    Const,
    Every,
    FromRecords,
    Not,
    Present,
    Some,
    Step,
    Test,
    ToFacet,
    ToPart,
    ToRecord,
    ToSet,
    Via,
)
from crmcore.domain.field import Field

Clause: TypeAlias = sa.ColumnElement[bool]

COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@attrs.frozen
class Scope:
    """A table that is being asked: its rows under an alias, whose record type it belongs to, which facet if any."""

    rows: Any
    record: str
    facet: str = ""

    def column(self, name: str) -> Any:
        """A column of it."""
        return self.rows.c[name]


@attrs.frozen
class Parameters:
    """Gives out parameters in order: p0, p1 ..."""

    _numbers: Iterator[int] = attrs.field(factory=count)

    def take(self, like: Any) -> Any:
        """The next parameter, of the type of a column."""
        return sa.bindparam(f"p{next(self._numbers)}", type_=like.type)

    def number(self) -> Any:
        """The next parameter, a whole number."""
        return sa.bindparam(f"p{next(self._numbers)}", type_=sa.Integer())


@attrs.frozen
class Predicates:
    """Compiles predicates for one statement. `whole`: it goes through all rows, and many may fit."""

    tables: Tables
    backend: Backend
    parameters: Parameters
    whole: bool = False
    _aliases: Iterator[int] = attrs.field(factory=count)

    def clause(self, scope: Scope, node: Bound, negated: bool = False) -> Clause:
        """The condition on the rows of a scope; `negated`: somewhere above it stands a Not."""
        match node:
            case Const(value):
                return sa.true() if value else sa.false()
            case Test():
                return self._test(scope, node, negated)
            case Present(field):
                present: Clause = scope.column(field.name).is_not(None)
                return present
            case Not(part):
                return sa.not_(self.clause(scope, part, True))
            case Every(parts):
                return sa.and_(sa.true(), *[self.clause(scope, p, negated) for p in parts])
            case Some(parts):
                return sa.or_(sa.false(), *[self.clause(scope, p, negated) for p in parts])
            case Via(step, inner):
                return self._via(scope, step, inner, negated)

    def _test(self, scope: Scope, node: Test, negated: bool) -> Clause:
        column = scope.column(fold_name(node.field) if node.op == "contains" else node.field.name)
        if node.field.kind == "money":
            made = self._money(column, scope.column(currency_name(node.field)), node)
        elif node.op == "in":
            made = column.in_([self.parameters.take(column) for _ in padded(node.values)])
        elif node.op == "contains":
            made = self._contains(column)
        else:
            made = COMPARE[node.op](column, self.parameters.take(column))
        return sa.and_(column.is_not(None), made) if negated else made

    def _contains(self, column: Any) -> Any:
        wanted = self.parameters.take(column)
        if self.backend == "postgresql":  # LIKE, which a trigram index can serve
            return column.like(wanted, escape="!")
        return sa.func.instr(column, wanted) > constant("0")

    def _money(self, amount: Any, currency: Any, node: Test) -> Any:
        """Amounts are equal if their currencies are too; they are ordered within one currency only."""
        pairs = [(self.parameters.take(amount), self.parameters.take(currency)) for _ in _given(node)]
        if node.op == "!=":
            return sa.or_(amount != pairs[0][0], currency != pairs[0][1])
        compare = operator.eq if node.op == "in" else COMPARE[node.op]
        return sa.or_(*[sa.and_(currency == c, compare(amount, a)) for a, c in pairs])

    def _via(self, scope: Scope, step: Step, inner: Bound, negated: bool) -> Clause:
        """Either the keys are gathered first, or each row looks for itself: under a negation always, since a NULL among
        the keys would make it unknown. SQLite alone does as it is written; the others find out what is better. Where
        all rows are gone through, gathering the keys of a facet once takes a third of looking each of them up.
        """
        rows, key, mine, held = self._step(scope, step)
        condition = sa.and_(*held, self.clause(rows, inner, negated))
        gathered = self.whole and isinstance(step, ToFacet)
        if negated or (self.backend == "sqlite" and not gathered and _looked_up(step, inner)):
            some = sa.select(constant("1")).select_from(rows.rows).where(key == mine, condition)
            return sa.exists(some.correlate(scope.rows))
        keys = sa.select(key).select_from(rows.rows).where(condition)
        found: Clause = mine.in_(keys)
        return found

    def _step(self, scope: Scope, step: Step) -> tuple[Scope, Any, Any, list[Clause]]:
        """Where a step leads: (scope there, its key, what the key equals here, what must hold there anyway)."""
        match step:
            case ToFacet(facet):
                there = self._scope(self.tables.facets[scope.record, facet.name], scope.record, facet.name)
                return there, there.column("id"), scope.column("id"), []
            case ToPart(part, where):
                there = self._scope(self.tables.parts[scope.record, part.name], scope.record)
                held = [self._held(there, field) for field, _ in where]
                return there, there.column("owner"), scope.column("id"), held
            case ToSet(field):
                there = self._scope(self.tables.sets[scope.record, scope.facet, field.name], scope.record)
                return there, there.column("owner"), scope.column("id"), []
            case ToRecord(field, target):
                there = self._scope(self.tables.records[target.name], target.name)
                return there, there.column("id"), scope.column(field.name), []
            case FromRecords(target, via):
                there = self._scope(self.tables.records[target.name], target.name)
                return there, there.column(via.name), scope.column("id"), []

    def _held(self, scope: Scope, field: Field) -> Clause:
        column = scope.column(field.name)
        held: Clause = column == self.parameters.take(column)
        return held

    def _scope(self, table: sa.Table, record: str, facet: str = "") -> Scope:
        return Scope(table.alias(f"a{next(self._aliases)}"), record, facet)


def over_all(tables: Tables, backend: Backend, node: Bound) -> Predicates:
    """For a statement without parameters of its own that counts or adds up all rows of which this holds."""
    return Predicates(tables, backend, Parameters(), whole=not _selective(node))


def _given(node: Test) -> tuple[Any, ...]:
    return padded(node.values) if node.op == "in" else node.values


def _looked_up(step: Step, inner: Bound) -> bool:
    """Whether to look from each row rather than to gather the keys: where an index leads there and much may fit."""
    if _selective(inner):
        return False
    if isinstance(step, FromRecords):
        timeline = step.target.options.timeline or ()
        return _asks_only(inner, {step.via.name, *(timeline if step.via.name in timeline[:1] else ())})
    return True


def _selective(node: Bound) -> bool:
    """Whether a predicate is likely to select few rows: it asks for equal values, or for a piece of text."""
    match node:
        case Test(field, op):
            return op == "contains" or (op in ("=", "in") and field.kind not in ("boolean", "choice"))
        case Every(parts):
            return any(_selective(p) for p in parts)
        case Some(parts):
            return bool(parts) and all(_selective(p) for p in parts)
        case Via(_, inner):
            return _selective(inner)
    return False


def _asks_only(node: Bound, names: set[str]) -> bool:
    """Whether a predicate looks at these fields alone."""
    match node:
        case Test(field) | Present(field):
            return field.name in names
        case Every(parts) | Some(parts):
            return all(_asks_only(p, names) for p in parts)
        case Not(part):
            return _asks_only(part, names)
        case Const():
            return True
    return False
