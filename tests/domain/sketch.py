"""Bound predicates as short text, so that tests can say what they expect."""

from __future__ import annotations

from typing import Any

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


def sketch(node: Bound) -> str:
    """The tree as text: `finding[kind=sign] > label = 'x'` is a part of that kind with that label."""
    match node:
        case Const(value):
            return "always" if value else "never"
        case Test(field, op, values):
            return f"{field.name} {op} {' '.join(map(_shown, values))}"
        case Present(field):
            return f"{field.name} there"
        case Via(step, inner):
            return f"{_step(step)} > {_grouped(inner)}"
        case Not(part):
            return f"not {_grouped(part)}"
        case Every(parts):
            return " and ".join(map(_grouped, parts))
        case Some(parts):
            return " or ".join(map(_grouped, parts))


def _grouped(node: Bound) -> str:
    text = sketch(node)
    return f"({text})" if isinstance(node, Every | Some) else text


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _step(step: Step) -> str:
    match step:
        case ToFacet(facet):
            return f"facet {facet.name}"
        case ToPart(part, where):
            return part.name + (f"[{' '.join(f'{f.name}={v}' for f, v in where)}]" if where else "")
        case ToSet(field):
            return f"each {field.name}"
        case ToRecord(field, target):
            return f"{field.name}:{target.name}"
        case FromRecords(target, via):
            return f"{target.name} by {via.name}"
