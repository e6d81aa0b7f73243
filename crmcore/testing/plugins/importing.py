"""Part of the contract of plugins: what importing one does, and under which name it is installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crmcore.plugins.starting.discovery import GROUP
from crmcore.testing.plugins.case import PluginCase


@cache
def traced(module: str) -> dict[str, Any]:
    """What importing a module did in a process of its own; AssertionError if that ended the process."""
    command = [sys.executable, "-B", "-P", str(Path(__file__).with_name("tracing.py")), module]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in sys.path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert done.returncode == 0, f"importing {module} ended its process:\n{done.stdout}{done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class ImportingContract(PluginCase):
    """The module that holds the plugin. An object that a host configures is imported by nobody; these tests skip it."""

    @pytest.fixture
    def trace(self) -> dict[str, Any]:
        """What importing the plugin did in a process of its own."""
        return traced(self._module())

    def _module(self) -> str:
        if not isinstance(self.plugin, ModuleType):
            pytest.skip("the plugin is an object, no module")
        return self.plugin.__name__

    def test_importing_it_only_imports(self, trace: dict[str, Any]) -> None:
        """Importing starts a thread, opens a file to write or a connection, runs a program, or changes the environment,
        warnings, logging or signals of the process. A host pays for that, although it only wanted to know what the
        plugin declares: do it in a hook, a job or a command."""
        assert trace["effects"] == []

    def test_importing_it_takes_nothing_away(self, trace: dict[str, Any]) -> None:
        """After importing it, modules are gone or are others than before: other plugins would have two of a class."""
        assert trace["replaced"] == []

    def test_it_does_not_import_what_belongs_to_storages(self, trace: dict[str, Any]) -> None:
        """The plugin imports SQLAlchemy or insides of crmcore. It then works on one storage only, and with one release
        only; what it needs stands in `crmcore`, `crmcore.domain`, `crmcore.ports` and `crmcore.plugins`."""
        assert trace["foreign"] == []

    def test_it_goes_by_one_name(self) -> None:
        """The entry point has another name than the manifest, or another plugin has the same: hosts could not name it.
        Skipped for what no distribution offers."""
        module = self._module()
        offers = tuple(entry_points(group=GROUP))
        ours = [each for each in offers if each.module == module]
        if not ours:
            pytest.skip(f"no distribution offers {module} as an entry point of {GROUP}")
        assert {each.name for each in ours} == {self.name}
        assert {each.module for each in offers if each.name == self.name} == {module}

    def test_its_distribution_says_which_core_it_needs(self) -> None:
        """The distribution does not depend on crmcore, or on any version of it: it would be installed beside one with
        which it does not work. Skipped for what no distribution offers."""
        missing = [str(needs) for needs in self._needs() if not re.match(r"crmcore(\[[\w,]*\])?\s*\(?[<>=~!]", needs)]
        assert missing == [], 'write dependencies = ["crmcore>=0.1,<0.2"]'

    def _needs(self) -> Iterator[str]:
        """The requirement of crmcore in each distribution that offers the plugin, "" for none."""
        module = self._module()
        ours: list[EntryPoint] = [each for each in entry_points(group=GROUP) if each.module == module]
        if not ours:
            pytest.skip(f"no distribution offers {module} as an entry point of {GROUP}")
        for each in ours:
            needs = (each.dist.requires if each.dist else None) or []
            yield next((text for text in needs if re.match(r"crmcore\b(?!-)", text)), "")
