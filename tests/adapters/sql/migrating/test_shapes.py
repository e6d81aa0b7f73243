"""Tables as plain values, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

import crmcore_loyalty
from crmcore.adapters.sql.migrating.shapes import Naming, from_plain, shapes_of, table_of
from crmcore.adapters.sql.migrating.spelling import is_wider, spelled, type_of
from crmcore.adapters.sql.tables import Tables, build_tables
from crmcore.domain import field
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.record import Record, record
from crmcore.plugins.registry import load
from crmcore.testing import specimens
from tests.plugins.made import made

MODULES: Any = (sqlite, postgresql, mysql)
DIALECTS = [module.dialect() for module in MODULES]
WORDS = "text text(20) text(700) code(3) integer decimal(4) boolean date datetime id".split()


@record("a_name_of_forty_letters_is_just_about_ok")
class Long(Record):
    """A record type whose table's name has to be cut."""

    another_name_of_forty_letters_is_just_ok: str | None = field.text(default=None, index=True)


LONG = made("a_plugin_with_thirty_letters__", records=[Long])


def statements(table: sa.Table) -> list[list[str]]:
    """What makes a table on each database, without regard to the order of its lines."""
    found = []
    for dialect in DIALECTS:
        create = CreateTable(table, include_foreign_key_constraints=list(table.foreign_key_constraints))
        lines = [line.strip(", ") for line in str(create.compile(dialect=dialect)).splitlines()]
        found.append(sorted([*lines, *(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)]))
    return found


def declared(tables: Tables, name: str) -> sa.Table:
    """The table that a shape is of."""
    return next(t for t in tables.metadata.tables.values() if t.info.get("name") == tables.prefix + name)


@pytest.mark.parametrize(("prefix", "schema"), [("crm_", None), ("", None), ("host_", "tenant")])
def test_every_declared_table_can_be_told_and_made_again(prefix: str, schema: str | None) -> None:
    """A revision would make other tables than a new database has."""
    tables = build_tables(load([crmcore_loyalty, specimens, LONG]).catalogue, prefix, schema)
    for distribution in ("core", "loyalty", "specimen", LONG.plugin.name):
        shapes = shapes_of(tables, distribution)
        assert shapes
        for name, shape in shapes.items():
            assert from_plain(name, json.loads(json.dumps(shape.plain()))) == shape
            original = declared(tables, name)
            for key in original.foreign_key_constraints:
                key.use_alter = False
            again = table_of(shape, Naming(prefix, schema), sa.MetaData(schema=schema))
            assert statements(again) == statements(original)


def test_a_shape_does_not_depend_on_the_prefix() -> None:
    """The snapshot of an author would be of no use to a host with another prefix."""
    catalogue = load([specimens, LONG]).catalogue
    for distribution in ("core", "specimen", LONG.plugin.name):
        one, two = (shapes_of(build_tables(catalogue, prefix), distribution) for prefix in ("crm_", ""))
        assert one == two


@pytest.mark.parametrize("word", WORDS)
def test_a_word_stands_for_one_type(word: str) -> None:
    """A column would come back as another one."""
    assert spelled(type_of(word)) == word


@pytest.mark.parametrize("word", ["", "varchar(20)", "text(x)", "integer(4)", "Text"])
def test_what_is_no_type_is_refused(word: str) -> None:
    """A slip in a revision would show only as an error of some database."""
    with pytest.raises(InvalidDeclaration, match="no type of a column"):
        type_of(word)


@pytest.mark.parametrize(
    ("old", "new", "wider"),
    [
        ("text(20)", "text(30)", True),
        ("text(20)", "text", True),
        ("text", "text(20)", False),
        ("text(30)", "text(20)", False),
        ("code(3)", "text(3)", False),
        ("integer", "decimal(4)", False),
    ],
)
def test_what_fits_into_what(old: str, new: str, wider: bool) -> None:
    """A change that loses values would be made without asking."""
    assert is_wider(old, new) is wider
