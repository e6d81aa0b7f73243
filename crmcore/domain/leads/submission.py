"""A web form that was sent, and what tells it from spam."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from uuid import UUID

import attrs

from crmcore.domain.errors import InvalidValue
from crmcore.domain.fold import fold
from crmcore.domain.keys import phone_key
from crmcore.domain.reading import read_datetime, shorten

Outcome = Literal["made", "reopened", "known", "repeated", "refused"]
TEXTS: Final = (
    "name", "email", "phone", "company", "subject", "body", "campaign", "lead_source", "business_line", "honeypot",
)  # fmt: skip
TIMES: Final = ("shown_at", "sent_at")
AHEAD: Final = dt.timedelta(minutes=5)
"""How far the clock of the form may be ahead of ours."""

_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@attrs.frozen(kw_only=True)
class Submission:
    """What somebody wrote into a form, literally. `honeypot` is what stood in a field that people do not see;
    `shown_at` and `sent_at` are by the clock of the host."""

    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    subject: str = ""
    body: str = ""
    campaign: str = ""
    lead_source: str = ""
    business_line: str = ""
    honeypot: str = ""
    shown_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None

    def __attrs_post_init__(self) -> None:
        for name in TEXTS:
            if not isinstance(getattr(self, name), str):
                raise InvalidValue(f"{name} is a text, not {shorten(getattr(self, name))}", field=name)
        for name in TIMES:
            time = getattr(self, name)
            if time is not None and (not isinstance(time, dt.datetime) or time.utcoffset() is None):
                raise InvalidValue(f"{name} is a time with its zone, not {shorten(time)}", field=name)


@attrs.frozen(kw_only=True)
class SpamGuard:
    """What is refused: forms that were sent sooner than `minimum_seconds` after they were shown, texts with more than
    `most_links`, and any of the `blocked` words (compared by their fold). The same form again within `window` is
    taken once."""

    minimum_seconds: int = 3
    most_links: int = 2
    blocked: frozenset[str] = frozenset()
    window: dt.timedelta = dt.timedelta(minutes=10)

    def refusals(self, form: Submission, now: dt.datetime) -> tuple[str, ...]:
        """Why a form is not taken; nothing if it is."""
        return tuple(self._refusals(form, now))

    def _refusals(self, form: Submission, now: dt.datetime) -> Iterator[str]:
        if form.honeypot:
            yield "a field was filled in that people do not see"
        yield from _unreachable(form)
        yield from self._times(form, now)
        for field in ("name", "company", "subject", "body"):
            text = getattr(form, field)
            links = len(_LINK.findall(text))
            most = self.most_links if field == "body" else 0
            if links > most:
                yield f"{field} holds {links} links; at most {most} are taken"
            words = f" {fold(text)} "
            if found := sorted(word for word in self.blocked if fold(word) and f" {fold(word)} " in words):
                yield f"{field} holds the blocked word {found[0]!r}"

    def _times(self, form: Submission, now: dt.datetime) -> Iterator[str]:
        sent = form.sent_at or now
        if sent > now + AHEAD:
            yield f"it was sent at {sent.isoformat()}, which is still to come"
        if form.shown_at is not None:
            seconds = (sent - form.shown_at).total_seconds()
            if seconds < self.minimum_seconds:
                least = self.minimum_seconds
                yield f"it was sent {seconds:.0f} seconds after it was shown; people take {least} or more"


def _unreachable(form: Submission) -> Iterator[str]:
    email, phone = form.email.strip(), form.phone.strip()
    if not email and not phone:
        yield "it has neither an e-mail address nor a telephone number, so nobody could answer"
    if email and not _EMAIL.fullmatch(email):
        yield f"{shorten(email)} is no e-mail address"
    if phone and not phone_key(phone):
        yield f"{shorten(phone)} is no telephone number"


@attrs.frozen
class Captured:
    """What became of a form: `made` or `reopened` a lead, came to a `known` lead, was `repeated` (and changed nothing)
    or `refused` (and is stored nowhere), for these reasons."""

    outcome: Outcome
    customer: UUID | None = None
    lead: UUID | None = None
    interaction: UUID | None = None
    reasons: tuple[str, ...] = ()


def submission_of(given: object, zone: dt.tzinfo) -> Submission:
    """A form from JSON: an object of texts, and times as ISO 8601 (without an offset: in `zone`). InvalidValue for
    anything else; null is as good as absent."""
    if not isinstance(given, Mapping):
        raise InvalidValue(f"a form is an object of names and texts, not {shorten(given)}")
    if unknown := sorted(str(name) for name in given if name not in (*TEXTS, *TIMES)):
        raise InvalidValue(f"{unknown[0]!r} is no field of a form; it has {', '.join((*TEXTS, *TIMES))}")
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        values[name] = read_datetime(value, zone) if name in TIMES and isinstance(value, str) else value
    return Submission(**values)
