"""What tests of the SQL storage share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from crmcore.adapters.sql import SqlSource, SqlStorage
from crmcore.crm import Crm
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm


@pytest.fixture
def crm(fresh_url: str) -> Iterator[Crm]:
    """A Crm with tables and one of everything, on each database."""
    with make_crm(SqlSource.own(fresh_url), plugins=(specimens,)) as made:
        yield made


@pytest.fixture
def storage(crm: Crm) -> SqlStorage:
    """The storage of the `crm` of the same test."""
    assert isinstance(crm.storage, SqlStorage)
    return crm.storage


NOON = dt.datetime(2025, 1, 15, 12, 0, tzinfo=dt.UTC)
