"""`crm plugins`: which plugins there are, and switching them on and off. Each command is named here once."""

from __future__ import annotations

from typing import Final

from crmcore.cli.groups import LazyGroup
from crmcore.cli.options import global_options

COMMANDS: Final = {
    "list": ("crmcore.cli.plugins_list:list_plugins", "List plugins with their state and what they contribute."),
    "show": ("crmcore.cli.plugins_list:show_plugin", "Show one plugin, and why it failed if it did."),
    "why": ("crmcore.cli.why:why", "Explain who contributes what, and who forbids which step."),
    "doctor": ("crmcore.cli.plugins_doctor:doctor", "Show what observers and jobs could not do; try it again."),
    "new": ("crmcore.cli.new_plugin:new", "Write a new plugin that passes its own tests, for its author."),
    "migrate": ("crmcore.cli.migrating:migrate", "Write the next revision of a plugin's tables, for its author."),
    "enable": ("crmcore.cli.plugins_switch:enable", "Make an installed plugin active in the database."),
    "disable": ("crmcore.cli.plugins_switch:disable", "Switch a plugin off; what it keeps stays."),
    "retire": ("crmcore.cli.plugins_switch:retire", "Put the tables of a disabled plugin aside."),
    "purge": ("crmcore.cli.plugins_switch:purge", "Archive what a retired plugin keeps, then drop it for good."),
}
HELP: Final = """Active and installed plugins.

A plugin is available (installed), active (enabled in the database), disabled (its hooks are off, its rows are kept and
still exported), retired (its tables are put aside), or failed (active, but it cannot be used).
"""

plugins: Final = LazyGroup("plugins", lazy=COMMANDS, help=HELP, params=global_options(hidden=True))
