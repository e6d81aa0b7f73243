"""Tables follow from declarations on each database, and are refused where they could not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import crmcore
from crmcore.adapters.sql import SqlSource, SqlStorage, include_object, own_engine
from crmcore.adapters.sql.tables import build_tables
from crmcore.crm import Crm
from crmcore.domain import field
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.customer import Person
from crmcore.domain.errors import InvalidDeclaration, InvalidSetting
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.records import CORE
from crmcore.ports.stamp import Stamp
from tests.databases import storages

STAMP = Stamp({"core": "0001", "shop": "0007"}, {"core": "c", "shop": "s"}, ("shop",), 1, 1)


def catalogue(*records: type[Record], facets: tuple[type[Facet], ...] = ()) -> Catalogue:
    """The core's declarations and those of a plugin called shop."""
    core: list[tuple[str | None, type[Record]]] = [(None, each) for each in CORE]
    return build([*core, *(("shop", each) for each in records)], [("shop", each) for each in facets])


@record("basket", indexes=(("code", "size"),))
class Basket(Record):
    """A record type of a plugin."""

    code: str | None = field.text(default=None, length=20, fold=False)
    size: int | None = field.integer(default=None)
    next: UUID | None = field.reference("shop.shelf", default=None)


@record("shelf")
class Shelf(Record):
    """One that refers to the other, which refers back."""

    basket: UUID | None = field.reference("shop.basket", default=None)


@pytest.fixture
def engine(fresh_url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    made = own_engine(fresh_url)
    yield made
    made.dispose()


def test_making_again_changes_nothing(engine: sa.Engine) -> None:
    """Making what is there already would fail, or lose rows or stamps."""
    storage = SqlStorage(engine, catalogue(Basket, Shelf))
    assert storage.stamp() is None
    storage.create(STAMP, ["core", "shop"])
    transaction = storage.begin()
    transaction.put_setting("mine", "1")
    transaction.commit()
    storage.create(STAMP, ["core", "shop"])
    assert storage.stamp() == STAMP
    transaction = storage.begin()
    assert transaction.setting("mine") == "1"
    transaction.rollback()
    assert all(holds for _, holds, _ in storage.checks())


def test_what_was_interrupted_is_resumed(engine: sa.Engine) -> None:
    """After a crash half-way a database would count as made, or could not be made any more."""
    storage = SqlStorage(engine, catalogue(Basket, Shelf))
    some = [t for t in storage.metadata.sorted_tables if not t.foreign_key_constraints][:3]
    with engine.begin() as connection:
        for table in some:
            connection.execute(sa.schema.CreateTable(table))
    assert storage.stamp() is None
    storage.create(STAMP, ["core", "shop"])
    assert storage.stamp() == STAMP
    found = {i["name"] for t in some for i in sa.inspect(engine).get_indexes(t.name)}
    if engine.dialect.name != "mysql":  # which makes a table whole or not at all
        assert {i.name for t in some for i in t.indexes} <= found


def test_a_plugin_comes_later(engine: sa.Engine) -> None:
    """Enabling a plugin would make the core's tables again, or forget the stamp of the core."""
    SqlStorage(engine, catalogue()).create(Stamp({"core": "0001"}, {"core": "c"}, (), 1, 1), ["core"])
    storage = SqlStorage(engine, catalogue(Basket, Shelf))
    assert not sa.inspect(engine).has_table("crm_shop_basket")
    storage.create(STAMP, ["shop"])
    assert storage.stamp() == STAMP
    assert sa.inspect(engine).has_table("crm_shop_basket")


def test_references_in_a_circle_are_checked(engine: sa.Engine) -> None:
    """Two record types that refer to each other could not be made, or without one of the references."""
    SqlStorage(engine, catalogue(Basket, Shelf)).create(STAMP, ["core", "shop"])
    found = {
        (table, key["referred_table"])
        for table in ("crm_shop_basket", "crm_shop_shelf")
        for key in sa.inspect(engine).get_foreign_keys(table)
    }
    assert found == {("crm_shop_basket", "crm_shop_shelf"), ("crm_shop_shelf", "crm_shop_basket")}


def test_tables_are_as_declared(engine: sa.Engine) -> None:
    """A host's migrations would find differences that nobody made, and undo them."""
    storage = SqlStorage(engine, catalogue(Basket, Shelf))
    storage.create(STAMP, ["core", "shop"])
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found = compare_metadata(context, storage.metadata)
    own_of_mariadb = [d for d in found if engine.dialect.name == "mysql" and d[0] == "remove_index"]
    assert [d for d in found if d not in own_of_mariadb] == []


def test_a_hosts_alembic_leaves_our_tables_alone(engine: sa.Engine) -> None:
    """A host's next migration would drop every table of crmcore."""
    SqlStorage(engine, catalogue()).create(STAMP, ["core"])
    host = sa.MetaData()
    sa.Table("host_order", host, sa.Column("id", sa.Integer, primary_key=True))
    with engine.connect() as connection:
        options = {"include_object": include_object()}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), host)
    assert [(kind, item.name) for kind, item in found] == [("add_table", "host_order")]


def test_processes_that_make_tables_at_once(fresh_url: str) -> None:
    """Of two services that start together one would fail, or both would leave half a database."""
    program = (
        "import sys, crmcore; crm = crmcore.open(sys.argv[1], plugins=[]); crm.upgrade(); "
        "print(sorted(crm.status()[0])); crm.close()"
    )
    command = [sys.executable, "-W", "error", "-c", program, fresh_url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ended = [each.communicate(timeout=120) for each in running]
    assert [(out.strip(), err) for out, err in ended] == [("['core']", "")] * 4
    crm = crmcore.open(fresh_url)
    with crm.work("test") as work:
        assert work.customers.count() == 0
    crm.close()


@pytest.mark.parametrize("fresh_url", storages("postgres"), indirect=True)
def test_a_schema_and_a_prefix_of_ones_own(fresh_url: str) -> None:
    """Two tenants in two schemas, or a host with crm_ tables of its own, would share rows."""
    engine = own_engine(fresh_url)
    with engine.begin() as connection:
        name = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    made = [Crm(engine, prefix="one_"), Crm(engine, prefix="two_", schema=name), Crm(engine)]
    for number, crm in enumerate(made):
        crm.upgrade()
        with crm.work("test") as work:
            work.customers.add_many(Person(str(n)) for n in range(60 + number))
    for number, crm in enumerate(made):
        with crm.work("test") as work:
            assert work.customers.count('name ~ "5"') > 0
            assert work.customers.count() == 60 + number
            work.customers.query(sort="city,name")
    engine.dispose()


@facet("customer")
class Member(Facet):
    """A facet whose table has the name of a record type's."""

    tier: str | None = field.text(default=None)


@record("customer")
class ShopCustomer(Record):
    """shop.customer, and shop's facet of customer."""


@record("twice")
class Twice(Record):
    """A column and the fold of another one have one name."""

    name: str | None = field.text(default=None)
    name_fold: str | None = field.text(default=None, fold=False)


@record("long")
class Long(Record):
    """An index over more than fits."""

    text: str | None = field.text(default=None, length=700, index=True)


@part("row")
class Row(Part):
    """A part with a column that parts have for their owner."""

    owner: str | None = field.text(default=None)


@record("sheet")
class Sheet(Record):
    """Has such parts."""

    rows: tuple[Row, ...] = parts(Row, default=())


@record("change")
class CoreChange(Record):
    """Wants the table of the change log."""


@pytest.mark.parametrize(
    ("records", "facets", "names"),
    [
        ((ShopCustomer,), (Member,), "crm_shop_customer"),
        ((Twice,), (), "name_fold"),
        ((Long,), (), "2600"),
        ((Sheet,), (), "owner"),
    ],
)
def test_what_cannot_be_a_table_is_refused(
    records: tuple[type[Record], ...], facets: tuple[type[Facet], ...], names: str
) -> None:
    """Two declarations would share a table or a column, or a database would refuse what another takes."""
    with pytest.raises(InvalidDeclaration, match=names):
        build_tables(catalogue(*records, facets=facets))


def test_the_cores_own_tables_are_taken() -> None:
    """A record type would overwrite the change log."""
    core: list[tuple[str | None, type[Record]]] = [(None, each) for each in (*CORE, CoreChange)]
    with pytest.raises(InvalidDeclaration, match="crm_change"):
        build_tables(build(core))


@record("crowded_with_a_name_that_is_rather_lon")
class Crowded(Record):
    """Many texts, and names as long as names may be."""

    a_text_with_a_name_of_forty_characters_1: str | None = field.text(default=None, length=400, index=True)
    a_text_with_a_name_of_forty_characters_2: str | None = field.text(default=None, length=400)
    b1: str | None = field.text(default=None, length=500)
    b2: str | None = field.text(default=None, length=500)
    b3: str | None = field.text(default=None, length=500)
    b4: str | None = field.text(default=None, length=500)
    b5: str | None = field.text(default=None, length=500)
    b6: str | None = field.text(default=None, length=500)
    b7: str | None = field.text(default=None, length=500)
    b8: str | None = field.text(default=None, length=500)
    b9: str | None = field.text(default=None, length=500)
    c1: str | None = field.text(default=None, length=500)
    c2: str | None = field.text(default=None, length=500)
    c3: str | None = field.text(default=None, length=500)
    c4: str | None = field.text(default=None, length=500)
    unique_text: str | None = field.text(default=None, length=500, unique=True)
    far: UUID | None = field.reference("shop.crowded_with_a_name_that_is_rather_lon", default=None)


def test_long_names_and_wide_rows_fit(engine: sa.Engine) -> None:
    """A database would refuse the table, or cut a name so that two become one."""
    storage = SqlStorage(engine, catalogue(Crowded))
    storage.create(STAMP, ["core", "shop"])
    names = [t.name for t in storage.metadata.sorted_tables]
    assert max(map(len, names)) <= 60
    assert len(set(names)) == len(names)


def test_source_tells_what_it_was_given() -> None:
    """Something that is no engine would fail somewhere deep inside."""
    wrong: Any = "sqlite://"
    with pytest.raises(InvalidSetting, match="create_engine"):
        SqlSource(wrong)
