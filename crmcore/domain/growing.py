"""Growing: choice fields get the states that plugins add to the workflows of these fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import attrs

from crmcore.domain.errors import InvalidDeclaration, UnknownName
from crmcore.domain.extension import Added, extended
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.record import RecordType
from crmcore.domain.workflow import Workflow

Holder = TypeVar("Holder", RecordType, FacetType)
Records: TypeAlias = dict[str, RecordType]
Facets: TypeAlias = dict[str, list[FacetType]]
Workflows: TypeAlias = dict[tuple[str, str], Workflow]


def grow(records: Records, facets: Facets, workflows: Workflows, extensions: Iterable[Added]) -> None:
    """Put what plugins add into the workflows, and new states into the options of all fields that hold them.

    Raises InvalidDeclaration for a workflow that is not declared, and as `extension.extended`.
    """
    known = {each.name: key for key, each in workflows.items()}
    for name, added in _by_workflow(extensions).items():
        if name not in known:
            hint = str(UnknownName("workflow", name, known)).partition("; ")[2]
            what = f"plugin {added[0][0]!r} extends the workflow {name!r}, which is not declared here"
            raise InvalidDeclaration(f"{what}; {hint}" if hint else what)
        key = known[name]
        workflow = workflows[key]
        default = _change(records, facets, workflow.record, workflow.field, lambda field: field)
        wider = extended(workflow, added, default.default if default else None)
        workflows[key] = wider
        for record, field in ((wider.record, wider.field), *(_split(each) for each in wider.logged)):
            _change(records, facets, record, field, _widening(wider))


def _by_workflow(extensions: Iterable[Added]) -> Mapping[str, Sequence[Added]]:
    found: dict[str, list[Added]] = {}
    for plugin, each in sorted(extensions, key=lambda pair: (pair[1].workflow, pair[0])):
        found.setdefault(each.workflow, []).append((plugin, each))
    return found


def _split(name: str) -> tuple[str, str]:
    record, _, field = name.rpartition(".")
    return record, field


def _widening(workflow: Workflow) -> Callable[[Field], Field]:
    def widened(field: Field) -> Field:
        more = (each.name for each in workflow.added if each.name not in field.options)
        return attrs.evolve(field, options=(*field.options, *more))

    return widened


def _change(records: Records, facets: Facets, record: str, name: str, change: Callable[[Field], Field]) -> Field | None:
    """Change a field where it is held; gives what has become of it, None where there is no such field."""
    prefix, _, field = name.rpartition(".")
    if prefix:
        for place, facet in enumerate(facets.get(record, ())):
            if facet.name == prefix:
                facets[record][place] = _with(facet, field, change)
                return facets[record][place].field(field)
        return None
    if record not in records:
        return None
    records[record] = _with(records[record], field, change)
    return records[record].field(field)


def _with(holder: Holder, name: str, change: Callable[[Field], Field]) -> Holder:
    return attrs.evolve(holder, fields=tuple(change(f) if f.name == name else f for f in holder.fields))
