"""A page run from top to bottom, in a folder of its own."""

import io
import textwrap
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.docs.comparing import difference
from tests.docs.console import Console, forget_settings, typed
from tests.docs.pages import ROOT, Block, is_output

URLS = {
    "postgres": "postgresql+psycopg://crm@localhost/shop",
    "mariadb": "mysql+pymysql://crm@localhost/shop",
}
"""The addresses that the pages show; each is replaced by that of an empty database of the test's server."""


class PageRun:
    """One page. `server`: the one whose blocks are run too, and the URL of an empty database on it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, server: str | None = None, url: str = "") -> None:
        self._folder = folder
        self._server = server
        self._url = url
        self._console = Console(folder, monkeypatch)
        self._namespace: dict[str, Any] = {"__name__": "page"}
        forget_settings(monkeypatch)
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(folder)

    def run(self, blocks: list[Block]) -> None:
        """Run every block that is to be run here, and compare what is shown; AssertionError says where it differs."""
        printed: str | None = None
        before = None
        for block in blocks:
            if is_output(block, before):
                wrong = "" if printed is None else difference(block.text, printed)
                assert not wrong, f"{block.place}: the snippet above prints something else\n{wrong}"
            else:
                printed = self._one(block) if block.needs in (None, self._server) else None
            before = block
        assert self._console.status == 0, "the last command failed, and the page does not say so"

    def _one(self, block: Block) -> str:
        text = self._at_hand(block)
        if title := block.options.get("title"):
            path = self._folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif block.language == "python" and "source" in block.options:
            check_excerpt(block)
        elif block.language == "python":
            return self._python(block, text)
        elif block.language == "console":
            for each in typed(block):
                self._command(block, each.line, each.command, each.shown)
        return ""

    def _at_hand(self, block: Block) -> str:
        """The text with the page's example address replaced."""
        return block.text if block.needs is None else self._addressed(block.text)

    def _addressed(self, text: str) -> str:
        """With the address of the test's own database: as SQLAlchemy writes it, and as a driver does."""
        if self._server is None:
            return text
        shown = URLS[self._server]
        return text.replace(shown, self._url).replace(_of_driver(shown), _of_driver(self._url))

    def _python(self, block: Block, text: str) -> str:
        """Run in the page's namespace; line numbers in a traceback are those of the page."""
        code = compile("\n" * (block.line - 1) + text, str(block.page), "exec")
        stream = io.StringIO()
        with redirect_stdout(stream):
            exec(code, self._namespace)
        return stream.getvalue()

    def _command(self, block: Block, line: int, command: str, shown: str | None) -> None:
        place = f"{block.place.rpartition(':')[0]}:{line}"
        command = self._addressed(command)
        asks = command.startswith("echo ")
        if not asks:
            assert self._console.status == 0, f"{place}: the command before failed, and the page does not say so"
        printed = self._console.run(command)
        if self._console.status and shown is None:
            raise AssertionError(f"{place}: {command} ended with {self._console.status}\n{printed}")
        wrong = "" if shown is None else difference(shown, printed)
        assert not wrong, f"{place}: {command} prints something else\n{wrong}"


def _of_driver(url: str) -> str:
    """The URL without the driver's name."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def check_excerpt(block: Block) -> None:
    """AssertionError unless the block stands word for word, but for its indentation, in the file that it names."""
    lines = (ROOT / block.options["source"]).read_text(encoding="utf-8").splitlines()
    wanted = block.text.strip("\n").splitlines()
    windows = (lines[at : at + len(wanted)] for at in range(len(lines)))
    found = any(textwrap.dedent("\n".join(each)).splitlines() == wanted for each in windows)
    assert found, f"{block.place}: {block.options['source']} has no such lines"
