"""Sets a variable of the process when it is imported."""

import os

from crmcore.plugins import Plugin

plugin = Plugin("changes_the_environment")
os.environ["TZ"] = "Mars/Olympus"
