"""Cells of refused rows, as imports keep them for their reports: those that name an erased person lose their text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

from crmcore.application.session import Session
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, SortKey
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.import_batch import ImportChunk
from crmcore.domain.query import Cursor

AT_ONCE: Final = 20
"""Chunks read at once: each may have a million characters."""
SHORTEST: Final = 4
"""A shorter text stands in too many others: it has to be the whole cell."""
WIPED: Final = "erased"


def tokens_of(customers: Collection[Customer]) -> frozenset[str]:
    """The texts by which a person is known in a cell, in small letters."""
    found: set[str] = set()
    for each in customers:
        texts = [
            each.name,
            each.given_name,
            each.family_name,
            each.external_id,
            *(n.name for n in each.alternative_names),
        ]
        texts += [point.value for point in each.contact_points]
        texts += [address.street for address in each.addresses]
        found.update(text.strip().casefold() for text in texts if text and text.strip())
    return frozenset(found)


def wipe_cells(unit: Session, tokens: Collection[str]) -> int:
    """Empty the cells and reasons of refused rows that have any of these texts in them; how many."""
    if not tokens:
        return 0
    type, total = unit.catalogue.of(ImportChunk), 0
    for chunk in _chunks(unit):
        state, count = _wiped(chunk.state, tokens)
        if count:
            with unit.writing() as transaction:
                transaction.update(type, chunk, evolve(chunk, state=state))
            total += count
    return total


def _chunks(unit: Session) -> Iterator[ImportChunk]:
    type = unit.catalogue.of(ImportChunk)
    asked = BoundQuery(type=type, sort=(SortKey(declared(type, "id")),), order="id", limit=AT_ONCE)
    while found := unit.transaction.select(asked):
        yield from (each.record for each in found if isinstance(each.record, ImportChunk))
        last = found[-1]
        asked = BoundQuery(
            type=type,
            sort=asked.sort,
            order="id",
            limit=AT_ONCE,
            cursor=Cursor("id", last.keys, last.record.id),
        )


def _wiped(state: str, tokens: Collection[str]) -> tuple[str, int]:
    """The state of a chunk, and how many of its refused rows lost their text. Those are [line, column, value, reason];
    the rest of a state is figures and digests."""
    read: dict[str, Any] = json.loads(state)
    count = 0
    for row in read.get("rejects", ()):
        if any(_names(text, tokens) for text in row[2:4] if isinstance(text, str)):
            row[2:4] = ["", WIPED]
            count += 1
    return (json.dumps(read), count) if count else (state, 0)


def _names(text: str, tokens: Collection[str]) -> bool:
    folded = text.strip().casefold()
    return folded in tokens or any(len(token) >= SHORTEST and token in folded for token in tokens)
