"""Imports the library of a storage."""

import sqlalchemy

from crmcore.plugins import Plugin

plugin = Plugin("knows_the_database", description=sqlalchemy.__name__)
