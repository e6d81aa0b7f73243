"""The chain's text form, which must never change, and anchors, of which a wrong one must not pass."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.audit import FIRST, Anchor, entry_text, link_digest, read_anchor, read_anchors, text_digest
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import InvalidValue

AT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
ENTRY = LogEntry(
    at=AT,
    actor="سارا",
    source=None,
    work=UUID(int=1),
    record="customer",
    id=UUID(int=2),
    subject=UUID(int=2),
    version=3,
    operation="change",
    changes='{"~":"5a17","note":[null,"x"]}',
    digest="d" * 64,
    seq=12,
    position=11,
)
ANCHOR = Anchor(11, "a" * 64, AT)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def link_of(entry: LogEntry) -> str:
    """The link of an entry if it were the first one."""
    return link_digest(FIRST, entry_text(entry))


def test_the_text_of_an_entry() -> None:
    """Otherwise a later release could not verify what this one linked."""
    assert entry_text(ENTRY) == (
        '[11,12,"2026-03-01T10:30:00.000000+00:00","سارا",null,"00000000000000000000000000000001","customer",'
        '"00000000000000000000000000000002","00000000000000000000000000000002",3,"change","' + "d" * 64 + '"]'
    )


def test_a_link_is_over_the_link_before_and_the_text() -> None:
    """Somebody else can make the chain again without crmcore, from what the documentation says."""
    made = hashlib.sha256(f"{FIRST}\n{entry_text(ENTRY)}".encode()).hexdigest()
    assert link_of(ENTRY) == made
    assert link_digest(made, entry_text(ENTRY)) != made
    assert text_digest("") == hashlib.sha256(b"").hexdigest()


@given(TEXTS, st.none() | TEXTS, TEXTS)
def test_the_text_is_json(actor: str, source: str | None, record: str) -> None:
    """Otherwise others could not make it, with whatever writes JSON where they are."""
    entry = attrs.evolve(ENTRY, actor=actor, source=source, record=record)
    plain = [11, 12, "2026-03-01T10:30:00.000000+00:00", actor, source, ENTRY.work.hex, record, ENTRY.id.hex,
             ENTRY.id.hex, 3, "change", ENTRY.digest]  # fmt: skip
    assert entry_text(entry) == json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


@given(st.tuples(TEXTS, TEXTS), st.tuples(TEXTS, TEXTS))
def test_no_two_entries_have_one_text(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Otherwise what stands in one column could be moved to the next, and the link would still hold."""
    first, second = (attrs.evolve(ENTRY, actor=actor, source=source) for actor, source in (one, other))
    assert (entry_text(first) == entry_text(second)) is (one == other)


@pytest.mark.parametrize(
    "change",
    [{"position": 12}, {"seq": 13}, {"at": AT + dt.timedelta(microseconds=1)}, {"actor": "x"}, {"source": ""},
     {"work": UUID(int=9)}, {"record": "order"}, {"id": UUID(int=9)}, {"subject": None}, {"version": 4},
     {"operation": "add"}, {"digest": "e" * 64}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_column_counts(change: dict[str, Any]) -> None:
    """AUD-01: a column that the link leaves out could be changed unseen."""
    assert link_of(attrs.evolve(ENTRY, **change)) != link_of(ENTRY)


def test_the_values_can_go() -> None:
    """AUD-07: an erasure empties them, and the chain must still hold; another zone is the same moment."""
    emptied = attrs.evolve(ENTRY, changes="", at=AT.astimezone(dt.UTC))
    assert link_of(emptied) == link_of(ENTRY)


def test_an_anchor_is_read_as_it_was_written() -> None:
    """Otherwise what was kept for years would be of no use."""
    assert read_anchor(ANCHOR.text()) == ANCHOR
    assert "\n" not in ANCHOR.text()
    assert read_anchors(json.dumps(json.loads(ANCHOR.text()), indent=2)) == (ANCHOR,)
    assert read_anchors(f"{ANCHOR.text()}\n\n{ANCHOR.text()}\n") == (ANCHOR, ANCHOR)


@pytest.mark.parametrize(
    "changes",
    [{"position": -1}, {"position": "11"}, {"position": True}, {"position": 11.0}, {"position": 2**63}, {"digest": 7},
     {"digest": "A" * 64}, {"digest": "a" * 63}, {"at": "2026-03-01T12:00:00"}, {"at": "yesterday"}, {"at": None},
     {"entries": 10}],
    ids=str,
)  # fmt: skip
def test_what_is_no_anchor_is_refused(changes: dict[str, Any]) -> None:
    """Otherwise a mistyped anchor would tell of tampering, or prove nothing and seem to."""
    with pytest.raises(InvalidValue, match=r"this is no anchor: .*crm audit anchor"):
        read_anchor(json.dumps({**json.loads(ANCHOR.text()), **changes}))


@pytest.mark.parametrize("text", ["", " \n", "[]", "11", "null", "{", "no", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    """A wrong file was named, say."""
    with pytest.raises(InvalidValue, match="this is no anchor"):
        read_anchors(text)
