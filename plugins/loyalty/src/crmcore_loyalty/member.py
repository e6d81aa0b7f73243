"""The member: what loyalty adds to a customer, and how a member goes from tier to tier."""

from __future__ import annotations

import datetime as dt
from typing import Final

from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.workflow import Transition, Workflow

TIERS: Final = ("bronze", "silver", "gold", "platinum")


@facet("customer", label={"en": "Loyalty member", "fa": "عضو باشگاه مشتریان", "ar": "عضو برنامج الولاء"})
class LoyaltyMember(Facet):
    """A customer who takes part in the loyalty programme; `card_number` as it is printed on the card."""

    tier: str = field.choice(
        *TIERS, default="bronze", index=True, label={"en": "Tier", "fa": "سطح عضویت", "ar": "فئة العضوية"}
    )
    joined_on: dt.date | None = field.date(
        default=None, label={"en": "Joined on", "fa": "تاریخ عضویت", "ar": "تاريخ الانضمام"}
    )
    card_number: str | None = field.text(
        default=None,
        length=64,
        unique=True,
        fold=False,
        personal=True,
        label={"en": "Card number", "fa": "شماره کارت", "ar": "رقم البطاقة"},
    )


def has_card(member: LoyaltyMember) -> str | None:
    """Every tier above bronze is shown by its card, so there has to be one."""
    if (member.card_number or "").strip():
        return None
    return f"the tier {member.tier} is shown by a card: give loyalty.card_number first"


def _upgrade(place: int) -> Transition:
    return Transition(
        name=f"upgrade_to_{TIERS[place]}",
        sources=TIERS[:place],
        target=TIERS[place],
        guards=(has_card,),
        label={"en": "Upgrade", "fa": "ارتقای سطح", "ar": "ترقية"},
    )


def _downgrade(place: int) -> Transition:
    return Transition(
        name="downgrade",
        sources=(TIERS[place + 1],),
        target=TIERS[place],
        label={"en": "Downgrade", "fa": "کاهش سطح", "ar": "تخفيض"},
    )


TIER: Final = Workflow(
    record="customer",
    field="loyalty.tier",
    states=TIERS,
    initial=TIERS,  # members come in by import, at the tier that they have
    transitions=(*map(_upgrade, range(1, len(TIERS))), *map(_downgrade, range(len(TIERS) - 1))),
)
"""Upwards to any higher tier, with a card; downwards one step at a time."""
