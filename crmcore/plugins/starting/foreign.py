"""Which plugins a plugin's declarations name: quick to find out, and in the usual case all there is to ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.field import Field
from crmcore.plugins.starting.declarations import Declared

ANY: Final = "*"


def names_others(each: Declared, capabilities: Collection[str], allowed: Collection[str], catalogue: Catalogue) -> bool:
    """Tell whether a plugin names anything but what is the core's or of a plugin that is `allowed`. Extensions of
    workflows may name states and transitions of anybody: True for all that have any."""
    asked = [name for call in each.calls.values() for name in call.records]
    asked += [capability.partition(":")[0] for capability in capabilities]
    if each.extensions or any(name != ANY and name not in catalogue.records for name in asked):
        return True
    return any(owner not in allowed for owner in map(_owner, (*asked, *_named(each, catalogue))) if owner)


def _owner(name: str) -> str:
    """The plugin of `loyalty.entry`, "" for a name of the core."""
    return name.rpartition(".")[0].partition(".")[0]


def _named(each: Declared, catalogue: Catalogue) -> Iterator[str]:
    """The names of record types, and the dotted ones of fields, that declarations name."""
    for cls in each.facets:
        facet = catalogue.facet_by_class[cls]
        yield facet.record
        yield from _targets(facet.fields)
    for kept in each.records:
        record = catalogue.by_class[kept]
        yield from _targets(record.fields)
        for part in record.parts:
            yield from _targets(part.fields)
        yield from (figure.record for figure in record.options.derived)
    for workflow in each.workflows:
        yield workflow.record
        yield workflow.field


def _targets(fields: Iterable[Field]) -> Iterator[str]:
    return (each.target for each in fields if each.target)
