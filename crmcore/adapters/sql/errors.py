"""Exceptions of the database become errors of crmcore: which record and field, which value, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crmcore.adapters.sql.declared import Rule, unique_key
from crmcore.adapters.sql.faults import Fault, fault_of
from crmcore.adapters.sql.tables import Tables
from crmcore.domain.errors import (
    CrmError,
    DanglingReference,
    DuplicateValue,
    StillReferenced,
    StorageBusy,
    StorageFailed,
)

BUSY: Final = "another writer holds what this one needs; nothing was kept, so repeat the unit of work"


def translated(
    tables: Tables, fault: Fault, removing: bool = False, rule: Rule | None = None, value: str | None = None
) -> CrmError:
    """The error for a fault; `rule` and `value` are what a search found where the driver does not say."""
    if fault.meaning in ("busy", "failed"):
        return _without_culprit(fault)
    broken = rule or rule_of(tables, fault)
    given = fault.value if value is None else value
    if fault.meaning == "duplicate":
        return _duplicate(broken, given, fault)
    return _referenced(broken, given, fault) if removing else _dangling(broken, given, fault)


def rule_of(tables: Tables, fault: Fault) -> Rule | None:
    """The rule that a fault names, or None. SQLite names columns, the others the constraint."""
    if fault.columns:
        table = fault.columns[0].rpartition(".")[0]
        return tables.rules.get(unique_key(table, (c.rpartition(".")[2] for c in fault.columns)))
    return tables.rules.get(fault.constraint.rpartition(".")[2])


def _shown(value: str | None) -> str:
    return "" if value is None else f" {value!r}"


def _facts(rule: Rule, value: str | None) -> Mapping[str, object]:
    return {"record": rule.record, "field": ", ".join(rule.fields), "value": value}


def _duplicate(rule: Rule | None, value: str | None, fault: Fault) -> CrmError:
    if rule is None:
        return DuplicateValue(f"a unique value is taken: {fault.message}", record=None, field=None, value=value)
    names = " and ".join(rule.fields)
    message = (
        f"{rule.record}.{names}: the value{_shown(value)} is taken; give another, or change the record that has it"
    )
    return DuplicateValue(message, **_facts(rule, value))


def _dangling(rule: Rule | None, value: str | None, fault: Fault) -> CrmError:
    if rule is None:
        return DanglingReference(
            f"a reference points at nothing: {fault.message}", record=None, field=None, value=value
        )
    message = f"{rule.record}.{rule.fields[0]}: there is no {rule.target}{_shown(value)}; add it first"
    return DanglingReference(message, target=rule.target, **_facts(rule, value))


def _referenced(rule: Rule | None, value: str | None, fault: Fault) -> CrmError:
    if rule is None:
        return StillReferenced(
            f"other records refer to this one: {fault.message}", record=None, field=None, value=value
        )
    message = (
        f"the {rule.target}{_shown(value)} is still referred to by {rule.record}.{rule.fields[0]}; "
        "change or remove those records first"
    )
    return StillReferenced(message, target=rule.target, **_facts(rule, value))


def failure(error: BaseException) -> CrmError:
    """The error for an exception that is no fault of what was written."""
    return _without_culprit(fault_of(error))


def _without_culprit(fault: Fault) -> CrmError:
    if fault.meaning == "busy":
        return StorageBusy(f"the database is busy ({fault.message}): {BUSY}")
    return StorageFailed(f"the database refused a statement or was lost: {fault.message}; nothing was kept")
