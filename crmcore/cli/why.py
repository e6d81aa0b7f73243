"""`crm plugins why`: who contributed what, and who vetoes which step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from crmcore.application.explaining import Explaining
from crmcore.application.open_steps import open_steps
from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import UnknownName

if TYPE_CHECKING:
    from crmcore.domain.workflow import Workflow

CORE: Final = "core"
FIRST: Final = ("kind", "name", "plugin")


@click.command("why", cls=Command)
@click.argument("target", metavar="TARGET")
@click.argument("id", metavar="[ID]", required=False)
@source_option
@pass_session
def why(session: Session, target: str, id: str | None, source: str | None) -> None:
    """Explain who contributed what, and who vetoes what.

    TARGET is a workflow (opportunity:status), a record type (customer), a field (customer.loyalty.tier), or a name that
    plugins share (format:x, command:legal). With the ID of a record, a workflow tells which steps are open to it, and
    who refuses the others for what reason; all guards are asked, and nothing is written.
    """
    crm = session.crm
    explaining = Explaining(crm.catalogue, crm.registry.hooks, crm.registry.slots)
    items = explaining.explain(target)
    if id is not None:
        workflow = explaining.workflow(target)
        if workflow is None:
            raise UnknownName("workflow", target, (each.name for each in crm.catalogue.workflows.values()))
        items = _open(session, workflow, id, source)
    session.emit({"target": target, "items": items}, lambda: _text(items))


def _open(session: Session, workflow: Workflow, id: str, source: str | None) -> list[dict[str, Any]]:
    with session.crm.work(actor=session.settings.actor, dry=True) as work:
        return open_steps(work, workflow, found_id(work, work.catalogue.record(workflow.record), id, source))


def _text(items: list[dict[str, Any]]) -> str:
    rows = [_row(each) for each in items]
    return tables.table(rows, most=output.terminal_width()) or "no step leads on from here"


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """One line for a person: whatever is special about a thing of its kind goes into the last column."""
    if item["kind"] == "step":
        vetoes = [f"{each['plugin'] or CORE}: {each['reason']}" for each in item["vetoes"]]
        told: Any = vetoes or "open"
        return {"step": item["name"], "plugin": item["plugin"] or CORE, "to": item["target"], "details": told}
    rest = {name: value for name, value in item.items() if name not in FIRST and value is not False}
    return {"kind": item["kind"], "name": item["name"], "plugin": item["plugin"] or CORE, "details": rest}
