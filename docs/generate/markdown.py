"""Markdown written by a program."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"(`+[^`]*`+)")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped, and columns without any text are left out."""
    listed = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    kept = [i for i in range(len(headings)) if i == 0 or any(row[i] for row in listed)]
    lines = [[headings[i] for i in kept], ["---"] * len(kept), *([row[i] for i in kept] for row in listed)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """Inline code."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Several pieces of inline code."""
    return ", ".join(map(code, texts))


def yes(holds: object, word: str = "yes") -> str:
    """A word where something holds, else nothing."""
    return word if holds else ""


def doc(described: object) -> str:
    """The docstring as paragraphs, each on one line; angle brackets outside code are kept from being tags."""
    text = inspect.getdoc(described) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return "\n\n".join(map(escaped, paragraphs))


def first_line(described: object) -> str:
    """The first paragraph of the docstring."""
    return doc(described).partition("\n\n")[0]


def escaped(text: str) -> str:
    """The text without what Markdown would take for a tag or for emphasis, outside inline code."""
    pieces = _CODE.split(text)
    return "".join(p if p.startswith("`") else p.replace("<", "&lt;").replace("*", "\\*") for p in pieces)


def document(title: str, *sections: str) -> str:
    """A page of these sections."""
    return "\n\n".join([f"# {title}", *(section for section in sections if section)])
