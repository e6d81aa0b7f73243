"""What belongs to a plugin that is switched off: it is read, exported and removed with its owner, but not written."""

from __future__ import annotations

from crmcore.application.session import Session
from crmcore.domain.errors import PluginDisabled
from crmcore.domain.facet import FacetType
from crmcore.domain.record import RecordType


def check_awake(unit: Session, type: RecordType) -> None:
    """`PluginDisabled` for a record type whose plugin is switched off."""
    if type.plugin in unit.catalogue.dormant:
        raise _refused(str(type.plugin), f"{type.name} records")


def check_facet_awake(unit: Session, facet: FacetType) -> None:
    """`PluginDisabled` for a facet whose plugin is switched off."""
    if facet.name in unit.catalogue.dormant:
        raise _refused(facet.name, f"its fields of {facet.record}")


def _refused(plugin: str, what: str) -> PluginDisabled:
    return PluginDisabled(
        f"the plugin {plugin!r} is switched off here: {what} are kept, but not written; enable it with "
        f"`crm plugins enable {plugin}`",
        plugin=plugin,
    )
