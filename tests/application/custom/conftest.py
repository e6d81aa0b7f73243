"""A Crm on each storage to which fields are added, and which has none afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from crmcore.crm import Crm
from crmcore.domain.facet import FacetType
from crmcore.testing.contract.altering import drop_all_fields
from tests.shared import SharedCrm


@attrs.frozen
class Altered:
    """A Crm whose fields change."""

    crm: Crm

    def custom(self, record: str) -> FacetType | None:
        """The facet that holds them, as it is now."""
        return self.crm.catalogue.facet(self.crm.catalogue.record(record), "custom")

    def epoch(self) -> int:
        """How often they have changed."""
        with self.crm.work("sara") as work:
            return int(work.transaction.setting("catalogue.epoch") or 0)


@pytest.fixture
def altered(shared: SharedCrm) -> Iterator[Altered]:
    """On each storage."""
    made = Altered(shared.fresh())
    yield made
    drop_all_fields(made.crm)
