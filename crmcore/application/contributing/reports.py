"""Reports that plugins declare: run for a person, with what that person may see, and checked before anybody reads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from crmcore.application.contributing.panels import DIGITS, is_huge
from crmcore.application.hooks.lending import lend_to_look
from crmcore.application.session import Session
from crmcore.domain.errors import UnknownName
from crmcore.domain.kinds import storable_text
from crmcore.domain.money import Money
from crmcore.plugins.answers import ReportTable
from crmcore.plugins.contexts import Reporting
from crmcore.plugins.refusal import refuse
from crmcore.plugins.slots import Slot
from crmcore.plugins.targets import attributed, fault, loaded

MOST: Final = 100_000
CELLS: Final = (str, int, bool, Decimal, Money, dt.date, dt.datetime, type(None))


def report_slot(unit: Session, name: str) -> Slot:
    """The report of that name; `UnknownName` if no active plugin declares it."""
    known = unit.kernel.slots.get("report", {})
    if name not in known:
        raise UnknownName("report", name, known)
    return known[name]


def run_report(unit: Session, name: str) -> ReportTable:
    """The table of a report, as the actor may see it. Raises UnknownName, and PluginFailed for a report that fails or
    gives what is no table."""
    slot, hooks = report_slot(unit, name), unit.kernel.hooks
    run = loaded(hooks, slot)
    kernel = unit.kernel
    with attributed(hooks, slot, "running it"):
        table = run(Reporting(name, kernel.zone, kernel.currency, lend_to_look(unit, slot.plugin or "")))
    if wrong := _wrong(slot, table):
        refuse([fault(hooks, slot, wrong)])
    checked: ReportTable = table
    return checked


def _wrong(slot: Slot, table: Any) -> str | None:
    """What is wrong with a table."""
    if type(table) is not ReportTable:
        return f"it returned a value of type {type(table).__name__}, and no ReportTable"
    if slot.spec.columns and table.columns != slot.spec.columns:
        return f"its columns are {', '.join(table.columns)}, and not {', '.join(slot.spec.columns)} as it declares"
    if len(table.rows) > MOST:
        return f"it has {len(table.rows):,} rows, at most {MOST:,}"
    for number, row in enumerate(table.rows, 1):
        for column, value in zip(table.columns, row, strict=True):
            if problem := _misfit(value):
                return f"row {number}, column {column}: {problem}"
    return None


def _misfit(value: Any) -> str | None:
    if type(value) not in CELLS:
        return f"a value of type {type(value).__name__}, which is not exact or not for a cell"
    if isinstance(value, str) and (problem := storable_text(value)):
        return f"a text that {problem}"
    if isinstance(value, Decimal) and not value.is_finite():
        return "a number that is none"
    if is_huge(value):
        return f"a number of more than {DIGITS} digits"
    return "a time without a zone" if isinstance(value, dt.datetime) and value.utcoffset() is None else None
