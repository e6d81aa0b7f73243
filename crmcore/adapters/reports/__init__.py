"""Tables of reports as documents: HTML pages and SVG charts, in which nothing that a cell holds is obeyed."""

from crmcore.adapters.reports.chart import chart
from crmcore.adapters.reports.page import page

__all__ = ["chart", "page"]
