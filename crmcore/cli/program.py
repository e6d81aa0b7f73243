"""`crm`: the commands by name, and the global options."""

from __future__ import annotations

from typing import Final

import click

import crmcore
from crmcore.cli.groups import ProgramGroup
from crmcore.cli.options import global_options
from crmcore.cli.session import Session

COMMANDS: Final = {
    "demo": ("crmcore.cli.demo.command:demo", "Show on real data what crmcore does."),
    "list": ("crmcore.cli.listing:list_records", "List records that fit a filter, page by page."),
    "count": ("crmcore.cli.listing:count", "Count records that fit a filter."),
    "show": ("crmcore.cli.showing:show", "Show a record; of a customer, the whole view."),
    "timeline": ("crmcore.cli.timeline:timeline", "List what happened with a customer, newest first."),
    "search": ("crmcore.cli.searching:search", "Find records by name, e-mail, phone or code."),
    "add": ("crmcore.cli.writing:add", "Add a record."),
    "change": ("crmcore.cli.writing:change", "Change a record."),
    "remove": ("crmcore.cli.writing:remove", "Remove a record."),
    "history": ("crmcore.cli.history:history", "List every change of a record, oldest first."),
    "merge": ("crmcore.cli.merging:merge", "Make customers one, without loss."),
    "merge-preview": ("crmcore.cli.merging:merge_preview", "Show what a merge would do."),
    "unmerge": ("crmcore.cli.merging:unmerge", "Take a merge back, exactly."),
    "not-duplicate": ("crmcore.cli.merging:not_duplicate", "Remember that two customers who look alike are two."),
    "lead": ("crmcore.cli.lead:lead", "Take in, score, assign and convert leads."),
    "opportunity": ("crmcore.cli.opportunity:opportunity", "Move opportunities through their pipeline."),
    "pipeline": ("crmcore.cli.pipeline:show_pipeline", "Show what stands in each stage, and what became of it."),
    "forecast": ("crmcore.cli.pipeline:show_forecast", "Show what open opportunities are expected to bring."),
    "purchases": ("crmcore.cli.purchases:purchases", "List what was bought when, by whom, with what complaint."),
    "cash-flow": ("crmcore.cli.cash_flow:show_cash_flow", "Forecast the balance of cash."),
    "report": ("crmcore.cli.report:report", "Run a report of a plugin, or list them."),
    "import": ("crmcore.cli.importing:import_file", "Import records from a file."),
    "import-undo": ("crmcore.cli.importing:undo", "Take back what an import did."),
    "export": ("crmcore.cli.exporting:export_file", "Export records to a file."),
    "subject": ("crmcore.cli.subject:subject", "Hand out, or erase, what belongs to a person."),
    "fields": ("crmcore.cli.fields:fields", "Record types and their fields, also those added at run time."),
    "plugins": ("crmcore.cli.plugins:plugins", "Active and installed plugins."),
    "db": ("crmcore.cli.database:db", "Make, check and upgrade the database."),
    "backup": ("crmcore.cli.backup:backup", "Copy the database, as it is at one moment, to FILE."),
    "restore": ("crmcore.cli.backup:restore", "Put the backup FILE in the place of the database."),
    "audit": ("crmcore.cli.audit:audit", "What proves that nobody touched the history."),
    "doctor": ("crmcore.cli.doctor:doctor", "Check that database, plugins and settings are sound."),
    "worker": ("crmcore.cli.worker:worker", "Work off what changes leave to be done."),
}
HELP: Final = """Administer customers, and everything around them, in a database of crmcore.

RECORD is a record type: customer, order, interaction, product, user, relationship, link, or a plugin's, such as
loyalty.entry; `crm fields list` knows all of them. ID is a record's id, or FIELD=VALUE over a unique field or a
contact point: email=leila@example.com. EXPR is a filter: city = "Cairo" and last_order < 90 days ago.

An option wins over an environment variable, and that over the same name in crm.toml in the working directory.
Global options may also stand after the command. An active plugin's own commands stand under its name, as in
`crm loyalty --help`. Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 done
with rejected rows.
"""


@click.pass_context
def _enter(ctx: click.Context) -> None:
    ctx.call_on_close(ctx.ensure_object(Session).close)


program: Final = ProgramGroup("crm", callback=_enter, lazy=COMMANDS, help=HELP, params=global_options())
click.version_option(crmcore.__version__, prog_name="crm")(program)
