"""A crowd of small plugins, as objects for this process, or as distributions for processes of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

SOURCE: Final = '''
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.record import Record, record
from crmcore.domain.workflow import Transition, Workflow
from crmcore.plugins import Plugin, hookimpl, on

plugin = Plugin(name="{name}", description="One of many")

@record("note", subject="customer")
class Note(Record):
    """Something that was noted."""
    text: str = field.text()
    customer: object = field.reference("customer", default=None)
    state: str = field.choice("open", "done", default="open")

@facet("customer")
class Extra(Facet):
    """What this plugin knows of a customer."""
    level: str | None = field.choice("low", "high", default=None, index=True)
    score: int | None = field.integer(default=None, index=True)

@hookimpl
def declare_records():
    return (Note,)

@hookimpl
def declare_facets():
    return (Extra,)

@hookimpl
def declare_workflows():
    step = Transition(name="finish", sources=("open",), target="done")
    states = ("open", "done")
    flow = Workflow(record="{name}.note", field="state", states=states, initial=("open",), transitions=(step,))
    return (flow,)

@hookimpl
@on({asked})
def check_changes(context):
    for change in context.changes:
        assert change.after is None or change.after.id

@hookimpl
@on({asked})
def react_changes(context):
    for change in context.changes:
        assert change.after is None or change.after.version
'''


def source(name: str, asked: str = "") -> str:
    """The module of a plugin whose hooks look at every change of one record type: by default its own."""
    return SOURCE.format(name=name, asked=repr(asked or f"{name}.note"))


def crowd(size: int, asked: str = "") -> list[ModuleType]:
    """So many plugins as modules, from files that are gone again."""
    with tempfile.TemporaryDirectory(prefix="crmcore-crowd-") as folder:
        return [_module(Path(folder), f"crowd{number:02}", asked) for number in range(size)]


def _module(folder: Path, name: str, asked: str) -> ModuleType:
    file = folder / f"{name}.py"
    file.write_text(source(name, asked), encoding="utf-8")
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install(folder: Path, size: int) -> Sequence[str]:
    """Install so many plugins into a folder that is to be on the import path; their names."""
    names = [f"crowd{number:02}" for number in range(size)]
    for name in names:
        info = folder / f"crmcore_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crmcore-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[crmcore.plugins]\n{name} = crmcore_{name}\n")
        text = source(name)
        (folder / f"crmcore_{name}.py").write_text(text, encoding="utf-8")
    return names
