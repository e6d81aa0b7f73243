"""`crm merge`, `crm merge-preview`, `crm unmerge` and `crm not-duplicate`: customers that are one, and that are two."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import click

from crmcore.application.merging.merges import Merges
from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.customer import Customer
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.outcome import Merged, Preview, Stay, Unmerged

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

Document: TypeAlias = dict[str, Any]


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Values by field."""
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.BadParameter(f"{each!r} is not FIELD=VALUE", ctx, param)
        if name.strip() in found:
            raise click.BadParameter(f"{name.strip()} is given twice", ctx, param)
        found[name.strip()] = value.strip()
    return found


survivor_argument = click.argument("survivor", metavar="SURVIVOR")
others_argument = click.argument("others", metavar="OTHER...", nargs=-1, required=True)
rule_option = click.option(
    "--rule", "rules", metavar="FIELD=RULE", multiple=True, callback=_pairs, help="Another rule for a field."
)
keep_option = click.option(
    "--keep", metavar="FIELD=ID", multiple=True, callback=_pairs, help="The record whose value is to stand."
)
trust_option = click.option(
    "--trust", metavar="S", multiple=True, help="A system of origin that is trusted; the most trusted first."
)
overrule_option = click.option("--overrule", is_flag=True, help="Although somebody decided that they are two.")


@click.command("merge", cls=Command)
@survivor_argument
@others_argument
@rule_option
@keep_option
@trust_option
@overrule_option
@source_option
@pass_session
def merge(
    session: Session,
    survivor: str,
    others: tuple[str, ...],
    rules: dict[str, str],
    keep: dict[str, str],
    trust: tuple[str, ...],
    overrule: bool,
    source: str | None,
) -> None:
    """Make customers one, without loss.

    Whatever refers to OTHER refers to SURVIVOR then, and the old ids lead there. By each field's rule the value
    survives that is best; the others keep theirs. What cannot follow stays, and is listed. `crm unmerge` takes it back.

    A RULE is most_recent, source_priority (see --trust), most_complete, most_frequent, longest, verified_first, pin
    (the survivor's), union or most_restrictive.
    """
    with session.work() as work:
        ids = [_id(work, each, source) for each in (survivor, *others)]
        done = Merges(work).merge(
            ids[0], ids[1:], rules=rules, keep=_kept(work, keep), sources=trust, overrule=overrule
        )
        document = _merged(done)
    session.emit(document, lambda: _told(done))
    session.pump()


@click.command("merge-preview", cls=Command)
@survivor_argument
@others_argument
@rule_option
@keep_option
@trust_option
@overrule_option
@source_option
@pass_session
def merge_preview(
    session: Session,
    survivor: str,
    others: tuple[str, ...],
    rules: dict[str, str],
    keep: dict[str, str],
    trust: tuple[str, ...],
    overrule: bool,
    source: str | None,
) -> None:
    """Show what a merge would do; nothing is written.

    Which values survive, from which record and by which rule; how many references follow, by record type; what stays,
    and why; and everything for which the merge would be refused.
    """
    with session.crm.work(actor=session.settings.actor, dry=True) as work:
        ids = [_id(work, each, source) for each in (survivor, *others)]
        shown = Merges(work).preview(
            ids[0], ids[1:], rules=rules, keep=_kept(work, keep), sources=trust, overrule=overrule
        )
    session.emit(_preview(shown), lambda: _preview_text(shown))


@click.command("unmerge", cls=Command)
@click.argument("merge", metavar="MERGE", type=click.UUID)
@click.option(
    "--only", metavar="ID", multiple=True, help="These leave; the others stay one. May be given several times."
)
@click.option("--apart", is_flag=True, help="Remember that they are two: a later merge of them is refused.")
@pass_session
def unmerge(session: Session, merge: UUID, only: tuple[str, ...], apart: bool) -> None:
    """Take a merge back, exactly.

    MERGE is the id that `crm merge` gave; `crm list merge` knows all. Every value, facet and reference is as it was.
    What was edited since and is in the way is named, and nothing is done then. What was made since, and could be
    anybody's, is listed for review.
    """
    with session.work() as work:
        merges = Merges(work)
        leaving = [_id(work, each) for each in only]
        done = merges.undo(merge, only=leaving)
        if apart:
            _set_apart(merges, done, leaving)
        document = _unmerged(done)
    session.emit(document, lambda: _unmerged_text(done))
    session.pump()


@click.command("not-duplicate", cls=Command)
@click.argument("one", metavar="CUSTOMER")
@click.argument("other", metavar="CUSTOMER")
@click.option("--reason", metavar="R", help="Why, for whoever asks later.")
@source_option
@pass_session
def not_duplicate(session: Session, one: str, other: str, reason: str | None, source: str | None) -> None:
    """Remember that two customers who look alike are two.

    They are proposed as duplicates no more, and a merge of them is refused unless it is told to overrule that.
    """
    with session.work() as work:
        made = Merges(work).set_apart(_id(work, one, source), _id(work, other, source), reason)
        head = {"id": str(made.id), "one": str(made.one), "other": str(made.other)}
        document = {**head, "at": made.at.isoformat(), "by": made.by, "reason": made.reason}
    session.emit(document, lambda: tables.sheet(document, output.terminal_width()))
    session.pump()


def _id(work: UnitOfWork, text: str, source: str | None = None) -> UUID:
    return found_id(work, work.catalogue.of(Customer), text, source)


def _kept(work: UnitOfWork, keep: Mapping[str, str]) -> dict[str, UUID]:
    return {name: _id(work, text) for name, text in keep.items()}


def _set_apart(merges: Merges, done: Unmerged, leaving: list[UUID]) -> None:
    """Each who left is apart from each other one; those who stay one are one."""
    ids = [each.id for each in done.customers]
    for one, other in combinations(ids, 2):
        if not leaving or one in leaving or other in leaving:
            merges.set_apart(one, other)


def _ids(merge: Merge) -> Document:
    return {"merge": str(merge.id), "survivor": None if merge.survivor is None else str(merge.survivor)}


def _stays(stays: tuple[Stay, ...]) -> list[Document]:
    return [each.plain() for each in stays]


def _merged(done: Merged) -> Document:
    return {**_ids(done.merge), "repointed": dict(done.repointed), "stays": _stays(done.stays)}


def _preview(shown: Preview) -> Document:
    fields = {
        each.field: {
            "before": each.before,
            "after": each.after,
            "from": None if each.source is None else str(each.source),
            "rule": each.rule,
        }
        for each in shown.fields
    }
    head = {"survivor": str(shown.survivor), "others": [str(each) for each in shown.others]}
    rest = {"moves": dict(shown.moves), "stays": _stays(shown.stays), "refused": list(shown.reasons)}
    return {**head, "fields": fields, **rest}


def _unmerged(done: Unmerged) -> Document:
    again = None if done.again is None else _merged(done.again)
    return {
        **_ids(done.merge),
        "repointed": dict(done.given_back),
        "customers": [str(each.id) for each in done.customers],
        "assigned": dict(done.assigned),
        "review": [each.plain() for each in done.review],
        "to_review": done.to_review,
        "again": again,
    }


def _told(done: Merged) -> str:
    count = len(done.merge.others or ())
    line = f"merged {count} into {done.merge.survivor} (merge {done.merge.id})"
    return "\n\n".join(part for part in (line, _counts("repointed", done.repointed), _stays_table(done.stays)) if part)


def _counts(name: str, counts: Any) -> str:
    return tables.table([{"record": record, name: count} for record, count in counts.items()])


def _stays_table(stays: tuple[Stay, ...]) -> str:
    rows = [{"stays": each.record, "id": each.id, "reason": each.reason} for each in stays]
    return tables.table(rows, None, output.terminal_width())


def _preview_text(shown: Preview) -> str:
    changed = [each for each in shown.fields if each.before != each.after]
    rows = [{"field": each.field, "before": each.before, "after": each.after, "rule": each.rule} for each in changed]
    parts = [tables.table(rows, None, output.terminal_width()), _counts("moves", shown.moves)]
    refused = "\n".join(f"refused: {tables.plain_text(reason)}" for reason in shown.reasons)
    return "\n\n".join(part for part in (*parts, _stays_table(shown.stays), refused) if part)


def _unmerged_text(done: Unmerged) -> str:
    line = f"taken back: {len(done.customers)} customers are as they were"
    if done.again is not None:
        line = f"taken back, and the others merged again (merge {done.again.merge.id})"
    rows = [each.plain() for each in done.review]
    review = tables.table(rows, None, output.terminal_width())
    told = f"{done.to_review:,} to review" if done.to_review else ""
    return "\n\n".join(part for part in (line, _counts("repointed", done.given_back), review, told) if part)
