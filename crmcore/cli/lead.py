"""`crm lead`: capturing, listing, assigning and converting leads."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, Final

import click

from crmcore.application.referred import labels
from crmcore.cli import errors, lead_figures, output, tables
from crmcore.cli.groups import Group
from crmcore.cli.lead_figures import business_line_option, customer_argument, customer_id
from crmcore.cli.listing import after_option, limit_option, where_option
from crmcore.cli.naming import source_option
from crmcore.cli.options import Command
from crmcore.cli.records import Face
from crmcore.cli.session import Session, pass_session
from crmcore.cli.values import read_values
from crmcore.domain import grammar
from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.lead import Lead
from crmcore.domain.leads.lifecycle import STAGES
from crmcore.domain.leads.submission import Captured, SpamGuard, submission_of
from crmcore.domain.predicate import all_of, equals
from crmcore.domain.record import Record
from crmcore.domain.sales.opportunity import Opportunity

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

LARGEST: Final = 20_000_000
"""Bytes of a file of forms."""
SHOWN: Final = ("name", "business_line", "stage", "fit", "engagement", "owner", "queue", "lead_source", "campaign")

Document = dict[str, Any]


@click.group("lead", cls=Group)
def lead() -> None:
    """Take in leads, score and assign them, and convert them to opportunities."""


@lead.command("list", cls=Command)
@click.option("--stage", metavar="STAGE", help=f"Only in this stage: {', '.join(STAGES)}.")
@where_option
@limit_option
@after_option
@pass_session
def list_leads(session: Session, stage: str | None, where: str | None, limit: int, after: str | None) -> None:
    """List leads with their scores.

    By the active score rules: who somebody is (fit) apart from what they do (engagement).
    """
    with session.work() as work:
        known = work.catalogue.workflows["lead", "stage"].states  # plugins may have added some
        if stage is not None and stage not in known:
            raise click.BadParameter(f"{stage!r} is none of {', '.join(known)}", param_hint="--stage")
        parts = [*([equals("stage", stage)] if stage else []), *([grammar.parse(where)] if where else [])]
        page = work.leads.query(all_of(*parts) if parts else None, limit=limit, after=after)
        scored = work.leads.scores([each.customer for each in page.items])
        names = labels(work, "customer", list(scored))
        face = Face(work, work.catalogue.of(Lead))
        rows = [
            {**face.flat(each), "name": names.get(str(each.customer)), **lead_figures.points(scored[each.customer])}
            for each in page.items
        ]
        shown = rows if session.json else face.label(rows)
    session.emit({"items": rows, "next": page.next}, lambda: tables.table(shown, SHOWN, output.terminal_width()))
    if not session.json and page.next:
        session.note(f"there are more: --after {page.next}")


@lead.command("capture", cls=Command)
@click.argument("file", type=click.File("rb"), metavar="FILE")
@click.option(
    "--min-seconds", type=click.IntRange(0), default=3, show_default=True, help="Sooner sent than that: spam."
)
@click.option("--max-links", type=click.IntRange(0), default=2, show_default=True, help="More links in a text: spam.")
@click.option("--block", metavar="WORD", multiple=True, help="A word that only spam has; may be given several times.")
@pass_session
def capture(session: Session, file: IO[bytes], min_seconds: int, max_links: int, block: tuple[str, ...]) -> int:
    """Take in web forms from a file, or from standard input (-).

    The file holds a JSON object, or a list of them. A form has texts (name, email, phone, company, subject, body,
    campaign, lead_source, business_line, honeypot) and times (shown_at, sent_at). Spam is refused with its reasons and
    stored nowhere (exit status 3).
    """
    guard = SpamGuard(minimum_seconds=min_seconds, most_links=max_links, blocked=frozenset(block))
    forms = _forms(file)
    with session.work() as work:
        items = [_captured(work, each, guard) for each in forms]
    outcomes = ("made", "reopened", "known", "repeated", "refused")
    counts = {name: sum(item["outcome"] == name for item in items) for name in outcomes}
    shown = [
        {
            "outcome": done["outcome"],
            "name": each.get("name") if isinstance(each, dict) else None,
            "why": done["reasons"],
        }
        for each, done in zip(forms, items, strict=True)
    ]
    session.emit({**counts, "items": items}, lambda: tables.table(shown, None, output.terminal_width()))
    session.pump()
    return errors.REJECTED if counts["refused"] else errors.DONE


def _forms(file: IO[bytes]) -> list[object]:
    raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise InvalidValue(f"forms of more than {LARGEST:,} bytes are not taken at once")
    try:
        read: object = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"this is no JSON in UTF-8: {error}") from None
    return read if isinstance(read, list) else [read]


def _captured(work: UnitOfWork, given: object, guard: SpamGuard) -> Document:
    try:
        done = work.leads.capture(submission_of(given, work.kernel.zone), guard)
    except InvalidValue as error:
        done = Captured("refused", reasons=(error.message,))
    ids = {name: str(id) if (id := getattr(done, name)) else None for name in ("customer", "lead", "interaction")}
    return {"outcome": done.outcome, **ids, "reasons": list(done.reasons)}


@lead.command("assign", cls=Command)
@customer_argument
@click.option("--owner", metavar="USER", help="This user, rather than whom the rules find.")
@business_line_option
@source_option
@pass_session
def assign(session: Session, customer: str, owner: str | None, business_line: str | None, source: str | None) -> None:
    """Give a lead its owner or its queue.

    In order: the owner named or held; who looks after the customer, the company or the household; the territory; the
    rotation; else the queue "unassigned". The answer tells which rule decided.
    """
    with session.work() as work:
        id = customer_id(work, customer, source)
        type = work.catalogue.of(Lead)
        named = None if owner is None else read_values(work, type, {"owner": owner}, changing=True)["owner"]
        changed, why = work.leads.assign(id, owner=named, business_line=business_line)
        document = {"lead": _flat(work, changed), "assignment": _flat(work, why)}
        users = labels(work, "user", [why.user] if why.user else [])
    named_reason = why.reason
    for user, name in users.items():
        named_reason = named_reason.replace(user, name)
    line = f"{users.get(str(why.user), why.queue)} ({why.rule}): {named_reason}"
    session.emit(document, lambda: tables.plain_text(line))
    session.pump()


@lead.command("convert", cls=Command)
@customer_argument
@click.option("--opportunity", metavar="NAME", help="What to call the opportunity; default: as the account is called.")
@click.option("--amount", metavar="AMOUNT", help='What it may bring: "12000 EUR".')
@click.option("--account", metavar="CUSTOMER", help="The organisation that buys, where several have its name.")
@business_line_option
@source_option
@pass_session
def convert(
    session: Session,
    customer: str,
    opportunity: str | None,
    amount: str | None,
    account: str | None,
    business_line: str | None,
    source: str | None,
) -> None:
    """Convert a lead to account, contact and opportunity.

    All in one step. The account is the employer, found or made; the person stays the same record, with the timeline
    as it is. For a customer who is no lead yet, the lead is made too. A lead is converted once; one that was recycled
    may be converted again.
    """
    with session.work() as work:
        id = customer_id(work, customer, source)
        home = None if account is None else customer_id(work, account)
        money = (
            amount and read_values(work, work.catalogue.of(Opportunity), {"amount": amount}, changing=True)["amount"]
        )
        done = work.leads.convert(
            id, opportunity=opportunity, amount=money or None, business_line=business_line, account=home
        )
        document = {
            name: None if (each := getattr(done, name)) is None else _flat(work, each)
            for name in ("customer", "account", "opportunity", "lead")
        }
        shown = {name: _label(work, getattr(done, name)) for name in document}
    session.emit(document, lambda: tables.sheet(shown, output.terminal_width()))
    session.pump()


def _flat(work: UnitOfWork, record: Record) -> Document:
    face = Face(work, work.catalogue.of(record.__class__))
    return face.flat(work.records(face.record_type.name).get(record.id, with_=face.facets))


def _label(work: UnitOfWork, record: Record | None) -> str | None:
    if record is None:
        return None
    found = labels(work, work.catalogue.of(record.__class__).name, [record.id])
    return f"{found.get(str(record.id), '')} ({record.id})"


lead_figures.add_to(lead)
