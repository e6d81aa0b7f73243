"""The commands of console blocks: what is typed, what is shown, and how each is run."""

import datetime as dt
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import attrs
import pytest

from crmcore.cli import main
from tests.docs.pages import ROOT, Block

SITE = "site"
"""The folder into which `pip install` of a page goes, next to what the page makes."""

MOMENT = "$(date -u +%FT%T.%6NZ)"
"""What gives the moment in a shell."""


@attrs.frozen
class Typed:
    """One command as it is typed, and the output that is shown under it (None: none is)."""

    line: int
    command: str
    shown: str | None


def typed(block: Block) -> Iterator[Typed]:
    """The commands of a block. A command goes on where its line ends in a backslash."""
    lines = block.text.splitlines()
    assert lines and lines[0].startswith("$ "), f"{block.place}: a console block begins with $ and a command"
    at = 0
    while at < len(lines):
        line, command = at, lines[at].removeprefix("$ ")
        while command.endswith("\\"):
            at += 1
            command = command[:-1] + lines[at].removeprefix("> ").lstrip()
        at += 1
        start = at
        while at < len(lines) and not lines[at].startswith("$ "):
            at += 1
        shown = "\n".join(lines[start:at])
        yield Typed(block.line + line, command, shown if shown.strip() else None)


class Console:
    """A shell that knows the few commands that the pages use, in one folder; it remembers the last status."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.status = 0
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._installed: list[str] = []
        self._known: dict[str, Callable[[list[str]], str]] = {
            "crm": self._crm,
            "make": self._make,
            "python": self._python,
            "pip": self._pip,
            "pytest": self._pytest,
            "export": self._export,
            "unset": self._unset,
            "cat": self._cat,
            "echo": self._echo,
        }

    def run(self, command: str) -> str:
        """Run a command; gives what it printed."""
        words = shlex.split(os.path.expandvars(command.replace(MOMENT, _now())), comments=True)
        assert words and words[0] in self._known, f"the pages' shell knows no {command!r}, only {sorted(self._known)}"
        return self._known[words[0]](words[1:])

    def _crm(self, arguments: list[str]) -> str:
        if self._installed:
            forget_modules(self._folder)  # a process of its own would see what the page has changed meanwhile
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with redirect_stdout(stream), redirect_stderr(stream):
            self.status = main(arguments)
        stream.seek(0)
        return stream.read()

    def _make(self, arguments: list[str]) -> str:
        """Not run, as it takes long and would run the tests from within the tests; but there must be such a target."""
        targets = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        unknown = [each for each in arguments if "=" not in each and each not in targets]
        assert not unknown, f"the Makefile has no target {unknown}, only {targets}"
        return ""

    def _python(self, arguments: list[str]) -> str:
        file, *rest = arguments
        path = ROOT / file if file.startswith("examples/") else self._folder / file
        return self._process([sys.executable, "-W", "error", str(path), *rest])

    def _pip(self, arguments: list[str]) -> str:
        """Install into the page's folder with what is there already: nothing is fetched from anywhere. With -e, what is
        imported are the sources."""
        assert arguments[0] == "install", f"pip {arguments[0]} is not for a page"
        pytest.importorskip("hatchling", reason="building a plugin needs the extra `package`")
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-index", "--no-deps"]
        site, given = self._folder / SITE, [each for each in arguments[1:] if each != "-e"]
        command = [sys.executable, "-m", "pip", "install", *options, "--no-build-isolation", "--target", str(site)]
        printed = self._process([*command, *given])
        sources = [self._folder / each.partition("[")[0] / "src" for each in given if "-e" in arguments]
        for path in (site, *sources):
            self._installed.insert(0, str(path))
            self._monkeypatch.syspath_prepend(path)
        return printed

    def _pytest(self, arguments: list[str]) -> str:
        return self._process([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments])

    def _process(self, command: list[str]) -> str:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(self._installed)} if self._installed else None
        done = subprocess.run(
            command, cwd=self._folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        self.status = done.returncode
        return done.stdout

    def _export(self, arguments: list[str]) -> str:
        for each in arguments:
            name, _, value = each.partition("=")
            self._monkeypatch.setenv(name, value)
        return ""

    def _unset(self, arguments: list[str]) -> str:
        for name in arguments:
            self._monkeypatch.delenv(name)
        return ""

    def _cat(self, arguments: list[str]) -> str:
        return "".join((self._folder / name).read_text(encoding="utf-8") for name in arguments)

    def _echo(self, arguments: list[str]) -> str:
        assert arguments == ["$?"], "echo is for the exit status: $ echo $?"
        status, self.status = self.status, 0
        return f"{status}\n"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches the pages."""
    for name in [name for name in os.environ if name.startswith("CRMCORE_") and "_TEST_" not in name]:
        monkeypatch.delenv(name)


def forget_modules(folder: Path) -> None:
    """Modules that one page wrote must not be those of the next."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]
