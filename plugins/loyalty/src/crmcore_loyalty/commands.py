"""Commands of the loyalty programme: `crm loyalty members`."""

from __future__ import annotations

import click

from crmcore.domain.label import label_of
from crmcore.plugins.console import Console
from crmcore_loyalty.member import TIERS, LoyaltyMember


@click.command("members")
@click.option("--tier", type=click.Choice(TIERS), help="Those of this tier only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
@click.pass_obj
def members(console: Console, tier: str | None, limit: int) -> None:
    """List the members of the loyalty programme, by their cards."""
    where = f'loyalty.tier = "{tier}"' if tier else f"loyalty.tier in ({', '.join(map(repr, TIERS))})"
    with console.look() as work:
        page = work.customers.query(where, sort="loyalty.card_number", limit=limit, with_=[LoyaltyMember])
        type = work.catalogue.record("customer")
        found = [(each.id, label_of(type, each), each.facet(LoyaltyMember)) for each in page.items]
    items = [
        {"id": str(id), "customer": name, "tier": member.tier, "card_number": member.card_number}
        for id, name, member in found
    ]
    console.emit({"items": items}, lambda: console.table(items) or "there are no such members")
    if page.next:
        console.note(f"there are more than {limit}: --limit shows them")
