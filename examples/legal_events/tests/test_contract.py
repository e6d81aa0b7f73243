"""Legal events keep the contract of plugins, on every storage that is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import crmcore_legal
from crmcore.testing import PluginContract
from crmcore_legal import Hearing, Matter


class TestLegal(PluginContract):
    """As the core expects of any plugin."""

    plugin = crmcore_legal

    def let_go(self, work: Any, person: UUID) -> None:
        """An open matter holds who is in it; nothing keeps the matter from being over."""
        for date in list(work[Hearing].stream('status = "scheduled"')):
            work[Hearing].change(date.id, status="vacated")
        for matter in list(work[Matter].stream('status in ("intake", "open")')):
            work[Matter].change(matter.id, status="declined" if matter.status == "intake" else "closed")
