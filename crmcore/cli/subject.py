"""`crm subject`: what belongs to a person. Each command is named here once."""

from __future__ import annotations

from typing import Final

from crmcore.cli.groups import LazyGroup
from crmcore.cli.options import global_options

COMMANDS: Final = {
    "export": ("crmcore.cli.subject_export:export_subject", "Hand out everything that is kept about a person."),
    "erase": ("crmcore.cli.subject_erase:erase", "Erase what is personal about a customer, for good."),
    "erasures": ("crmcore.cli.subject_erase:erasures", "List erasures, or write their ledger to a file."),
    "replay-erasures": ("crmcore.cli.subject_erase:replay", "Erase again whoever was erased, after a restore."),
    "readmit": ("crmcore.cli.subject_erase:readmit", "Let an erased person in again who came back."),
}
HELP: Final = """Hand out, or erase, what belongs to a person.

What belongs to a person follows from the declarations of the core and of every plugin, also of those that are disabled
or retired: the customer, those merged into it, and all records that refer to them.
"""

subject: Final = LazyGroup("subject", lazy=COMMANDS, help=HELP, params=global_options(hidden=True))
