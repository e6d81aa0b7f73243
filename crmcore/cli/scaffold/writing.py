"""Writing a new plugin into a folder of its own: all of it, or nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from tempfile import mkdtemp
from typing import Final

import crmcore
from crmcore.domain.errors import InvalidDeclaration, InvalidSetting
from crmcore.plugins.manifest import Plugin
from crmcore.plugins.registry import load
from crmcore.plugins.starting.discovery import survey

FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/ci.yml": "ci.yml.txt",
    "src/$package/__init__.py": "plugin.py.txt",
    "src/$package/task.py": "task.py.txt",
    "src/$package/workload.py": "workload.py.txt",
    "src/$package/rules.py": "rules.py.txt",
    "tests/test_contract.py": "test_contract.py.txt",
    "tests/test_tasks.py": "test_tasks.py.txt",
}
"""The files of a new plugin and the templates of which they are made."""


def new_plugin(name: str, parent: Path) -> tuple[Path, list[str]]:
    """Write the distribution `crmcore-NAME` into `parent`; gives its folder and its files.

    Raises InvalidSetting for a name that no plugin can have, or that an installed plugin has, and for a folder that is
    there already; then nothing was written.
    """
    _check_name(name)
    words = _words(name)
    target = parent / words["distribution"]
    if target.exists() or target.is_symlink():
        raise InvalidSetting(f"{target} is there already: choose another name or --dir", path=str(target))
    with _unfinished(parent) as draft:
        for path, template in FILES.items():
            _write(draft / Template(path).substitute(words), template, words)
        (draft / "src" / words["package"] / "py.typed").touch()
        _write_revision(draft / "src", name, words["package"])
        draft.rename(target)
    return target, sorted(str(each.relative_to(target)) for each in target.rglob("*") if each.is_file())


def _check_name(name: str) -> None:
    try:
        Plugin(name)
    except InvalidDeclaration as error:
        raise InvalidSetting(error.message, name=name) from None
    taken = next((each for each in survey()[0] if each.name == name), None)
    if taken is not None:
        raise InvalidSetting(f"{taken.distribution} is installed and has a plugin {name!r}: choose another", name=name)
    if find_spec(f"crmcore_{name}") is not None:
        raise InvalidSetting(f"there is a package crmcore_{name} already: choose another name", name=name)


def _words(name: str) -> dict[str, str]:
    """What the templates are filled with."""
    major, minor = crmcore.__version__.split(".")[:2]
    return {
        "name": name,
        "package": f"crmcore_{name}",
        "distribution": f"crmcore-{name.replace('_', '-')}",
        "title": "".join(word.capitalize() for word in name.split("_")),
        "range": f">={major}.{minor},<{major}.{int(minor) + 1}",
    }


def _write(path: Path, template: str, words: Mapping[str, str]) -> None:
    text = files("crmcore.cli.scaffold").joinpath("templates", template).read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(text).substitute(words), encoding="utf-8", newline="\n")


def _write_revision(source: Path, name: str, package: str) -> None:
    """Write the first revision of the tables, by the declarations that were just written."""
    from crmcore.adapters.sql.migrating.authoring import write_revision

    with _importable(source, package):
        catalogue = load([import_module(package)]).catalogue
    write_revision(catalogue, name, source / package / "migrations", "First tables")


@contextmanager
def _importable(source: Path, package: str) -> Iterator[None]:
    """Let a package be imported from a folder; afterwards nobody has seen it."""
    writes = sys.dont_write_bytecode
    sys.path.insert(0, str(source))
    sys.dont_write_bytecode = True
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(source))
        sys.dont_write_bytecode = writes
        for each in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
            del sys.modules[each]


@contextmanager
def _unfinished(parent: Path) -> Iterator[Path]:
    """A folder in `parent` that is gone at the end unless it was given another name."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=".new-plugin-", dir=parent))
        draft.chmod(0o755)
    except OSError as error:
        raise InvalidSetting(f"no plugin can be written into {parent}: {error.strerror}", path=str(parent)) from None
    try:
        yield draft
    finally:
        if draft.exists():
            shutil.rmtree(draft)
