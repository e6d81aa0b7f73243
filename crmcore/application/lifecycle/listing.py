"""The plugins of a database and of this installation, each with its state, told without importing those that are
not running."""

from __future__ import annotations

from typing import Any

from crmcore.plugins.registry import Registry
from crmcore.ports.stamp import KnownPlugin, Stamp


def overview(stamp: Stamp | None, registry: Registry) -> list[dict[str, Any]]:
    """Every plugin that is known to either, as plain values, sorted by name: what `Registry.describe` says of it, and
    `state`: active, available (installed, and nothing of it here), disabled, retired, or failed, with the `problem`
    and the `traceback`; `by` and `at`: who brought it into this state in the database, and when."""
    known = stamp.known if stamp else {}
    told = {each["name"]: each for each in registry.describe()}
    for name, kept in known.items():
        if name not in registry.names:
            told[name] = {**told.get(name, {}), **_kept(name, kept)}
        told[name] |= {"by": kept.by, "at": kept.at}
    for failed in registry.failed:
        if failed.name and (failed.name not in known or known[failed.name].state == "active"):
            told[failed.name] = {
                **_kept(failed.name, known.get(failed.name, KnownPlugin("active", distribution=failed.distribution))),
                "state": "failed",
                "problem": failed.problem,
                "traceback": failed.traceback,
            }
    return [each for _, each in sorted(told.items())]


def _kept(name: str, kept: KnownPlugin) -> dict[str, Any]:
    """What the database tells of a plugin that does not run."""
    records, facets = kept.described.get("records", ()), kept.described.get("facets", ())
    contributes = {
        "record_types": [{"record": f"{name}.{r['name']}", "fields": _names(r)} for r in records],
        "facets": [{"record": f["record"], "fields": [f"{name}.{each}" for each in _names(f)]} for f in facets],
        "workflows": [],
        "extensions": sorted(kept.described.get("states", ())),
    }
    return {
        "name": name,
        "version": kept.version,
        "api": kept.api,
        "state": kept.state,
        "distribution": kept.distribution,
        "description": "",
        "requires": list(kept.requires),
        "capabilities": list(kept.capabilities),
        "contributes": contributes,
    }


def _names(described: Any) -> list[str]:
    return [each["name"] for each in described["fields"]]
