"""Erasures that something holds back, taken further by the pump."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from crmcore.application.customers import LEDGER
from crmcore.domain.change import Actor
from crmcore.domain.errors import CrmError
from crmcore.domain.fold import visible

LOG: Final = logging.getLogger("crmcore.subjects")
ERASURES: Final = Actor("erasures", "system")


def finish(begin: Callable[..., Any]) -> int:
    """Erase what plugins hold no longer, in a unit of work of its own; how many erasures are done now. `begin` gives
    units of work. A plugin that fails to say what it holds keeps it: that is logged, and asked again the next time."""
    with begin(ERASURES, snapshot=True) as look:
        if look.transaction.setting(LEDGER) is None:
            return 0
    from crmcore.application.subjects.erasing import finish_held

    try:
        with begin(ERASURES) as work:
            return finish_held(work)
    except CrmError as error:
        LOG.warning("erasures that are held back stay so: %s", visible(error.message))
        return 0
