"""What the parts of the contract of plugins share: the plugin, the storages, and a Crm over each of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.strategies import DataObject, SearchStrategy

from crmcore.crm import Crm
from crmcore.domain.workflow import Workflow
from crmcore.plugins import Plugin
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.plugins.drawing import Drawing
from crmcore.testing.plugins.places import SERVERS, STORAGES, Place
from crmcore.testing.referred import one_of_each

EXAMPLES: Final = 10
drawn: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
"""How a test draws records: few, as databases are slow and the contract has many tests, and none made smaller."""

OPENED: Final = pytest.StashKey[dict[str, Crm]]()


class PluginCase:
    """The base of every part of the contract. `plugin` is all that an author has to give.

    `others`: plugins that are to be active beside it, by name or as objects; by default those that it requires.
    `storages`: on which to run. `given`: strategies for fields of which the plugin refuses most values, by record type
    (or "RECORD.PLUGIN" for a facet) and field.
    """

    plugin: Any
    others: Sequence[Any] | None = None
    storages: Sequence[str] = STORAGES
    given: Mapping[str, Mapping[str, SearchStrategy[Any]]] = MappingProxyType({})

    def references(self, work: Any) -> dict[str, list[UUID]]:
        """Add records of the core for others to refer to; the ids by record type."""
        return one_of_each(work)

    @property
    def manifest(self) -> Plugin:
        """The plugin's manifest."""
        found: Plugin = self.plugin.plugin
        return found

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.manifest.name

    @property
    def active(self) -> tuple[Any, ...]:
        """The plugin and those that have to be active for it."""
        return (*(self.manifest.requires if self.others is None else self.others), self.plugin)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run what needs a database on each storage."""
        if "storage" in metafunc.fixturenames:
            each = [pytest.param(storage, marks=_skipped(storage), id=storage) for storage in self.storages]
            metafunc.parametrize("storage", each, scope="class")

    @pytest.fixture
    def place(self, storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
        """A database of this test alone."""
        place = Place(storage, tmp_path_factory.mktemp("alone"))
        yield place
        place.remove()

    @pytest.fixture
    def opened(self, storage: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Crm:
        """A Crm with the plugin over a database on that storage, the same for all tests of the class: tables are slow
        to make. What a test writes it rolls back."""
        node = request.node.getparent(pytest.Class)
        assert node is not None
        kept = node.stash.setdefault(OPENED, {})
        if storage not in kept:
            place = Place(storage, tmp_path_factory.mktemp("plugin"))
            node.addfinalizer(place.remove)
            kept[storage] = place.open(*self.active)
            node.addfinalizer(kept[storage].close)
        found: Crm = kept[storage]
        return found

    @pytest.fixture
    def crm(self, opened: Crm) -> Crm:
        """The Crm, with every hook in its place."""
        opened.kernel.hooks = opened.registry.hooks
        return opened

    @pytest.fixture
    def quiet(self, opened: Crm) -> Crm:
        """The Crm without hooks: what is declared is looked at alone."""
        opened.kernel.hooks = NO_HOOKS
        return opened

    def drawing(self, work: Any, data: DataObject) -> Drawing:
        """Draws records for a unit of work."""
        return Drawing(work, data, self.references(work), self.given)

    def records_of(self, crm: Crm) -> list[str]:
        """The record types that the plugin declares."""
        return [name for name, type in crm.catalogue.records.items() if type.plugin == self.name]

    def facets_of(self, crm: Crm) -> list[str]:
        """The record types to which the plugin adds a facet."""
        return [name for name, held in crm.catalogue.facets.items() if any(f.name == self.name for f in held)]

    def workflows_of(self, crm: Crm) -> list[Workflow]:
        """The workflows that the plugin declares, or to which it adds steps."""
        every = crm.catalogue.workflows.values()
        return [w for w in every if any(self.name in (w.plugin, step.plugin) for step in w.transitions)]


def _skipped(storage: str) -> list[pytest.MarkDecorator]:
    variable = SERVERS.get(storage)
    if variable is None or os.environ.get(variable):
        return []
    return [pytest.mark.skip(reason=f"no server: set {variable} to the URL of a database for tests")]
