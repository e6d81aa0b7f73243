"""Does nothing that it must not; what is wrong is how it is installed."""

from crmcore.plugins import Plugin

plugin = Plugin("well_behaved")
