"""`crm show`: a record, or of a customer the whole view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from crmcore.application.past_view import past_view
from crmcore.application.sales.receivables import BALANCED
from crmcore.application.whole_view import WholeView, whole_view
from crmcore.cli import channels, output, tables, timeline
from crmcore.cli.naming import found_id, id_argument, record_argument, source_option
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.domain.customer import Customer
from crmcore.domain.reading import read_datetime
from crmcore.domain.sales.invoice import Invoice
from crmcore.domain.sales.settlement import days_overdue, open_balance

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

DEALS = ("name", "stage", "amount", "expected_close", "closed_on")
View = dict[str, Any]
INVOICES: Final = ("issued_on", "number", "status", "total", "due_on", "paid_on", "open", "days_overdue")


@click.command("show", cls=Command)
@record_argument
@id_argument
@click.option("--as-of", metavar="TIME", help="As it was known at that time (a day: at its first moment).")
@source_option
@pass_session
def show(session: Session, record: str, id: str, as_of: str | None, source: str | None) -> None:
    """Show a record; of a customer, the whole view: contact points, relationships, timeline, orders,
    opportunities, invoices and value."""
    with session.work() as work:
        type = work.catalogue.record(record)
        at = None if as_of is None else read_datetime(as_of, work.kernel.zone)
        found = found_id(work, type, id, source)
        face = Face(work, type)
        if type.cls is Customer:
            view = whole(work, whole_view(work, found) if at is None else past_view(work, found, at))
        else:
            view = face.flat(work.records(record).get(found, as_of=at, with_=face.facets))
        if not session.json:
            view = labelled(work, view) if type.cls is Customer else face.label([view])[0]
    session.emit(view, lambda: view_text(view) if type.cls is Customer else record_text(view))


def whole(work: UnitOfWork, view: WholeView) -> View:
    """The whole view as plain values."""
    customer = Face(work, work.catalogue.of(Customer))
    orders = [Face(work, work.catalogue.of(each.__class__)).flat(each) for each in view.orders]
    return {
        "customer": customer.flat(view.customer),
        "contact_points": customer.parts_of(view.customer, "contact_points"),
        "relationships": _relationships(work, view),
        "timeline": timeline.entries(work, view.timeline.items),
        "opportunities": [Face(work, work.catalogue.of(each.__class__)).flat(each) for each in view.opportunities],
        "orders": orders,
        "invoices": [_invoice(work, each) for each in view.account.invoices],
        "open_balances": [balance.plain() for balance in view.account.open],
        "value": {
            "orders": view.purchases.orders,
            "totals": [total.plain() for total in view.purchases.totals],
            **({"metrics": [figure.plain() for figure in view.metrics]} if view.metrics else {}),
        },
        "panels": _panels(customer, view),
        **timeline.missing(view.missing),
    }


def _invoice(work: UnitOfWork, invoice: Invoice) -> View:
    """An invoice with what is open of it, and by how many days that is overdue today."""
    type = work.catalogue.of(Invoice)
    found = Face(work, type).flat(invoice)
    if not work.rule(type).hidden.isdisjoint(BALANCED):
        return found
    today = work.now().astimezone(work.kernel.zone).date()
    balance = open_balance(invoice)
    return {**found, "open": balance and balance.plain(), "days_overdue": days_overdue(invoice, today)}


def labelled(work: UnitOfWork, view: View) -> View:
    """The whole view with what a person knows records by in place of the ids of the customer's references, and with
    the labels of channels."""
    [customer] = Face(work, work.catalogue.of(Customer)).label([view["customer"]])
    return {**view, "customer": customer, "timeline": channels.labelled(work, view["timeline"])}


def _relationships(work: UnitOfWork, view: WholeView) -> list[View]:
    found = []
    for seen in view.relationships:
        own = Face(work, work.catalogue.of(seen.relationship.__class__)).flat(seen.relationship)
        found.append({**own, "kind": seen.kind, "customer": str(seen.other), "label": seen.label})
    return found


def _panels(face: Face, view: WholeView) -> dict[str, View]:
    """What each plugin adds, by its name: the fields of its facet, then its panel; all of it missing where the customer
    has none of it, or the plugin is switched off."""
    flat, asleep = face.flat(view.customer), face.work.catalogue.dormant
    groups = [group for group in face.columns.groups if group.place == "facet" and group.holder.name not in asleep]
    panels = {g.holder.name: {f.name: flat[n] for n, f in g.fields.items() if n in flat} for g in groups}
    for name, panel in view.panels.items():
        panels[name] = {**panels.get(name, {}), **panel}
    return {name: panel for name, panel in panels.items() if panel}


def record_text(view: View) -> str:
    """A record for people: its values, then each list of parts as a table."""
    most = output.terminal_width()
    plain = {n: v for n, v in view.items() if not _is_table(v)}
    sections = [tables.sheet(plain, most)]
    sections += [_section(name, tables.table(v, most=most)) for name, v in view.items() if _is_table(v)]
    return "\n\n".join(sections)


def view_text(view: View) -> str:
    """The whole view for people."""
    most = output.terminal_width()
    value = view["value"]
    bought = f"{value['orders']} orders; {tables.plain_text(value['totals'])}".rstrip("; ")
    bought += f"; open: {tables.plain_text(view['open_balances'])}" if view["open_balances"] else ""
    sections = [
        tables.sheet(view["customer"], most),
        _section("contact points", tables.table(view["contact_points"], ("kind", "value", "usage", "preferred"), most)),
        _section("relationships", tables.table(view["relationships"], ("kind", "label", "from_date", "to_date"), most)),
        _section("opportunities", tables.table(view["opportunities"], DEALS, most)),
        _section("orders", tables.table(view["orders"], ("ordered_at", "external_id", "status", "total"), most)),
        _section("invoices", tables.table(view["invoices"], INVOICES, most)),
        _section("timeline", timeline.shown(view["timeline"])),
        _section("value", bought),
        *contributed(view, most),
    ]
    return "\n\n".join(section for section in sections if section)


def contributed(view: View, most: int | None) -> list[str]:
    """What plugins add, for people: their metrics, their panels but for the fields of facets, which stand with the
    customer, and who is missing."""
    metrics = [
        {**each, "by": list(dict.fromkeys(share["plugin"] for share in each["contributions"]))}
        for each in view["value"].get("metrics", ())
    ]
    sections = [_section("metrics", tables.table(metrics, ("name", "total", "unit", "by", "partial"), most))]
    for name, panel in view["panels"].items():
        own = {n: v for n, v in panel.items() if f"{name}.{n}" not in view["customer"]}
        sections.append(_section(name, tables.sheet(own, most)))
    return [*sections, _section("missing", tables.table(view.get("missing", ()), ("plugin", "hook", "error"), most))]


def _section(title: str, body: str) -> str:
    return f"{title.upper()}\n{body}" if body else ""


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
