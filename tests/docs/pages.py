"""The pages of the documentation and their fenced blocks.

What a block is follows from the line that opens it::

    ```python                        run; all of a page share one namespace
    ```python needs="postgres"       run where that server is; the page has a test of its own for it
    ```python source="examples/x.py" not run: a verbatim excerpt of that file
    ```console                       `$ crm ...` and other commands are run, what follows is their output
    ```text                          right after a python block: what it prints; elsewhere a drawing
    ```csv title="people.csv"        any block with a title is written to a file of that name first

In shown output `…` stands for anything: within a line for some of it, on a line of its own for any lines.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "docs" / "reference"

RUN = ("python", "console")
DATA = ("csv", "toml", "json", "text", "ebnf")
OPTIONS = ("needs", "source", "title")

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r'(\w+)="([^"]*)"')


@attrs.frozen
class Block:
    """A fenced block; `line` is that of its first line in the page, counted from 1."""

    page: Path
    line: int
    language: str
    options: dict[str, str]
    text: str
    follows: bool
    """Whether nothing but blank lines stands between it and the block before."""

    @property
    def place(self) -> str:
        """Where it stands, for messages: `docs/index.md:12`."""
        return f"{name_of(self.page)}:{self.line}"

    @property
    def needs(self) -> str | None:
        """The server without which it cannot run."""
        return self.options.get("needs")


def name_of(page: Path) -> str:
    """The path of a page within the repository."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def pages() -> list[Path]:
    """Every page that somebody wrote; the generated reference has a test of its own."""
    written = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    found = [page for place in ("docs", "examples", "plugins") for page in sorted((ROOT / place).rglob("*.md"))]
    return [page for page in [*written, *found] if not page.is_relative_to(GENERATED)]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return list(_blocks(page, page.read_text(encoding="utf-8")))


def _blocks(page: Path, text: str) -> Iterator[Block]:
    end = 0
    for fence in _FENCE.finditer(text):
        language, _, rest = fence["info"].strip().partition(" ")
        line = text.count("\n", 0, fence.start("body")) + 1
        follows = end > 0 and not text[end : fence.start()].strip()
        yield Block(page, line, language, dict(_OPTION.findall(rest)), textwrap.dedent(fence["body"]), follows)
        end = fence.end()


def is_output(block: Block, before: Block | None) -> bool:
    """Whether a block shows what the python block right before it prints."""
    return (
        block.language == "text"
        and block.follows
        and "title" not in block.options
        and before is not None
        and before.language == "python"
    )
