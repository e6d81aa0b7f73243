"""The socket for plugins. A plugin needs few names of it: `Plugin`, `hookimpl`, `on`, and the contexts of its hooks."""

from crmcore.plugins.answers import Chart, Contribution, Entry, ReportTable
from crmcore.plugins.contexts import (
    Amendment,
    Changed,
    Checking,
    Event,
    JobRun,
    Lookback,
    Measuring,
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
    "Entry",
    "Event",
    "JobRun",
    "Lookback",
    "Measuring",
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
