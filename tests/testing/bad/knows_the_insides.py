"""Imports what is no public part of crmcore."""

from crmcore.application import reading
from crmcore.plugins import Plugin

plugin = Plugin("knows_the_insides", description=reading.__name__)
