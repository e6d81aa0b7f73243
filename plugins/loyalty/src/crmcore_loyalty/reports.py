"""Reports of the loyalty programme."""

from __future__ import annotations

from crmcore.plugins import Chart, Reporting, ReportTable
from crmcore_loyalty.member import TIERS


def tiers(context: Reporting) -> ReportTable:
    """How many members stand at each tier, from the lowest to the highest."""
    count = context.work.customers.count
    rows = [(tier, count(f'loyalty.tier = "{tier}"')) for tier in TIERS]
    return ReportTable(("tier", "members"), rows, Chart("tier", "members"))
