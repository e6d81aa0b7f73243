"""The sources of the repository, parsed, for tests of how they are built."""

import ast
import builtins
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]


@attrs.frozen
class Source:
    """One Python file of the repository."""

    path: Path
    text: str
    tree: ast.Module = attrs.field(eq=False, repr=False)

    @property
    def name(self) -> str:
        """The path from the root of the repository, as `crmcore/domain/money.py`."""
        return self.path.relative_to(ROOT).as_posix()

    def names_used(self) -> Iterator[str]:
        """Give the full dotted name of everything imported, of every use of it, and of every builtin used.

        `from datetime import datetime as dt; dt.now()` gives `datetime.datetime` and `datetime.datetime.now`.
        A variable that happens to be called `time` is not the module.
        """
        imported = self._imported()
        yield from imported.values()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
                first, dot, rest = ast.unparse(node).partition(".")
                if first in imported or (not dot and hasattr(builtins, first)):
                    yield f"{imported.get(first, first)}{dot}{rest}"

    def packages_imported(self) -> set[str]:
        """Give the top-level packages that are imported anywhere in the file."""
        return {
            name.partition(".")[0]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in _modules_of(node)
        }

    def _imported(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.asname: alias.name for alias in node.names if alias.asname}
                found |= {first: first for alias in node.names if (first := alias.name.partition(".")[0])}
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found


def parse(text: str, path: Path = ROOT / "sample.py") -> Source:
    """Parse a text as a source of the repository."""
    return Source(path, text, ast.parse(text, str(path)))


@cache
def sources_under(*patterns: str) -> tuple[Source, ...]:
    """Give the Python files in the folders that the patterns name, such as `crmcore` and `plugins/*/src`."""
    folders = [folder for pattern in patterns for folder in sorted(ROOT.glob(pattern))]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return tuple(parse(path.read_text(encoding="utf-8"), path) for path in paths)


def shipped() -> tuple[Source, ...]:
    """Give the sources that users install: the core and the plugins."""
    return sources_under("crmcore", "plugins/*/src")


@cache
def tracked_files() -> tuple[Path, ...]:
    """Give every file that is in git or would be added to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def _modules_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""]
