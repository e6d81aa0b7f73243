"""A database goes from release to release of a plugin with its rows, and ends as one that is made by the last."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import DanglingReference, DuplicateValue, SchemaMismatch
from crmcore.domain.money import Money
from crmcore.ports.migration import Chain, Operations, Revision
from tests.adapters.sql.migrating import killed
from tests.adapters.sql.migrating.releases import release
from tests.adapters.sql.migrating.schema import described
from tests.databases import storages

DAY = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def engine(fresh_url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    made = own_engine(fresh_url)
    yield made
    made.dispose()


def open_release(engine: sa.Engine, number: int, prefix: str) -> Crm:
    """A Crm with the plugin as of a release, its tables made or migrated."""
    crm = Crm(engine, plugins=[release(number)], prefix=prefix)
    crm.upgrade()
    return crm


def fill(crm: Crm) -> None:
    """Rows of release 1."""
    wear: Any = release(1)
    with crm.work("sara") as work:
        for number, note in enumerate((None, "Große Schuhe", "a:b 10%")):
            customer = work.customers.add(Person(f"Customer {number}").with_facets(wear.Wearer(size="xl", note=note)))
            items = (wear.Item("hat"), wear.Item("كتاب"))
            work[wear.Visit].add(wear.Visit(at=DAY, customer=customer.id, paid=number == 1, items=items))


def held(crm: Crm, number: int) -> list[Any]:
    """What the rows are, as plain values."""
    wear: Any = release(number)
    with crm.work("sara") as work:
        customers = work.customers.query(sort="name", with_=[wear.Wearer]).items
        visits = work[wear.Visit].query(sort="id").items
        return [
            [_values(each.facet(wear.Wearer)) for each in customers],
            [_values(each, "id", "customer", "created_at", "changed_at") for each in visits],
        ]


def _values(each: Any, *left_out: str) -> dict[str, Any]:
    names = [a.name for a in type(each).__attrs_attrs__ if a.name not in {*left_out, "facets"}]
    return {name: getattr(each, name) for name in names}


def expected(wear: Any) -> list[Any]:
    """What release 3 makes of the rows of release 1."""
    envelope: dict[str, Any] = {
        "version": 1,
        "source": None,
        "external_id": None,
        "at": DAY,
        "shop": None,
        "marks": frozenset(),
    }
    items = (wear.Item("hat", count=1, no=1), wear.Item("كتاب", count=1, no=2))
    rest = {"grade": "low", "code": None, "fee": Money("2.50", "EUR"), "items": items}
    return [
        [
            {"version": 1, "points": points, "since": None, "remark": remark}
            for points, remark in ((7, None), (8, "Große Schuhe"), (7, "a:b 10%"))
        ],
        [{**envelope, **rest, "settled": settled} for settled in (False, True, False)],
    ]


@pytest.mark.usefixtures("releases")
def test_every_way_leads_to_the_same_tables_and_keeps_the_rows(engine: sa.Engine) -> None:
    """A database that was upgraded would differ from a new one: slower, laxer, or without the rows."""
    open_release(engine, 3, "aaa_")
    for prefix, steps in (("bbb_", (2, 3)), ("ccc_", (3,))):
        fill(open_release(engine, 1, prefix))
        for number in steps:
            crm = open_release(engine, number, prefix)
        assert crm.status() == ({"core": "0001", "wear": "0003"}, True)
        assert held(crm, 3) == expected(release(3))
        _still_guarded(crm)
    with engine.connect() as connection:
        fresh, stepwise, direct = (described(connection, prefix) for prefix in ("aaa_", "bbb_", "ccc_"))
    assert stepwise == fresh
    assert direct == fresh


def _still_guarded(crm: Crm) -> None:
    """The folds find, unique values are taken, references lead somewhere."""
    wear: Any = release(3)
    with crm.work("sara") as work:
        assert work.customers.count('wear.remark ~ "grosse"') == 1
        customer = work.customers.query(limit=1).items[0]
        work[wear.Visit].add(wear.Visit(at=DAY, customer=customer.id, grade="low", code="A"))
    for error, more in ((DuplicateValue, {"code": "A"}), (DanglingReference, {"shop": customer.id})):
        with pytest.raises(error), crm.work("sara") as work:
            work[wear.Visit].add(wear.Visit(at=DAY, customer=customer.id, grade="low", **more))


def test_an_upgrade_that_is_killed_at_each_step_is_resumed(engine: sa.Engine, fresh_url: str, releases: Path) -> None:
    """A power cut would leave tables between two releases, which no version can work with."""
    open_release(engine, 3, "aaa_")
    fill(open_release(engine, 1, "bbb_"))
    engine.dispose()
    program = [sys.executable, "-W", "error", str(Path(killed.__file__)), str(releases), fresh_url, "bbb_"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[4])
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > (40 if engine.dialect.name == "mysql" else 5)
    crm = open_release(engine, 3, "bbb_")
    assert held(crm, 3) == expected(release(3))
    _still_guarded(crm)
    with engine.connect() as connection:
        assert described(connection, "bbb_") == described(connection, "aaa_")
        left = sa.text("SELECT count(*) FROM bbb_setting WHERE value LIKE '0003 %'")
        assert connection.execute(left).scalar() == 0


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.mark.usefixtures("releases")
def test_half_an_upgrade_is_taken_for_no_release(engine: sa.Engine) -> None:
    """Where changes of tables commit by themselves, the release before would write into tables between the two."""
    crm = open_release(engine, 1, "bbb_")
    later = Crm(engine, plugins=[release(3)], prefix="bbb_")
    told: list[str] = []

    def stop(step: str) -> None:
        told.append(step)
        if len(told) == 4:
            raise Stopped

    with pytest.raises(Stopped):
        later.upgrade(stop)
    if engine.dialect.name == "mysql":
        for number in (1, 3):
            with pytest.raises(SchemaMismatch, match=r"on their way from revision 0001 to 0002|needs 0003"):
                Crm(engine, plugins=[release(number)], prefix="bbb_").work("sara").__enter__()
        with pytest.raises(SchemaMismatch, match="on their way"), crm.work("sara"):
            pass
    else:
        with crm.work("sara") as work:
            assert work.customers.count() == 0
    assert later.upgrade(told.append)["wear"] == "0003"
    assert (told[4] == told[3]) is (engine.dialect.name == "mysql")


def test_a_revision_with_an_open_question_does_nothing(engine: sa.Engine) -> None:
    """MariaDB would keep what came before the question."""

    def unfinished(op: Operations) -> None:
        op.drop_table("link")
        op.undecided("is tie the old link?")

    crm = Crm(engine)
    crm.upgrade()
    before = crm.storage.stamp()
    with pytest.raises(SchemaMismatch, match="0002 of core is not finished"):
        crm.storage.migrate(Chain("core", (Revision("0002", "0001", "", unfinished),)), lambda step: None)
    assert crm.storage.stamp() == before
    assert sa.inspect(engine).has_table("crm_link")


@pytest.mark.parametrize("fresh_url", storages("postgres"), indirect=True)
@pytest.mark.usefixtures("releases")
def test_tenants_in_schemas_are_upgraded_one_by_one(engine: sa.Engine) -> None:
    """An upgrade would find the tables of another tenant, or none."""
    with engine.connect() as connection:
        name = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    fill(open_release(engine, 1, "two_"))
    for number in (1, 3):
        crm = Crm(engine, plugins=[release(number)], prefix="one_", schema=name)
        crm.upgrade()
        if number == 1:
            fill(crm)
    assert held(crm, 3) == expected(release(3))
    assert Crm(engine, plugins=[release(1)], prefix="two_").status() == ({"core": "0001", "wear": "0001"}, True)
