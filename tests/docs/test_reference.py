"""The committed reference is the one that the code makes."""

import re
from pathlib import Path

import pytest

from crmcore.domain import errors
from crmcore.plugins.registry import load
from docs import build
from docs.generate import commands, python, records
from docs.generate.markdown import escaped, table


def test_the_reference_is_that_of_the_code() -> None:
    """The reference would describe an older crmcore: run `make docs`, and look at what changed."""
    assert build.stale() == []


def test_the_same_code_makes_the_same_reference() -> None:
    """Every run would change the files without any change of the code."""
    assert build.made() == build.made()


def test_every_field_is_in_the_reference() -> None:
    """A field would be known to those only who read the code."""
    text = records.page()
    for type in load(records.PLUGINS).catalogue.records.values():
        section = text.partition(f"\n## {type.name}\n")[2].partition("\n## ")[0]
        names = [f.name for f in type.own] + [f.name for part in type.parts for f in part.fields]
        assert [name for name in names if f"| `{name}` |" not in section] == []


def test_every_error_is_in_the_reference() -> None:
    """Somebody who catches an error could not find what it means."""
    text = (build.REFERENCE / "errors.md").read_text(encoding="utf-8")
    names = [n for n in errors.__all__ if n != "nearest"]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_nothing_of_this_machine_is_in_the_reference() -> None:
    """The page would differ from machine to machine: an address of an object, a home folder."""
    assert [
        name for name, text in build.made().items() if re.search(r" at 0x[0-9a-f]+|" + str(Path.home()), text)
    ] == []


def test_a_change_of_the_code_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the reference would hold whatever the code says."""
    monkeypatch.setattr(commands, "SETTINGS", "Something else.")
    monkeypatch.setattr(python, "INTRODUCTION", "Something else.")
    assert build.stale() == ["command-line.md", "python.md"]


def test_what_markdown_would_obey_is_escaped() -> None:
    """A bar would end a table's cell, a star or an angle bracket would vanish from the page."""
    assert "| a\\|b |" in table(("x",), [("a|b",)])
    assert escaped("**values and <tag> but `**code <T>`") == "\\*\\*values and &lt;tag> but `**code <T>`"
