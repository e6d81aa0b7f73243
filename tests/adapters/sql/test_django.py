"""A unit of work inside Django's `atomic()` shares its fate."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import django
import pytest
import sqlalchemy as sa
from django.conf import settings
from django.db import connections, transaction

import crmcore
from crmcore.crm import Crm
from crmcore.domain.customer import Person
from tests.adapters.sql.hosts import expecting, fail, host_rows, make_host_table
from tests.databases import storages

importlib.import_module("pymysql").install_as_MySQLdb()
ALIAS = "shop"
ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql"}


def django_database(url: str) -> dict[str, Any]:
    """A database as Django's settings name it."""
    parsed = sa.make_url(url)
    backend = parsed.get_backend_name()
    found: dict[str, Any] = {"ENGINE": f"django.db.backends.{ENGINES[backend]}", "NAME": parsed.database}
    if backend != "sqlite":
        found |= {"HOST": parsed.host, "PORT": str(parsed.port), "USER": parsed.username}
    if backend == "postgresql":
        options = parsed.query["options"]
        found["OPTIONS"] = {
            "options": options if isinstance(options, str) else " ".join(options),
            "application_name": parsed.query["application_name"],
        }
    return found


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm with tables, in a database that Django knows under an alias."""
    if not settings.configured:
        settings.configure(DATABASES={}, USE_TZ=True, TIME_ZONE="Asia/Tehran")
        django.setup()
    made = crmcore.open(fresh_url)
    made.upgrade()
    make_host_table(fresh_url)
    connections.settings[ALIAS] = connections.configure_settings({"default": {}, ALIAS: django_database(fresh_url)})[
        ALIAS
    ]
    yield made
    connections[ALIAS].close()
    del connections[ALIAS]
    made.close()


def host_insert(number: int) -> None:
    """A row of the host's, written by Django."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("INSERT INTO host_order VALUES (%s)", [number])


@pytest.mark.parametrize("host_fails", [False, True])
@pytest.mark.parametrize("ours_fails", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_both_fates_inside_atomic(crm: Crm, fresh_url: str, host_fails: bool, ours_fails: bool, nested: bool) -> None:
    """Django's row would be rolled back and ours committed, or the other way round."""
    with expecting(host_fails), transaction.atomic(using=ALIAS):
        host_insert(1)
        with expecting(ours_fails), crm.work("checkout", dbapi=connections[ALIAS].connection) as work:
            leila = work.customers.add(Person("لیلا", emails=["leila@example.com"]))
            assert work.customers.get(leila.id) == leila
            with expecting(nested), transaction.atomic(using=ALIAS):
                host_insert(2)
                fail(nested)
            fail(ours_fails)
        host_insert(3)
        fail(host_fails)
    assert host_rows(fresh_url) == (0 if host_fails else 2 if ours_fails or nested else 3)
    with crm.work("test") as work:
        assert [c.name for c in work.customers.query().items] == ([] if host_fails or ours_fails else ["لیلا"])


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_django_goes_on_afterwards(crm: Crm, fresh_url: str) -> None:
    """Django would find its connection changed: in another mode, with another zone, or with rows of another shape."""
    with transaction.atomic(using=ALIAS), crm.work("checkout", dbapi=connections[ALIAS].connection) as work:
        work.customers.add(Person("Leila"))
    host_insert(1)
    assert connections[ALIAS].get_autocommit()
    assert host_rows(fresh_url) == 1
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT id FROM host_order")
        assert cursor.fetchall() in ([(1,)], ((1,),))
