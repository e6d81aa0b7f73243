"""A Crm with the plugin `rewards` on each storage, one database for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmcore.crm import Crm
from crmcore.testing.crm import make_crm
from tests.databases import storages
from tests.plugins import contributing


@pytest.fixture(params=storages("memory", "sqlite", "postgres", "mariadb"))
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    """A Crm over an empty database, with the plugin active that keeps to everything."""
    url = "memory" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    with make_crm(url, plugins=[contributing]) as made:
        yield made
