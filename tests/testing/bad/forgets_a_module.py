"""Takes a module out of those that are imported."""

import sys

from crmcore.plugins import Plugin

plugin = Plugin("forgets_a_module")
del sys.modules["json.decoder"]
