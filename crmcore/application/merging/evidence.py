"""Records made on the survivor after a merge, when that is taken back: they go where their own evidence points.

Evidence is a text of the record that is, as match keys are, an e-mail address or telephone number that only one of them
has; or a system of origin that is only one's. Where it points at nobody, or at several, the record stays with the
survivor and is listed for somebody to look at.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import changing
from crmcore.application.merging.following import References, pages, to_any
from crmcore.application.session import Session
from crmcore.domain import matching
from crmcore.domain.bound import Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import CrmError
from crmcore.domain.merging.outcome import Review
from crmcore.domain.record import MERGING, Record, RecordType
from crmcore.ports.moving import Reference

KINDS: Final = ("email", "phone")
LONGEST: Final = 320
"""No address is longer: longer texts are not looked at."""
NO_EVIDENCE: Final = "it was made since the merge, and nothing in it tells whose it is"


@attrs.frozen(eq=False)
class Evidence:
    """What tells who of several is meant: match keys and systems of origin that only one of them has."""

    keys: Mapping[tuple[str, str], UUID]
    sources: Mapping[str, UUID]

    def pointing_at(self, record: Record) -> set[UUID]:
        """Those at whom a record's own values point."""
        found = {self.keys[key] for key in _keys(record) if key in self.keys}
        if record.source is not None and record.source in self.sources:
            found.add(self.sources[record.source])
        return found


def evidence(unit: Session, everybody: Sequence[Customer]) -> Evidence:
    """What tells these customers, as they are again, from each other."""
    plan = unit.kernel.plan(unit.catalogue.record(MERGING))
    held: dict[tuple[str, str], set[UUID]] = {}
    sources: dict[str, set[UUID]] = {}
    for each in everybody:
        for key in plan.keys(each):
            held.setdefault(key, set()).add(each.id)
        if each.source is not None:
            sources.setdefault(each.source, set()).add(each.id)
    keys = {key: min(owners) for key, owners in held.items() if len(owners) == 1 and key[0] in KINDS}
    return Evidence(keys, {name: min(owners) for name, owners in sources.items() if len(owners) == 1})


def _keys(record: Any) -> Iterator[tuple[str, str]]:
    """The keys that the record's own texts make, if they are addresses."""
    holders = [record, *(each for part in _parts(record) for each in getattr(record, part))]
    for holder in holders:
        for name in (a.name for a in attrs.fields(holder.__class__)):
            value = getattr(holder, name)
            if isinstance(value, str) and value and len(value) <= LONGEST:
                yield from ((kind, key) for kind in KINDS if (key := matching.search_key(kind, value)))


def _parts(record: Any) -> list[str]:
    return [a.name for a in attrs.fields(record.__class__) if isinstance(getattr(record, a.name), tuple)]


@attrs.define(eq=False)
class Since:
    """What was made on the survivor since: how many went where their evidence points, by record type, and the rest."""

    assigned: Counter[str] = attrs.field(factory=Counter)
    review: list[Review] = attrs.field(factory=list)


def divide(unit: Session, references: References, at: dt.datetime, everybody: Sequence[Customer]) -> Since:
    """Give each record that was made after `at`, and refers to the first of these, to the one at whom it points."""
    told, found, customers = evidence(unit, everybody), Since(), unit.catalogue.record(MERGING)
    survivor, others = everybody[0].id, {each.id for each in everybody[1:]}
    for holder, held in references.items():
        made = holder.field("created_at")
        if holder.name == MERGING or holder.options.system or made is None:
            continue
        where = every(to_any(unit, customers, held, [survivor]), Test(made, ">", (at,)))
        for record in list(pages(unit, holder, where)):
            own = [each for each in held if not each.place and getattr(record, each.field.name) == survivor]
            name = own[0].name if own else held[0].name
            pointed = told.pointing_at(record) & {survivor, *others}
            why = _given(unit, holder, own, record, pointed & others) if len(pointed) == 1 else NO_EVIDENCE
            if pointed == {survivor}:
                continue
            if why is None:
                found.assigned[holder.name] += 1
            else:
                found.review.append(Review(holder.name, record.id, name, why))
    return found


def _given(
    unit: Session, holder: RecordType, own: Sequence[Reference], record: Record, pointed: set[UUID]
) -> str | None:
    """Let a record refer to the one at whom it points; None, or why it cannot."""
    if not pointed or not own:
        return NO_EVIDENCE
    [to] = pointed
    if holder.plugin in unit.catalogue.dormant:
        return f"it points at {to}, and its plugin is switched off"
    try:
        with unit.savepoint():
            changing.write(unit, holder, record, {each.field.name: to for each in own}, by_rule=True)
    except CrmError as error:
        return f"it points at {to}, and cannot be given there: {error.message}"
    return None
