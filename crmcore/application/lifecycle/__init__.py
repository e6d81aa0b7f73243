"""The life of plugins in a database: enabled, disabled, retired, purged; `Lifecycle` is what a host has as
`crm.plugins`."""

from crmcore.application.lifecycle.declared import Declared
from crmcore.application.lifecycle.plugins import Lifecycle, Switched

__all__ = ["Declared", "Lifecycle", "Switched"]
