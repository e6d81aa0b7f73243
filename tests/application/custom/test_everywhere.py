"""Fields that were added at run time take part in everything: files, history, joined transactions, indexes, drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmcore
from crmcore.adapters.sql.reading import Reader
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import PredicateError
from crmcore.testing.contract.altering import KINDS, change
from crmcore.testing.contract.case import customer_id
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import Restricted
from crmcore.testing.strategies import facets
from tests.adapters.sql.plans import Recorder, plan_of
from tests.application.custom.conftest import Altered

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def test_files_have_them(altered: Altered, tmp_path: Path) -> None:
    """Imported under the dotted name, exported again, and refused row by row as any other field."""
    crm = altered.crm
    crm.fields.add("customer", "shoe_size", "integer", index=True)
    crm.fields.add("customer", "badge", "text", length=4, unique=True)
    rows = [
        "name,custom.shoe_size,custom.badge",
        "Leila,42,A1",
        "Omar,large,A2",
        "Nora,,A3",
        "Sara,39,A1",
        "Zoë,1,long!",
    ]
    (tmp_path / "in.csv").write_text("\n".join(rows), encoding="utf-8")
    report = crm.import_file(tmp_path / "in.csv", "customer", actor="sara")
    assert (report.created, report.rejected) == (2, 3)
    assert {r.column for r in report.rejects} == {"custom.shoe_size", "custom.badge"}
    with crm.work("sara") as work:
        assert [c.name for c in work.customers.stream("custom.shoe_size > 40")] == ["Leila"]


class Meddled(Crm):
    """A Crm before each of whose units of work something happens."""

    happens: Iterator[Callable[[], object]] = iter(())

    def work(self, *given: Any, **named: Any) -> UnitOfWork:
        """After the next thing has happened."""
        next(self.happens, lambda: None)()
        return super().work(*given, **named)


def test_an_import_goes_on_with_the_fields_that_it_began_with(sqlite_url: str, tmp_path: Path) -> None:
    """A field that is added meanwhile, or removed, is no reason to end in the middle."""
    (tmp_path / "in.csv").write_text("name,custom.size\n" + "".join(f"Person {n},{n}\n" for n in range(4_000)))
    with make_crm(sqlite_url) as other:
        other.fields.add("customer", "size", "integer")
        crm = Meddled(storage=SqlSource.own(sqlite_url))
        other.fields.add("customer", "more", "text")  # which the import sees, and nothing of what comes then
        changes = [
            lambda: other.fields.add("customer", "late", "text"),
            lambda: other.fields.remove("customer", "more"),
            lambda: other.fields.remove("customer", "size"),
        ]
        crm.happens = iter(changes)
        report = crm.import_file(tmp_path / "in.csv", "customer", actor="sara", chunk=1_000)
        assert (report.created, next(crm.happens, None)) == (4_000, None)
        other.fields.add("customer", "size", "integer")
        with crm.work("sara") as work:
            assert work.customers.count("custom.size >= 0 and custom.late is missing") == 4_000
        crm.close()


def test_history_goes_on_telling_of_what_is_gone(altered: Altered) -> None:
    """Of a removed field, of one that was purged, and of one whose name another one has now."""
    crm, leila = altered.crm, customer_id(altered.crm)
    for name in ("size", "word"):
        crm.fields.add("customer", name, "integer")
    with crm.work("sara") as work:
        change(work, leila, {"custom.size": 40, "custom.word": 1})
    for name in ("size", "word"):
        crm.fields.remove("customer", name)
        crm.fields.purge("customer", name)
    with crm.work("sara") as work:
        logged = [dict(entry.values()) for entry in work.customers.history(leila)][-1]
        assert (logged["custom.size"], logged["custom.word"]) == ([None, 40], [None, 1])
        assert work.customers.get(leila, as_of=LATER).name == "Leila"
    crm.fields.add("customer", "word", "text")
    cls = crm.fields.facet("customer")
    with crm.work("sara") as work:
        assert work.customers.get(leila, as_of=LATER).facet(cls).word is None


def test_the_past_is_told_with_them(altered: Altered) -> None:
    """As of a time they had the values of that time."""
    crm, leila = altered.crm, customer_id(altered.crm)
    crm.fields.add("customer", "likes", "choices", options=("tea", "milk"))
    with crm.work("sara") as work:
        change(work, leila, {"custom.likes": frozenset(("tea",))})
    cls = crm.fields.facet("customer")
    with crm.work("sara") as work:
        then = work.customers.get(leila, as_of=LATER).facet(cls)
        assert then.likes == frozenset(("tea",))
        change(work, leila, {"custom.likes": frozenset()})
        assert [dict(e.values())["custom.likes"] for e in work.customers.history(leila)[1:]] == [
            [None, ["tea"]],
            [["tea"], None],
        ]


def test_joined_units_of_work_know_them(fresh_url: str) -> None:
    """Inside a host's transaction too, by SQLAlchemy and by the driver, and though another Crm has added them."""
    with make_crm(fresh_url) as crm:
        engine = crmcore.prepare(sa.create_engine(fresh_url))
        host = Crm(engine)
        crm.fields.add("customer", "size", "integer")
        with engine.begin() as connection:
            with host.work("sara", connection=connection) as work:
                leila = work.customers.add(Person("Leila")).id
                change(work, leila, {"custom.size": 40})
            with host.work("sara", dbapi=connection.connection.driver_connection) as work:
                assert work.customers.count("custom.size = 40") == 1
        crm.fields.remove("customer", "size")
        with engine.begin() as connection, host.work("sara", connection=connection) as work:
            assert "custom.size" not in work.catalogue.names(work.catalogue.record("customer"))
        engine.dispose()


def test_a_renewed_crm_keeps_its_connections(sqlite_url: str) -> None:
    """The engine is the host's: nothing of it is closed or opened anew when fields change."""
    engine = crmcore.prepare(sa.create_engine(sqlite_url))
    crm = Crm(storage=SqlSource(engine))
    crm.upgrade()
    before, pool = crm.storage, engine.pool
    crm.fields.add("customer", "size", "integer")
    assert crm.storage is not before and engine.pool is pool
    kernel = crm.kernel
    with crm.work("sara") as work:
        assert work.kernel is kernel
    engine.dispose()


@pytest.mark.parametrize("fresh_url", ["sqlite", "postgres", "mariadb"], indirect=True)
def test_an_index_is_used(fresh_url: str) -> None:
    """Though the column was added to a table that had rows already."""
    with make_crm(fresh_url) as crm:
        crm.fields.add("customer", "first", "integer")
        cls = crm.fields.facet("customer")
        with crm.work("sara") as work:
            work.customers.add_many(Person(f"Customer {n}").with_facets(cls(first=n)) for n in range(2_000))
        crm.fields.add("customer", "size", "integer", index=True)
        with crm.work("sara") as work:
            for number, customer in enumerate(list(work.customers.stream())):
                if number % 4 == 0:
                    change(work, customer.id, {"custom.size": number})
        storage = crm.storage
        assert isinstance(storage, SqlStorage)
        with storage._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            mariadb = connection.dialect.name == "mysql"
            connection.exec_driver_sql(
                "ANALYZE TABLE crm_customer, crm_custom_customer" if mariadb else "ANALYZE"
            ).close()
        with crm.work("sara") as work:
            runner = Recorder(work.transaction._runner)  # type: ignore[attr-defined]  # of SqlTransaction
            work.transaction._reader = Reader(storage._statements.model, runner)  # type: ignore[attr-defined]  # likewise
            assert work.customers.count("custom.size = 400") == 1
            for sql, values in list(runner.fetched):
                assert plan_of(storage._backend, runner, sql, values).scanned == ()


def test_what_is_drawn_can_be_stored(altered: Altered) -> None:
    """The strategies follow from the declarations, as for every facet."""
    crm, leila = altered.crm, customer_id(altered.crm)
    for kind, (options, _, _) in KINDS.items():
        crm.fields.add("customer", f"of_{kind}", kind, **options)
    facet = altered.custom("customer")
    assert facet is not None
    found = facet

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def store(data: st.DataObject) -> None:
        drawn: Any = data.draw(facets(found, {"customer": [leila]}))
        with crm.work("sara") as work:
            added = work.customers.add(Person("Omar").with_facets(drawn))
            read = work.customers.get(added.id, with_=[found.cls]).facet(found.cls)
            assert found.values(read) == found.values(drawn)

    store()


def test_the_policy_hides_them(altered: Altered) -> None:
    """By their dotted names; a Crm keeps its policy when fields change."""
    crm = altered.crm
    crm.fields.add("customer", "size", "integer")
    crm.kernel.policy = Restricted(hidden={"customer": ["custom.size"]})
    crm.fields.add("customer", "word", "text")
    with crm.work("sara") as work:
        assert work.customers.count('custom.word = "x"') == 0
        with pytest.raises(PredicateError, match="unknown field"):
            work.customers.count("custom.size = 1")
