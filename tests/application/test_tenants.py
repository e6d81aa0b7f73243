"""TEN-01: two tenants in one process, with the same ids and addresses, never meet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmcore import Person
from crmcore.application.searching import search
from crmcore.application.timeline import timeline
from crmcore.application.whole_view import whole_view
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidSetting, NotFound
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.databases import SERVERS, MariaDatabase, PostgresSchema


def visit(one: Crm, two: Crm) -> None:
    """Fill one tenant, look into the other."""
    with one.work("sara") as work:
        id = work.customers.add(Person("CANARY", emails=["same@x.com"], source="s", external_id="1")).id
        other = work.customers.add(Person("CANARY two")).id
    with two.work("sara") as work:
        mine = work.customers.add(Person("Mine", emails=["same@x.com"], source="s", external_id="1"))
        assert mine.id == id
        assert [c.name for c in work.customers.query().items] == ["Mine"]
        assert search(work, "canary") == []
        assert work.customers.find(email="same@x.com") == mine
        assert "CANARY" not in repr((whole_view(work, id), timeline(work, id), work.customers.history(id)))
        with pytest.raises(NotFound):
            work.customers.get(other)
    one.pump()
    two.pump()
    assert ([e.position for e in one.feed()], [e.position for e in two.feed()]) == ([1, 2], [1])
    assert "CANARY" not in repr(two.feed())


def test_two_files(tmp_path: Path) -> None:
    """Rows, counts, look-ups or numbers of one tenant would show in another."""
    with make_crm(f"sqlite:///{tmp_path / 'a.db'}") as one, make_crm(f"sqlite:///{tmp_path / 'b.db'}") as two:
        visit(one, two)


def test_two_in_memory() -> None:
    """Data in memory would be shared by the process."""
    with make_crm() as one, make_crm(plugins=[specimens]) as two:
        visit(one, two)
        with one.work("sara") as work, pytest.raises(InvalidSetting), two.work("sara", connection=work.transaction):  # type: ignore[arg-type]
            pass


@pytest.mark.postgres
def test_two_schemas(postgres_url: str) -> None:
    """Two schemas of one database would be mixed up."""
    other = PostgresSchema(sa.make_url(os.environ[SERVERS["postgres"]]))
    try:
        with make_crm(postgres_url) as one, make_crm(other.url) as two:
            visit(one, two)
    finally:
        other.remove()


@pytest.mark.mariadb
def test_two_databases(mariadb_url: str) -> None:
    """Two databases of one server would be mixed up."""
    other = MariaDatabase(sa.make_url(os.environ[SERVERS["mariadb"]]))
    try:
        with make_crm(mariadb_url) as one, make_crm(other.url) as two:
            visit(one, two)
    finally:
        other.remove()
