"""Databases that the running declarations do not fit are refused, with what mends it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.memory.source import MemorySource
from crmcore.adapters.sql.source import SqlSource
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.errors import InvalidSetting, PluginFailed, SchemaMismatch
from crmcore.ports.migration import Chain, Revision
from crmcore.ports.storage import StorageSource
from tests.adapters.sql.migrating.releases import release
from tests.plugins.made import made, record_class

pytestmark = pytest.mark.usefixtures("releases")


@pytest.fixture(params=["memory", "sqlite"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSource:
    """An empty database."""
    return MemorySource() if request.param == "memory" else SqlSource.own(f"sqlite:///{tmp_path}/crm.db")


def opened(source: StorageSource, *plugins: Any) -> Crm:
    """A Crm over a database with these plugins."""
    return Crm(storage=source, plugins=plugins)


def refusal(crm: Crm) -> str:
    """Why no unit of work is given out and nothing is upgraded; both say the same, but for what an upgrade mends."""
    with pytest.raises(SchemaMismatch) as working, crm.work("sara"):
        pass
    return str(working.value)


def test_an_older_database_is_refused_until_it_is_upgraded(source: StorageSource) -> None:
    """A plugin would write into columns that are not there, or nobody would know what to do."""
    opened(source, release(1)).upgrade()
    crm = opened(source, release(3))
    text = refusal(crm)
    assert "of revision 0001, this version needs 0003" in text
    assert "crm db upgrade" in text
    assert crm.readiness.waiting() == {"wear": ["0002", "0003"]}
    assert crm.status() == ({"core": "0001", "wear": "0001"}, False)
    told: list[str] = []
    assert crm.upgrade(told.append) == {"core": "0001", "wear": "0003"}
    assert told
    assert crm.upgrade() == {"core": "0001", "wear": "0003"}
    with crm.work("sara") as work:
        assert work.customers.count() == 0


def test_a_running_host_notices_that_its_database_was_upgraded(source: StorageSource) -> None:
    """It would go on writing rows without what the new tables ask for."""
    running = opened(source, release(1))
    running.upgrade()
    with running.work("sara") as work:
        work.customers.add(Person("Leila"))
    opened(source, release(3)).upgrade()
    for _ in range(2):
        with pytest.raises(SchemaMismatch, match="newer version"), running.work("sara") as work:
            work.customers.add(Person("Omar"))
    crm = opened(source, release(3))
    with crm.work("sara") as work:
        assert work.customers.count() == 1


def test_a_newer_database_is_refused(source: StorageSource) -> None:
    """An older version would write rows that the newer one cannot read."""
    opened(source, release(3)).upgrade()
    crm = opened(source, release(2))
    assert "revision 0003, made by a newer version; this one knows 0001, 0002" in refusal(crm)
    with pytest.raises(SchemaMismatch, match="newer version"):
        crm.upgrade()


def test_declarations_without_a_revision_are_refused(source: StorageSource) -> None:
    """Its author would not learn what to do, or the tables would be taken for what they are not."""
    opened(source, made("visits", records=[record_class("visit")])).upgrade()
    crm = opened(source, made("visits", records=[record_class("visit", indexes=(("title",),))]))
    text = refusal(crm)
    assert "no revision leads on from 0001" in text
    assert "crm plugins migrate visits -m" in text
    with pytest.raises(SchemaMismatch, match="other declarations"):
        crm.upgrade()


def _later(*revisions: Revision) -> Any:
    return lambda name: Chain(name, revisions if name == "visits" else ())


def nothing(op: Any) -> None:
    """A revision that changes nothing."""


@pytest.mark.parametrize(
    ("recorded", "newest", "text"),
    [
        ("right", "wrong", "the newest revision 0002 leads to others"),
        ("wrong", "right", "revision 0001 records others"),
    ],
)
def test_revisions_that_do_not_fit_are_not_run(
    source: StorageSource, recorded: str, newest: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows would be migrated from, or to, tables that the author never meant."""
    opened(source, made("visits", records=[record_class("visit")])).upgrade()
    crm = opened(source, made("visits", records=[record_class("visit", indexes=(("title",),))]))
    before, after = source.peek(), crm.readiness.wanted["visits"]
    assert before is not None
    first = before.fingerprints["visits"] if recorded == "right" else "other"
    last = after if newest == "right" else "other"
    chain = _later(Revision("0001", None, first, nothing), Revision("0002", "0001", last, nothing))
    monkeypatch.setattr(crm.readiness, "_chain", chain)
    for _ in range(2):
        with pytest.raises(SchemaMismatch, match=text):
            crm.upgrade()
    assert source.peek() == before


def test_a_data_step_alone_is_run_too(source: StorageSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that changes no table would never be run, as the declarations fit."""
    crm = opened(source, made("visits", records=[record_class("visit")]))
    crm.upgrade()
    shape = crm.readiness.wanted["visits"]
    monkeypatch.setattr(crm.readiness, "_chain", _later(Revision("0002", "0001", shape, nothing)))
    assert crm.readiness.waiting() == {"visits": ["0002"]}
    assert crm.upgrade()["visits"] == "0002"
    assert crm.readiness.waiting() == {}


def test_upgrading_rows_needs_alembic_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without the extra would see an ImportError, or could not even make a new database."""
    source = SqlSource.own(f"sqlite:///{tmp_path}/crm.db")
    for name in [n for n in sys.modules if n.partition(".")[0] == "alembic" or "sql.migrating" in n]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "alembic", None)
    opened(source, release(1)).upgrade()
    with pytest.raises(InvalidSetting, match=r"crmcore\[migrate\]"):
        opened(source, release(3)).upgrade()
    assert opened(source, release(1)).status()[1]


def test_rows_in_memory_are_carried_over() -> None:
    """Tests of a host that keep one database over several releases would read rows of the old classes."""
    source = MemorySource()
    crm, wear, after = opened(source, release(1)), release(1), release(2)
    crm.upgrade()
    with crm.work("sara") as work:
        customer = work.customers.add(Person("Leila").with_facets(wear.Wearer(size="m", note="tall")))
    crm = opened(source, after)
    crm.upgrade()
    with crm.work("sara") as work:
        found = work.customers.get(customer.id, with_=[after.Wearer]).facet(after.Wearer)
    assert found == after.Wearer(size="m", points=7, note="tall", version=1)


def packages(folder: Path, revisions: Sequence[tuple[str, str]]) -> Any:
    """A plugin whose package of revisions has these modules: name and text."""
    holder = folder / f"package_{abs(hash(tuple(revisions))):x}"
    holder.mkdir()
    (holder / "__init__.py").touch()
    for name, text in revisions:
        (holder / f"{name}.py").write_text(text, encoding="utf-8")
    return made("visits", records=[record_class("visit")], migrations=holder.name)


REVISION = "revision = {!r}\ndown_revision = {!r}\nfingerprint = 'f'\ndef upgrade(op): ..."


@pytest.mark.parametrize(
    ("revisions", "text"),
    [
        ([("0001_a", "1 / 0")], "raised ZeroDivisionError"),
        ([("0001_a", "revision = 1")], "is no revision"),
        ([("0001_a", REVISION.format("0001", None)), ("0002_b", REVISION.format("0002", None))], "follow on the same"),
        ([("0002_b", REVISION.format("0002", "0001"))], "no single line"),
    ],
)
def test_broken_revisions_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revisions: list[tuple[str, str]], text: str
) -> None:
    """A database would be stamped with a revision that nobody can reach."""
    monkeypatch.syspath_prepend(tmp_path)
    crm = opened(MemorySource(), packages(tmp_path, revisions))
    with pytest.raises(PluginFailed, match=text) as caught:
        crm.upgrade()
    assert "plugin 'visits'" in str(caught.value)


def test_a_package_that_is_not_there_is_named() -> None:
    """The author would search for the name that was mistyped."""
    crm = opened(MemorySource(), made("visits", migrations="crm_no_such.migrations"))
    with pytest.raises(PluginFailed, match=r"crm_no_such\.migrations"):
        crm.upgrade()
