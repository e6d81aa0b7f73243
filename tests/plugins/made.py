"""Plugins for tests: made in memory, or as distributions that are installed into a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from crmcore.domain import field
from crmcore.domain.errors import CrmError
from crmcore.domain.facet import Facet, facet
from crmcore.domain.record import Record, record
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.registry import load


def made(
    name: str,
    *,
    records: Any = None,
    facets: Any = None,
    workflows: Any = None,
    declares: Any = None,
    hooks: Any = None,
    **manifest: Any,
) -> Any:
    """A plugin as an object: `records`, `facets`, `workflows` and those of `declares` ("jobs", "reports" ...) are what
    its declare hooks return; `hooks` are functions that are hung onto it as they are."""
    answers = {"records": records, "facets": facets, "workflows": workflows, **(declares or {})}
    returning = {f"declare_{of}": hookimpl(_returning(each)) for of, each in answers.items() if each is not None}
    return SimpleNamespace(plugin=Plugin(name, **manifest), **returning, **(hooks or {}))


def _returning(answer: object) -> Callable[[], object]:
    return lambda: answer


def record_class(name: str, **options: Any) -> type[Record]:
    """A record type with one text."""

    @record(name, **options)
    class Made(Record):
        title: str | None = field.text(default=None)

    return Made


def facet_class(target: str, *names: str) -> type[Facet]:
    """A facet with a text for each name."""
    texts = {name: field.text(default=None) for name in names or ("remark",)}
    return facet(target)(type("MadeFacet", (Facet,), {"__annotations__": dict.fromkeys(texts, "str | None"), **texts}))


def workflow(of: str, name: str, *states: str) -> Workflow:
    """A workflow that goes through the states one by one."""
    steps = [Transition(name=f"to_{b}", sources=(a,), target=b) for a, b in pairwise(states)]
    return Workflow(record=of, field=name, states=states, initial=states[:1], transitions=tuple(steps))


def refused(error: type[CrmError], *plugins: object, **options: Any) -> CrmError:
    """The error with which these plugins are refused; it has to be of exactly this class."""
    with pytest.raises(CrmError) as caught:
        load(plugins, **options)
    assert type(caught.value) is error, caught.value
    return caught.value


def problems(error: CrmError) -> list[dict[str, Any]]:
    """The single problems of a refusal."""
    found = error.details["problems"]
    assert isinstance(found, list)
    return found


@attrs.frozen
class Site:
    """A folder on the import path, into which distributions can be installed."""

    folder: Path

    def install(
        self,
        distribution: str,
        entry_points: Sequence[tuple[str, str]] | str,
        modules: Mapping[str, str],
        version: str = "1.0",
    ) -> None:
        """Install a distribution: (name, module) for each plugin, or the whole entry_points.txt, and its modules."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        if not isinstance(entry_points, str):
            listed = "\n".join(f"{name} = {value}" for name, value in entry_points)
            entry_points = f"[crmcore.plugins]\n{listed}\n"
        (info / "entry_points.txt").write_text(entry_points)
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")


def sites(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site for one test; afterwards nothing imported from it is left."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(folder)
    yield Site(folder)
    for name in set(sys.modules) - before:
        place = getattr(sys.modules[name], "__file__", None)
        if place and Path(place).is_relative_to(folder):
            del sys.modules[name]
