"""The socket for plugins. A plugin needs three names of it: `Plugin`, `hookimpl`, and the hooks in `hookspecs`."""

from crmcore.plugins.hookspecs import hookimpl
from crmcore.plugins.manifest import API, Plugin

__all__ = ["API", "Plugin", "hookimpl"]
