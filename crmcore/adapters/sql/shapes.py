"""The shape of a query: what its SQL depends on, apart from the values.

Queries of one shape share one compiled statement. The walk over the tree gives a hashable shape and collects the
values, already encoded for the driver, in the order in which `predicates` gives out their parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.sorting import flat_values
from crmcore.domain.bound import (
    Bound,
    BoundQuery,
    Const,
    Every,
    FromRecords,
    Not,
    Present,
    Some,
    SortKey,
    Step,
    Test,
    ToFacet,
    ToPart,
    ToRecord,
    ToSet,
    Via,
)

Shape: TypeAlias = tuple[Any, ...]
Encoders: TypeAlias = Mapping[str, Callable[[Any, Any], Any]]


def query_shape(query: BoundQuery, values: list[Any], encoders: Encoders) -> Shape:
    """The shape of a whole query; its cursor and limit are added by whoever sends it."""
    where = shape(query.where, values, encoders)
    if not query.sort:
        return (query.type.name, where, tuple([f.name for f in query.facets]))
    for key in query.sort:
        values.extend(flat_values(key))
    by = tuple([sort_shape(k) for k in query.sort])
    return (query.type.name, where, tuple([f.name for f in query.facets]), by)


def sort_shape(key: SortKey) -> Shape:
    """What the SQL of a sort key depends on."""
    return (
        key.field.name,
        key.descending,
        key.facet.name if key.facet else "",
        key.flat.name if key.flat else "",
    )


def shape(node: Bound, values: list[Any], encoders: Encoders) -> Shape:
    """The shape of a predicate."""
    return _SHAPES[type(node)](node, values, encoders)


def _test(node: Test, values: list[Any], encoders: Encoders) -> Shape:
    field, op = node.field, node.op
    given = padded(node.values) if op == "in" else node.values
    encode = encoders.get(CONTAINS if op == CONTAINS else field.kind)
    if encode is None:
        values += given
    elif field.kind == "money":
        for each in given:
            values += (encode(field, each), each.currency)
    elif len(given) == 1:
        values.append(encode(field, given[0]))
    else:
        values += [encode(field, each) for each in given]
    return (op, field.name, len(given))


def _via(node: Via, values: list[Any], encoders: Encoders) -> Shape:
    return ("via", _step(node.step, values), shape(node.inner, values, encoders))


def _step(step: Step, values: list[Any]) -> Shape:
    match step:
        case ToFacet(facet):
            return ("facet", facet.name)
        case ToPart(part, where):
            values.extend(value for _, value in where)
            return ("part", part.name, *(field.name for field, _ in where))
        case ToSet(field):
            return ("set", field.name)
        case ToRecord(field, target):
            return ("to", field.name, target.name)
        case FromRecords(target, via):
            return ("from", target.name, via.name)


CONTAINS: Final = "contains"

_SHAPES: Final[dict[type, Callable[..., Shape]]] = {
    Test: _test,
    Const: lambda node, values, encoders: ("const", node.value),
    Present: lambda node, values, encoders: ("present", node.field.name),
    Via: _via,
    Not: lambda node, values, encoders: ("not", shape(node.part, values, encoders)),
    Every: lambda node, values, encoders: ("and", *[shape(p, values, encoders) for p in node.parts]),
    Some: lambda node, values, encoders: ("or", *[shape(p, values, encoders) for p in node.parts]),
}
