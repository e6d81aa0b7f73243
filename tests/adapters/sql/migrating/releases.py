"""Three releases of one plugin, each a package with the revisions of those before it, as its author would ship them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path
from shutil import copytree, ignore_patterns
from types import ModuleType

from crmcore.adapters.sql.migrating.authoring import Draft, write_revision
from crmcore.plugins.registry import load

HEAD = '''"""Visits of customers, release {release}."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.money import Money
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.plugins import Plugin, hookimpl

plugin = Plugin("wear", migrations="wear{release}.migrations")
'''
HOOKS = """
@hookimpl
def declare_records():
    return [{records}]

@hookimpl
def declare_facets():
    return [Wearer]
"""
FIRST = """
@facet("customer")
class Wearer(Facet):
    size: str | None = field.text(default=None, length=20)
    note: str | None = field.text(default=None, length=100, index=True)

@part("item")
class Item(Part):
    what: str = field.text(length=80)

@record("visit", timeline=("customer", "at"))
class Visit(Record):
    at: dt.datetime = field.datetime()
    customer: UUID = field.reference("customer")
    paid: bool = field.boolean(default=False)
    items: tuple[Item, ...] = parts(Item, default=())
"""
SECOND = """
@facet("customer")
class Wearer(Facet):
    size: str | None = field.text(default=None, length=20)
    points: int = field.integer(default=7, index=True)
    since: dt.date | None = field.date(default=None)
    note: str | None = field.text(default=None, length=100, index=True)

@part("item")
class Item(Part):
    what: str = field.text(length=80)

@record("visit", timeline=("customer", "at"))
class Visit(Record):
    at: dt.datetime = field.datetime()
    customer: UUID = field.reference("customer")
    code: str | None = field.text(default=None, length=30, fold=False, unique=True)
    fee: Money = field.money(default=Money("2.50", "EUR"))
    paid: bool = field.boolean(default=False)
    items: tuple[Item, ...] = parts(Item, default=())
"""
THIRD = """
@facet("customer")
class Wearer(Facet):
    points: int = field.integer(default=7, index=True)
    since: dt.date | None = field.date(default=None)
    remark: str | None = field.text(default=None, length=150, index=True)

@part("item")
class Item(Part):
    what: str = field.text(length=80)
    count: int = field.integer(default=1)

@record("shop")
class Shop(Record):
    name: str = field.text(length=60, index=True)
    next: UUID | None = field.reference("wear.shop", default=None)

@record("visit", timeline=("customer", "at"))
class Visit(Record):
    at: dt.datetime = field.datetime()
    customer: UUID = field.reference("customer")
    grade: str = field.choice("low", "high")
    code: str | None = field.text(default=None, length=30, fold=False, unique=True)
    fee: Money = field.money(default=Money("2.50", "EUR"))
    settled: bool = field.boolean(default=False)
    shop: UUID | None = field.reference("wear.shop", default=None)
    marks: frozenset[str] = field.choices("late", "early", default=frozenset())
    items: tuple[Item, ...] = parts(Item, default=())
"""
DECLARED = {
    1: FIRST + HOOKS.format(records="Visit"),
    2: SECOND + HOOKS.format(records="Visit"),
    3: THIRD + HOOKS.format(records="Visit, Shop"),
}
DECIDED = """    op.drop_index("wear_customer", "note", "id")
    op.drop_index("wear_customer", "note_fold", "id")
    op.rename_column("wear_customer", "note", "remark")
    op.rename_column("wear_customer", "note_fold", "remark_fold")
    op.retype("wear_customer", "remark", "text(150)")
    op.retype("wear_customer", "remark_fold", "text(150)")
    op.execute("UPDATE {wear_customer} SET points = points + 1 WHERE since IS NULL AND remark <> 'a:b 10%'")
    op.drop_column("wear_customer", "size_fold")
    op.drop_column("wear_customer", "size")
    op.rename_column("wear_visit", "paid", "settled")
    op.add_column("wear_visit", "grade", "text(40)")
    op.fill("wear_visit", "grade", "text(40)", lambda row: "high" if row["code"] else "low")
    op.require("wear_visit", "grade")
"""
"""What the author makes of the draft of release 3: renames, and a grade from the code."""
OPENS = ("note", "remark", "size", "grade", "paid", "settled")


def make_releases(folder: Path) -> dict[int, Draft]:
    """Write the packages wear1, wear2 and wear3; gives what was drafted for each before its author went over it."""
    drafts = {}
    for release, text in DECLARED.items():
        package = folder / f"wear{release}"
        package.mkdir()
        (package / "__init__.py").write_text(HEAD.format(release=release) + text, encoding="utf-8")
        revisions = package / "migrations"
        if release > 1:
            copytree(folder / f"wear{release - 1}" / "migrations", revisions, ignore=ignore_patterns("__pycache__"))
        invalidate_caches()
        catalogue = load([import_module(f"wear{release}")]).catalogue
        drafts[release] = write_revision(catalogue, "wear", revisions, f"Release {release}")
    _decide(drafts[3].file)
    invalidate_caches()
    return drafts


def _decide(file: Path) -> None:
    """Keep of the draft what is not about the fields that the author decides on, which is done first."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("def upgrade")) + 2
    kept = [line for line in lines[start:] if not line.strip().startswith("#") and "undecided" not in line]
    kept = [line for line in kept if "create_index" in line or not any(f'"{name}' in line for name in OPENS)]
    file.write_text("\n".join([*lines[:start], DECIDED.rstrip(), *kept, ""]), encoding="utf-8")


@contextmanager
def importable(folder: Path) -> Iterator[Path]:
    """The folder stands on the import path; afterwards nothing imported from it is left."""
    sys.path.insert(0, str(folder))
    try:
        yield folder
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n.partition(".")[0] in ("wear1", "wear2", "wear3")]:
            del sys.modules[name]


def release(number: int) -> ModuleType:
    """The plugin as of a release."""
    return import_module(f"wear{number}")


def texts(folder: Path, number: int) -> Sequence[str]:
    """The names of the files of a release's revisions."""
    return sorted(each.name for each in (folder / f"wear{number}" / "migrations").glob("0*"))
