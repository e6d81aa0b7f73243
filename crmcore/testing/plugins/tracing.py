"""Run as a process: imports one module, declares what it declares, and tells as JSON what else that did."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import warnings
from importlib import import_module
from typing import Any, Final

import hypothesis  # noqa: F401  # what tests of plugins import anyway is not to be told
import pytest  # noqa: F401

from crmcore.plugins.registry import load

PREFIXES: Final = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn"),
    *("os.putenv", "os.unsetenv", "os.chdir", "os.remove"),
)
"""The audited events that nothing needs for an import."""
FOREIGN: Final = ("sqlalchemy", "alembic", "crmcore.adapters", "crmcore.application", "crmcore.cli")


def trace(name: str) -> dict[str, Any]:
    """What importing the module did: effects on the process, modules replaced, modules that it must not know."""
    effects: list[str] = []
    listening = [True]

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if listening and (told := _told(event, arguments)):
            effects.append(told)

    if name.startswith("crmcore."):
        import_module("crmcore.testing")  # a specimen of ours: what stands around it is not its doing
    sys.addaudithook(hear)
    modules, state = dict(sys.modules), _state()
    plugin = import_module(name)
    load([*plugin.plugin.requires, plugin])
    listening.clear()
    effects += [f"{what}: {before} became {after}" for what, before, after in _differing(state, _state())]
    new = [each for each in sys.modules if each not in modules]
    return {
        "effects": effects,
        "replaced": [each for each, held in modules.items() if sys.modules.get(each) is not held],
        "foreign": [each for each in new if f"{each}.".startswith(tuple(f"{f}." for f in FOREIGN))],
    }


def _told(event: str, arguments: tuple[Any, ...]) -> str:
    if event.startswith(PREFIXES):
        return f"{event}{arguments!r}"
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    return f"open{arguments[:2]!r}" if writes else ""


def _state() -> dict[str, Any]:
    return {
        "threads": sorted(each.name for each in threading.enumerate()),
        "warning filters": len(warnings.filters),
        "handlers of the root logger": [repr(each) for each in logging.getLogger().handlers],
        "signal handlers": {each.name: repr(signal.getsignal(each)) for each in signal.valid_signals() if _named(each)},
        "recursion limit": sys.getrecursionlimit(),
    }


def _named(each: object) -> bool:
    return isinstance(each, signal.Signals)


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(what, _short(held), _short(after[what])) for what, held in before.items() if held != after[what]]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


if __name__ == "__main__":
    print(json.dumps(trace(sys.argv[1])))  # noqa: T201  # it is the answer of the process
