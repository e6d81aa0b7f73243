"""Part of the contract of plugins: what a plugin contributes to views, and its reports."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crmcore.application.contributing.reports import run_report
from crmcore.crm import Crm
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.rights import refusable


class TellingContract(PluginCase):
    """Panels, timeline entries, metrics and reports over drawn records."""

    @drawn
    @given(data=st.data())
    def test_what_it_contributes_is_never_missing(self, crm: Crm, data: st.DataObject) -> None:
        """A panel, timeline entry or metric of the plugin fails for a customer, or is no answer that it may give: the
        view of that customer is shown without it, and says so."""
        with crm.work("author", dry=True) as work:
            drawing = self.drawing(work, data)
            customers = drawing.ids["customer"]
            for name in (*self.records_of(crm), *self.facets_of(crm)):
                with refusable(work):
                    drawing.stored(name)
            facet = crm.catalogue.facet(crm.catalogue.record("customer"), self.name)
            for id in customers:
                with refusable(work):
                    if facet is not None:
                        work.customers.put_facet(id, drawing.facet(facet))
            missing = [each for id in customers for each in work.whole_view(id).missing]
            assert [each for each in missing if each.plugin == self.name] == []

    def test_its_reports_run(self, crm: Crm) -> None:
        """A report of the plugin fails, or gives no table of the columns that it declares."""
        slots = crm.kernel.slots.get("report", {})
        with crm.work("author", dry=True) as work:
            for name in sorted(each for each, slot in slots.items() if slot.plugin == self.name):
                run_report(work, name)
