"""The example deals of `crm demo`, in days counted back from today: nobody ever offered any of this to anybody."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from crmcore.domain.money import Money

RATE: Final = (120, "EUR", "USD", Decimal("1.10"))
"""So many days ago a euro was worth so many dollars; an example, too."""


@attrs.frozen
class Step:
    """So many days ago it was moved to a stage, or its amount became another."""

    ago: int
    stage: str | None = None
    reason: str | None = None
    amount: Money | None = None


@attrs.frozen
class Example:
    """An opportunity of a customer (by number), opened so many days ago, expected to close in so many days (below 0:
    that long ago)."""

    name: str
    customer: str
    amount: Money
    opened: int
    closes: int
    steps: tuple[Step, ...] = ()
    competitor: str | None = None


def _usd(amount: int) -> Money:
    return Money(amount, "USD")


def _eur(amount: int) -> Money:
    return Money(amount, "EUR")


EXAMPLES: Final = (
    Example(
        "Music for 12 hotel lobbies", "6", _usd(14_400), 95, -45,
        (Step(80, "qualified"), Step(66, "proposal"), Step(52, "negotiation"), Step(41, "won", "fastest offer")),
    ),
    Example(
        "Fitness studios, one year", "9", _eur(3_600), 90, -40,
        (Step(75, "qualified"), Step(60, "proposal"), Step(47, "lost", "price")), "a free streaming service",
    ),
    Example(
        "Café playlists, three shops", "2", _eur(2_700), 88, -30,
        (Step(74, "qualified"), Step(58, "proposal"), Step(33, "won", "knew us as a private buyer")),
    ),
    Example(
        "Opening night of a film festival", "3", _usd(6_000), 70, -20,
        (Step(61, "qualified"), Step(30, "lost", "the festival was called off")),
    ),
    Example(
        "Waiting rooms of four clinics", "7", _eur(5_200), 64, 30,
        (
            Step(50, "qualified"), Step(36, "proposal"), Step(24, "negotiation"),
            Step(12, "proposal", "a new buyer asks for a new offer"),
        ),
        "a radio station",
    ),
    Example(
        "500 gifts for guests of a carnival", "10", _usd(7_500), 58, 12,
        (Step(45, "qualified"), Step(28, "proposal"), Step(9, "negotiation")),
    ),
    Example(
        "Airport lounge", "12", _usd(18_000), 56, 48,
        (Step(40, "qualified"), Step(15, "proposal"), Step(8, amount=_usd(22_000))), "a provider of background music",
    ),
    Example(
        "Wine bar, live recordings", "40", _eur(4_300), 49, 7,
        (Step(38, "qualified"), Step(22, "proposal"), Step(6, "negotiation")),
    ),
    Example("Jingles for a radio hour", "5", _usd(1_900), 48, -18, (Step(31, "qualified"), Step(18, "won", "price"))),
    Example("Audio guide of a museum", "8", _eur(9_800), 37, 75, (Step(20, "qualified"),)),
    Example("Dance school, two years", "57", _usd(3_100), 26, 40, (Step(11, "qualified"),)),
    Example("Evenings in a bookshop", "23", _usd(1_200), 21, 60),
    Example("Ferry line, six ships", "4", _usd(30_000), 10, 110),
    Example("Ice rink", "14", _usd(2_400), 4, 25),
)  # fmt: skip
