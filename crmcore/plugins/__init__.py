"""The socket for plugins. A plugin needs few names of it: `Plugin`, `hookimpl`, `on`, and the contexts of its hooks."""

from crmcore.plugins.answers import Chart, Contribution, Entry, ReportTable
from crmcore.plugins.contexts import (
    Amendment,
    Changed,
    Checking,
    Disclosing,
    Erasing,
    Event,
    Hold,
    JobRun,
    Lookback,
    Measuring,
    Merging,
    Observed,
    Reporting,
    Step,
    Stepped,
    Stepping,
    Veto,
    Viewing,
)
from crmcore.plugins.hookspecs import hookimpl, on
from crmcore.plugins.manifest import API, Plugin

__all__ = [
    "API",
    "Amendment",
    "Changed",
    "Chart",
    "Checking",
    "Contribution",
    "Disclosing",
    "Entry",
    "Erasing",
    "Event",
    "Hold",
    "JobRun",
    "Lookback",
    "Measuring",
    "Merging",
    "Observed",
    "Plugin",
    "ReportTable",
    "Reporting",
    "Step",
    "Stepped",
    "Stepping",
    "Veto",
    "Viewing",
    "hookimpl",
    "on",
]
