"""Everything that transactions of one storage share: the model, and the statements about logs, keys and settings."""

from __future__ import annotations

import attrs

from crmcore.adapters.sql.keys import Keys
from crmcore.adapters.sql.log import Log
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.settings import Settings


@attrs.frozen(eq=False)
class Statements:
    """Made once; filled as transactions ask."""

    model: Model
    log: Log
    keys: Keys
    settings: Settings


def statements_of(model: Model) -> Statements:
    """The statements of a model."""
    return Statements(model, Log(model), Keys(model), Settings(model))
