"""The one way in which records are read: a statement that brings each with its parts, sets and facets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import gathering, sorting
from crmcore.adapters.sql.compiled import Sql, at_most, compiled, constant
from crmcore.adapters.sql.predicates import Parameters, Predicates, Scope
from crmcore.adapters.sql.rowcode import Decode, record_decoder
from crmcore.adapters.sql.sorting import Ordering
from crmcore.adapters.sql.tables import Tables
from crmcore.adapters.sql.types import Backend
from crmcore.domain.bound import BoundQuery
from crmcore.domain.facet import FacetType
from crmcore.ports.storage import Found

Phase: TypeAlias = Literal["whole", "present", "missing"]
"""All rows, those that have the first sort key, or those that lack it."""


@attrs.frozen(eq=False)
class Select:
    """A statement that gives rows, and how a row is read."""

    sql: Sql
    decode: Decode
    plain: tuple[Callable[[Any], Any] | None, ...]

    def found(self, rows: list[tuple[Any, ...]]) -> list[Found]:
        """The records, each with its sort keys."""
        decode, plain = self.decode, self.plain
        if not plain:
            return [Found(decode(row), ()) for row in rows]
        return [Found(decode(row), self._keys(row)) for row in rows]

    def _keys(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        given = row[-len(self.plain) :]
        return tuple(
            [
                value if convert is None or value is None else convert(value)
                for convert, value in zip(self.plain, given, strict=True)
            ]
        )


@attrs.frozen(eq=False)
class Selection:
    """What a statement selects from: the record's rows and the facets joined to them."""

    tables: Tables
    backend: Backend
    query: BoundQuery
    rows: Any
    joined: dict[str, Any]

    @classmethod
    def of(cls, tables: Tables, backend: Backend, query: BoundQuery, alias: str, facets: tuple[FacetType, ...]) -> Any:
        """The rows under an alias, with these facets."""
        rows = tables.records[query.type.name].alias(alias)
        joined = {
            f.name: tables.facets[query.type.name, f.name].alias(f"{alias}{number}") for number, f in enumerate(facets)
        }
        return cls(tables, backend, query, rows, joined)

    def source(self, start: Any = None) -> Any:
        """The FROM clause."""
        source = self.rows if start is None else start
        for facet in self.joined.values():
            source = source.outerjoin(facet, facet.c.id == self.rows.c.id)
        return source

    def columns(self) -> list[Any]:
        """What the decoder unpacks."""
        record, tables = self.query.type, self.tables
        found = gathering.own_columns(tables, self.backend, record, self.rows)
        for facet in self.query.facets:
            found += gathering.facet_columns(tables, self.backend, record, facet, self.joined[facet.name])
        return found

    def keys(self, parameters: Parameters) -> list[list[Ordering]]:
        """What to order by, by sort key."""
        record = self.query.type
        return [
            sorting.orderings(self.tables, record, self.rows, self.joined, key, parameters) for key in self.query.sort
        ]


def build_select(
    tables: Tables,
    backend: Backend,
    dialect: sa.Dialect,
    query: BoundQuery,
    phase: Phase,
    nulls: tuple[bool, ...] | None,
) -> Select:
    """The statement for a query's shape. `nulls`: which values of its cursor are missing, None without a cursor.

    Its parameters: the predicate's, the cursor's, the limit.
    """
    facets = {f.name: f for f in query.facets} | {k.facet.name: k.facet for k in query.sort if k.facet}
    chosen = Selection.of(tables, backend, query, "t", tuple(facets.values()))
    statement = _page(chosen, phase, nulls)
    decode = record_decoder(backend, query.type, query.facets)
    plain = tuple(sorting.plain_key(backend, key, kind) for key in query.sort for kind in sorting.key_kinds(key))
    return Select(compiled(dialect, statement), decode, plain)


def _page(chosen: Selection, phase: Phase, nulls: tuple[bool, ...] | None) -> Any:
    query, rows, parameters = chosen.query, chosen.rows, Parameters()
    predicates = Predicates(chosen.tables, chosen.backend, parameters)
    where = [predicates.clause(Scope(rows, query.type.name), query.where)]
    groups = chosen.keys(parameters)
    keys = [o for group in groups for o in group]
    source, tie = chosen.source(), rows.c.id
    computed = any(key.flat for key in query.sort)
    if computed:
        source = _computed(chosen.backend, sa.select(tie, *_named(keys)).select_from(source).where(*where))
        keys, tie, where = _renamed(keys, source), source.c.id, []
    descending = bool(query.sort) and query.sort[-1].descending
    first = len(groups[0]) if groups else 0
    ordered = keys
    if phase == "missing":
        where.append(keys[0].expression.is_(None))
        ordered, nulls = keys[first:], nulls and nulls[first:]
    elif phase == "present":
        where.append(keys[0].expression.is_not(None))
        ordered = [*(attrs.evolve(o, optional=False) for o in keys[:first]), *keys[first:]]
    if nulls is not None:
        where.append(sorting.after_cursor(ordered, nulls, tie, descending, parameters))
    by = sorting.order_by(ordered, tie, descending)
    limit = None if query.limit is None else parameters.number()
    gathers_first = chosen.backend != "postgresql" and keys and limit is not None and _gathers(query)
    if computed or gathers_first:
        page = sa.select(tie, *_named(keys)).select_from(source).where(*where).order_by(*by)
        return _outer(chosen, (page if limit is None else at_most(page, limit)).subquery("page"), keys, ordered)
    found = sa.select(*chosen.columns(), *[o.expression for o in keys]).select_from(source).where(*where).order_by(*by)
    return found if limit is None else at_most(found, limit)


def _named(keys: list[Ordering]) -> list[Any]:
    return [o.expression.label(f"k{n}") for n, o in enumerate(keys)]


def _renamed(keys: list[Ordering], source: Any) -> list[Ordering]:
    return [attrs.evolve(o, expression=source.c[f"k{n}"]) for n, o in enumerate(keys)]


def _computed(backend: Backend, statement: Any) -> Any:
    """Rows whose sort keys are sub-selects, behind a limit that is none: so each is computed once, not at every use."""
    match backend:
        case "sqlite":
            statement = at_most(statement, constant("-1"))
        case "postgresql":
            statement = statement.offset(constant("0"))
        case "mariadb":
            statement = at_most(statement, constant("18446744073709551615"))
    return statement.subquery("keyed")


def _gathers(query: BoundQuery) -> bool:
    """Whether parts or sets are gathered for each row."""
    fields = (*query.type.fields, *(f for facet in query.facets for f in facet.fields))
    return bool(query.type.parts) or any(f.kind == "choices" for f in fields)


def _outer(chosen: Selection, page: Any, keys: list[Ordering], ordered: list[Ordering]) -> Any:
    """The rows of a page whose ids are found first: SQLite and MariaDB gather parts before they sort, for every row."""
    query = chosen.query
    outer = Selection.of(chosen.tables, chosen.backend, query, "u", query.facets)
    source = outer.source(page.join(outer.rows, outer.rows.c.id == page.c.id))
    shown = _renamed(keys, page)
    again = [
        attrs.evolve(o, expression=each.expression)
        for o, each in zip(ordered, shown[len(keys) - len(ordered) :], strict=True)
    ]
    by = sorting.order_by(again, page.c.id, query.sort[-1].descending)
    return sa.select(*outer.columns(), *[o.expression for o in shown]).select_from(source).order_by(*by)
