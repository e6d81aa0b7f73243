"""For authors of plugins and storages: a Crm for tests, time and ids held still, contracts, strategies.

`make_crm` and the fakes need nothing beside crmcore; the contracts (`crmcore.testing.contract`), the state machine
(`crmcore.testing.machine`) and the strategies (`crmcore.testing.strategies`) need pytest and Hypothesis.
"""

from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import CountingIds, FrozenClock, Restricted

__all__ = ["CountingIds", "FrozenClock", "Restricted", "make_crm"]
