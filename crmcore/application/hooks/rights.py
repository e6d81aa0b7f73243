"""What a plugin may read and write: its own records and facets, and what its manifest names as capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from crmcore.domain.binder import ALL, ReadRule
from crmcore.domain.change import Actor, Change
from crmcore.domain.errors import Denied
from crmcore.domain.record import RecordType
from crmcore.ports.policy import Policy

LOOKS: Final = "what contributes to a view or a report only reads: it answers with what is to be shown"
READS: Final = "a guard only reads: it answers with vetoes and with amendments of its own facet"


@attrs.frozen(eq=False)
class Rights:
    """A policy for a plugin that works for `person`; on top of it, the policy of the host is asked as ever.

    It reads its own records, the rest as the person does unless it has the capability "RECORD:read". It writes its own
    records and facets, and with "RECORD:add", "RECORD:change" or "RECORD:remove" what these say.
    """

    plugin: str
    person: Actor
    capabilities: frozenset[str]
    host: Policy
    reading: bool = False

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """What the plugin may read of a record type."""
        if record.plugin == self.plugin or f"{record.name}:read" in self.capabilities:
            return ALL
        rule = self.host.read(self.person, record)
        own = {name for name in rule.hidden if name.partition(".")[0] == self.plugin}
        return attrs.evolve(rule, hidden=rule.hidden - own) if own else rule

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """`Denied` for the first change that is neither the plugin's own nor among its capabilities; for any, `reading`
        only."""
        if self.reading:
            raise Denied(READS, plugin=self.plugin)
        for change in changes:
            if (foreign := self._foreign_facet(change)) is not None:
                raise Denied(
                    f"plugin {self.plugin!r} may not write {foreign!r} of {change.type.name} records: it writes its "
                    "own facets, and no capability is for those of others",
                    plugin=self.plugin,
                    record=change.type.name,
                    facet=foreign,
                )
            wanted = f"{change.type.name}:{change.operation}"
            if change.operation != "facet" and change.type.plugin != self.plugin and wanted not in self.capabilities:
                raise Denied(
                    f"plugin {self.plugin!r} may not {change.operation} {change.type.name} records: it writes its own "
                    f"records and facets, and what its manifest names, as capabilities=({wanted!r},)",
                    plugin=self.plugin,
                    record=change.type.name,
                    operation=change.operation,
                )
        self.host.write(actor, changes)

    def _foreign_facet(self, change: Change) -> str | None:
        """The facet of somebody else that a change writes; a new record may bring facets with it."""
        if change.operation not in ("add", "facet"):
            return None
        names = (name.partition(".") for name in change.fields)
        facets = {facet for facet, dot, _ in names if dot or change.operation == "facet"}
        return min(facets - {self.plugin}, default=None)


@attrs.frozen(eq=False)
class Eyes:
    """A policy for a plugin that answers a question of `person`: it reads what that person may, and writes nothing.
    What it knows beyond that would come out in its answer."""

    plugin: str
    person: Actor
    host: Policy

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """What the person may read of a record type."""
        return self.host.read(self.person, record)

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """`Denied`."""
        raise Denied(LOOKS, plugin=self.plugin)
