"""`crm list` and `crm count`."""

from __future__ import annotations

import click

from crmcore.cli import output, tables
from crmcore.cli.naming import record_argument
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import UnknownName
from crmcore.domain.query import DEFAULT_LIMIT, MAX_LIMIT

where_option = click.option("--where", metavar="EXPR", help="Only records that fit this filter.")
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, MAX_LIMIT),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="N",
    help=f"At most so many, up to {MAX_LIMIT:,}.",
)
after_option = click.option("--after", metavar="CURSOR", help="Go on after the page that gave this cursor.")
columns_option = click.option(
    "--columns", metavar="A,B", help="These fields only; facets and references are dotted: loyalty.tier, customer.city."
)


def names_in(text: str | None) -> list[str] | None:
    """The names in a comma-separated option, as they stand; None if it was not given."""
    return None if text is None else [name.strip() for name in text.split(",")]


@click.command("list", cls=Command)
@record_argument
@where_option
@click.option(
    "--sort", metavar="F,-G", help="By these fields; a minus turns the order round. Missing values come last."
)
@columns_option
@limit_option
@after_option
@pass_session
def list_records(
    session: Session,
    record: str,
    where: str | None,
    sort: str | None,
    columns: str | None,
    limit: int,
    after: str | None,
) -> None:
    """List records that fit a filter, page by page."""
    with session.work() as work:
        face = Face(work, work.catalogue.record(record))
        if sort is not None and not sort.strip():
            raise UnknownName("field", sort, face.columns.by_name, f"{record} to sort by")
        page = work.records(record).query(where, sort=sort or "", limit=limit, after=after, with_=face.facets)
        names = names_in(columns)
        if session.json and names is None:
            items = [face.flat(each) for each in page.items]
        else:
            items = face.rows(page.items, names or face.useful())
        shown = items if session.json else face.label(items)
    session.emit({"items": items, "next": page.next}, lambda: tables.table(shown, names, output.terminal_width()))
    if not session.json:
        session.note(_summary(len(items), page.next))


def _summary(shown: int, cursor: str | None) -> str:
    return f"{shown} shown; there are more: --after {cursor}" if cursor else f"{shown} shown"


@click.command("count", cls=Command)
@record_argument
@where_option
@pass_session
def count(session: Session, record: str, where: str | None) -> None:
    """Count records that fit a filter."""
    with session.work() as work:
        found = work.records(record).count(where)
    session.emit({"count": found}, lambda: str(found))
