"""The rules of the house that import-linter cannot state: sizes, names, rooms, documentation."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Source, parse, shipped, sources_under, tracked_files

LONGEST = 300
REASON = re.compile(r'^(#|""").*\blong because\b', re.IGNORECASE)
GRAB_BAGS = {"util", "utils", "helper", "helpers", "base", "common", "manager", "managers", "misc", "shared"}
ROOMS = {
    "crmcore": {"domain", "ports", "plugins", "application", "adapters", "cli", "testing"},
    "crmcore/adapters": {"memory", "sql", "serialization", "files", "reports"},
}
KEPT_OUT_OF_IMPORT = {
    "sqlalchemy",
    "marshmallow",
    "click",
    "alembic",
    "psycopg",
    "pymysql",
    "crmcore_loyalty",
}
MACHINE = re.compile(r"(?<![\w.~$}*-])/(?:work|root|home|opt|srv|mnt|Users)/\w")
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|(?:index|extra-index)-url\b)")


def too_long(source: Source) -> bool:
    """Tell whether a file is over the limit and its first line gives no reason."""
    lines = source.text.splitlines()
    return len(lines) > LONGEST and not REASON.match(lines[0])


def grab_bag_words(source: Source) -> set[str]:
    """Give the words in a file's path that say nothing of what is in it."""
    words = re.split(r"[/_.]", source.name.removeprefix("plugins/"))
    return GRAB_BAGS & set(words)


def undocumented(source: Source) -> list[str]:
    """Give what has no docstring: the module itself, and the public functions and classes at its top."""
    public = [
        node
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    bare = [node.name for node in public if not ast.get_docstring(node) and not _specified_elsewhere(node)]
    return bare if ast.get_docstring(source.tree) else ["the module itself", *bare]


def _specified_elsewhere(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    decorators = {ast.unparse(decorator).partition("(")[0].split(".")[-1] for decorator in node.decorator_list}
    return bool(decorators & {"hookimpl", "overload"})


def test_no_module_is_long() -> None:
    """A module over 300 lines holds two ideas, unless its first line says why not ("# Long because ...")."""
    assert [source.name for source in shipped() if too_long(source)] == []


def test_no_module_is_a_grab_bag() -> None:
    """A module named after nothing collects everything."""
    assert {source.name: words for source in shipped() if (words := grab_bag_words(source))} == {}


@pytest.mark.parametrize("place", sorted(ROOMS))
def test_every_room_is_declared(place: str) -> None:
    """A folder that nobody declared is outside the layers, so nothing limits what it imports."""
    found = {path.parent.name for path in (ROOT / place).glob("*/*.py")}
    assert found - ROOMS[place] == set()


def test_only_the_composition_root_stands_beside_the_rooms() -> None:
    """A module at the top of crmcore belongs to no layer."""
    assert {path.name for path in (ROOT / "crmcore").glob("*.py")} - {"__init__.py", "crm.py"} == set()


def test_every_folder_of_modules_is_a_package() -> None:
    """A folder without __init__.py is seen neither by import-linter nor by the type checker."""
    folders = {source.path.parent for source in shipped()}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []


@pytest.mark.parametrize("source", shipped(), ids=lambda source: source.name)
def test_everything_public_is_documented(source: Source) -> None:
    """A user would have to read the code to learn what a name is for."""
    assert undocumented(source) == []


def test_import_loads_no_heavy_library() -> None:
    """Each command and each host would pay for libraries and plugins that it does not use."""
    program = "import sys, crmcore; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, capture_output=True, text=True)
    assert "crmcore" in done.stdout.split()
    assert KEPT_OUT_OF_IMPORT & set(done.stdout.split()) == set()


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["machine", "registry"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    """The repository would work, or be fetched, on the machine only where it was written."""
    assert [f"{path.relative_to(ROOT)}: {hit}" for path in tracked_files() for hit in _lines_with(pattern, path)] == []


def _lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    if path == Path(__file__):
        return []  # the samples below
    text = path.read_bytes().decode("utf-8", "replace")
    return [line.strip()[:100] for line in text.splitlines() if pattern.search(line)]


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-lowest.txt"])
def test_constraints_are_exact_and_without_addresses(name: str) -> None:
    """An open version makes two set-ups differ; an address ties the set-up to one registry."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!+]+", line)] == []


def test_the_lowest_constraints_are_the_floors_that_we_promise() -> None:
    """`make lowest` would test other releases than those that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    extras = ("migrate", "postgres", "mysql", "xlsx")
    needs = [*project["dependencies"], *(need for extra in extras for need in optional[extra])]
    floors = {m[1].lower(): m[2] for need in needs if (m := re.match(r"([\w-]+).*?>=([\d.]+)", need))}
    lowest = dict(line.lower().split("==") for line in (ROOT / "constraints-lowest.txt").read_text().splitlines())
    assert {name: version.removesuffix(".0") for name, version in lowest.items() if name in floors} == {
        name: version.removesuffix(".0") for name, version in floors.items()
    }


@pytest.mark.parametrize(
    ("first_line", "expected"),
    [
        ("x = 1", True),  # no reason: refused
        ("# Long because the grammar is one table", False),
        ('"""The table of countries; long because the list is."""', False),
    ],
)
def test_the_size_rule_asks_for_a_reason(first_line: str, expected: bool) -> None:
    """The rule would let any long file through, or none."""
    assert too_long(parse(first_line + "\n" + "x = 1\n" * LONGEST)) is expected


def test_the_documentation_rule_sees_what_is_missing() -> None:
    """The rule would hold because it looks at nothing."""
    text = "def open(): ...\nclass Crm: ...\ndef _private(): ...\n@hookimpl\ndef guard(): ...\n"
    assert undocumented(parse(text)) == ["the module itself", "open", "Crm"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/".join(("cd ", "work", "main")), True),
        ("open('/home/sara/crm.db')", True),
        ("crm.path = ../home/page", False),
        ("https://example.com/home/page", False),
        ("#!/usr/bin/env bash", False),
    ],
)
def test_the_machine_rule_knows_paths_from_addresses(line: str, expected: bool) -> None:
    """The rule would miss a path of the machine, or refuse a web address."""
    assert bool(MACHINE.search(line)) is expected


def test_the_rules_look_at_the_code() -> None:
    """A wrong folder name would make every rule here hold of nothing."""
    assert {"crmcore/__init__.py", "crmcore/domain/__init__.py"} <= {source.name for source in shipped()}
    assert any(source.name.startswith("plugins/loyalty/src/") for source in shipped())
    assert sources_under("crmcore/domain")
