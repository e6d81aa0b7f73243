"""Web forms: what is read from them, and what is refused as spam."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.submission import SpamGuard, Submission, submission_of

NOW = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)
BERLIN = dt.timezone(dt.timedelta(hours=1))


def form(**values: Any) -> Submission:
    """What a person sends."""
    given = {"name": "Leila", "email": "leila@example.com", "body": "A price, please."}
    return Submission(**{**given, **values})


def refused(guard: SpamGuard | None = None, **values: Any) -> list[str]:
    """The reasons for which a form is refused."""
    return list((guard or SpamGuard()).refusals(form(**values), NOW))


def test_a_person_is_let_through() -> None:
    """Nobody could write to the company."""
    shown = NOW - dt.timedelta(seconds=3)
    assert refused(shown_at=shown, sent_at=NOW, phone="+98 21 5555 0101") == []
    assert refused(email="علی@مثال.ایران", body="see https://a.example and http://b.example") == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"honeypot": "x"}, "people do not see"),
        ({"shown_at": NOW - dt.timedelta(seconds=2)}, "2 seconds after"),
        ({"shown_at": NOW, "sent_at": NOW - dt.timedelta(seconds=9)}, "-9 seconds after"),
        ({"sent_at": NOW + dt.timedelta(hours=1)}, "still to come"),
        ({"body": "http://a HTTPS://b www.c"}, "body holds 3 links; at most 2"),
        ({"name": "buy at www.example.com"}, "name holds 1 links"),
        ({"body": "Cheap  CASÍNO here"}, "blocked word 'casino'"),
        ({"email": "", "phone": " "}, "nobody could answer"),
        ({"email": "leila at example"}, "no e-mail address"),
        ({"email": "a@x.com\nBcc: b@x.com"}, "no e-mail address"),
        ({"phone": "call me"}, "no telephone number"),
    ],
)
def test_spam_is_refused_with_its_reason(values: dict[str, Any], reason: str) -> None:
    """Robots would fill the CRM, or a person who is refused would not learn why."""
    [told] = refused(SpamGuard(blocked=frozenset({"casino"})), **values)
    assert reason in told


def test_every_reason_is_told() -> None:
    """Whoever mends the first reason would run into the next one."""
    assert len(refused(honeypot="x", body="www.a www.b www.c", email="x")) == 3


def test_a_blocked_word_is_a_word() -> None:
    """Someone from Scunthorpe could not write."""
    assert refused(SpamGuard(blocked=frozenset({"thor", "!"})), body="From Scunthorpe!") == []


def test_forms_are_read_from_json() -> None:
    """A form would be taken with a field misread, or a misspelt one would be lost unseen."""
    read = submission_of({"name": "Leila", "phone": None, "sent_at": "2025-01-15T10:00:00"}, BERLIN)
    assert read == Submission(name="Leila", sent_at=dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC))
    unfit: list[object] = [[], {"nmae": "Leila"}, {"name": 7}, {"sent_at": 7}, {"sent_at": "soon"}, {1: "x"}]
    for given in unfit:
        with pytest.raises(InvalidValue):
            submission_of(given, BERLIN)


def test_a_form_is_texts_and_times() -> None:
    """A time without a zone would be compared with one that has a zone, and fail somewhere inside."""
    with pytest.raises(InvalidValue, match="shown_at"):
        form(shown_at=dt.datetime(2025, 1, 15))
    with pytest.raises(InvalidValue, match="name"):
        form(name=None)
