"""Part of the contract of plugins: rows outlast that a plugin is switched off, and its revisions lead to its tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.record import Record
from crmcore.plugins.registry import load
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.moving import kept
from crmcore.testing.plugins.places import Place
from crmcore.testing.plugins.rights import refusable


class KeepingContract(PluginCase):
    """What stands in a database while plugins come and go."""

    @pytest.fixture
    def alone(self, place: Place) -> Iterator[Crm]:
        """A Crm with the plugin over it."""
        crm = place.open(*self.active)
        yield crm
        crm.close()

    def test_switching_it_off_and_on_keeps_its_rows(self, alone: Crm) -> None:
        """Rows of the plugin are gone or changed after it was disabled and enabled again, or it cannot be enabled over
        them: it declares other tables than before."""
        if not (self.records_of(alone) or self.facets_of(alone)):
            pytest.skip(f"{self.name} keeps nothing of its own")

        @drawn
        @given(data=st.data())
        def fill(data: st.DataObject) -> None:
            alone.kernel.hooks = NO_HOOKS
            with alone.work("author") as work:
                drawing = self.drawing(work, data)
                for name in (*self.records_of(alone), *self.facets_of(alone)):
                    with refusable(work):
                        holder = drawing.stored(name)
                        facet = alone.catalogue.facet(alone.catalogue.record(name), self.name)
                        if facet is not None:
                            work.records(name).put_facet(holder.id, drawing.facet(facet))

        fill()
        before = self._kept(alone)
        alone.plugins.disable(self.name, actor="author")
        assert self.name not in alone.registry.names
        alone.plugins.enable(self.plugin, actor="author")
        assert self._kept(alone) == before

    def _kept(self, crm: Crm) -> dict[str, list[Record]]:
        return {name: kept(crm, name) for name in (*self.records_of(crm), *self.facets_of(crm))}

    def test_its_revisions_lead_to_what_it_declares(self) -> None:
        """The declarations have changed since the last revision was written: a database of an older release could not
        be upgraded to this one. Write the next revision with `crm plugins migrate`. Skipped for a plugin without."""
        if not self.manifest.migrations:
            pytest.skip(f"the manifest of {self.name} names no migrations")
        registry = load(self.active)
        assert registry.chain(self.name).fingerprint == registry.catalogue.fingerprint(self.name)

    def test_rows_of_its_first_release_outlast_the_upgrade(self, place: Place) -> None:
        """A revision fails over rows that are there, or loses some: whoever used the first release cannot take this one
        without harm. Skipped in memory, which has nothing to migrate, and for a plugin with one revision only."""
        registry = load(self.active)
        chain = registry.chain(self.name)
        if place.storage == "memory" or len(chain.revisions) < 2:
            pytest.skip(f"{self.name} has no revision that changes tables on {place.storage}")
        core = place.open(*self.active[:-1])
        with core.work("author") as work:
            ids = {name.replace(".", "_"): found for name, found in self.references(work).items()}
        core.close()
        before = place.begin_with(registry.catalogue, chain, ids)
        upgraded = place.open(*self.active)
        try:
            assert upgraded.status()[1]
            assert place.counts(list(before)) == before
        finally:
            upgraded.close()
