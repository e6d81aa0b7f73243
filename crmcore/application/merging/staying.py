"""What cannot follow a merge, and why: found before anything is written, so that nothing is left half done.

Only records of types that could be in the way are read: those with a declared unique key over a reference to a
customer, and those whose validators could see that two of their references have become equal. A validator is a pure
function, so of an id it can tell nothing but which other values it equals. All others follow unread, however many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application.merging.following import References, pages, pointed, targets, to_any
from crmcore.application.merging.members import Members
from crmcore.application.session import Session
from crmcore.domain.link import Link
from crmcore.domain.merging.outcome import Stay
from crmcore.domain.record import MERGING, Record, RecordType
from crmcore.ports.moving import Reference

OWN_VALUE: Final = "it is a value of a record that becomes a part of the survivor, which keeps its values"
SELF: Final = "it would refer to the survivor on both sides"

Key = tuple[tuple[str, ...], tuple[Any, ...]]
"""Names that are unique together, and their values."""


@attrs.frozen(eq=False)
class Candidate:
    """A record that could stay: in which place of the order (by the record it refers to, then by id) it is asked, what
    it would take (`keys`, also those on the way there), and why it stays anyhow."""

    rank: int
    stay: Stay
    keys: tuple[Key, ...]
    refused: str


def staying(unit: Session, family: Members, references: References) -> list[Stay]:
    """Every record that goes on to refer to a merged one: first come the survivor's own, then those of the others in
    the order given, each by its id."""
    found: list[Stay] = []
    for holder, held in references.items():
        if holder.name == MERGING:
            found += _of_family(unit, family, held)
        keys = unique_keys(unit, holder, held)
        if keys or _is_checked(holder):
            found += _of_holder(unit, family, holder, held, keys)
    return found


def unique_keys(unit: Session, holder: RecordType, held: Sequence[Reference]) -> tuple[tuple[str, ...], ...]:
    """The names, unique together, that have one of these references among them."""
    names = {reference.name for reference in held}
    own = [key for key in holder.options.unique if names.intersection(key)]
    return (*own, *((r.name,) for r in held if r.field.unique))


def _is_checked(holder: RecordType) -> bool:
    """Whether its declaration could refuse that two of its references are equal."""
    places = (*holder.fields, *(f for part in holder.parts for f in part.fields))
    several = sum(f.kind == "reference" and f.target in (MERGING, "*") and f.name != "id" for f in places) > 1
    return holder.cls is Link or (several and bool(holder.options.validators))


def _of_family(unit: Session, family: Members, held: Sequence[Reference]) -> Iterator[Stay]:
    losers = frozenset(family.losers)
    for reference in held:
        if reference.name == "merged_into":
            continue
        for each in family.everybody:
            for id in losers.intersection(targets(unit, reference, each)):
                yield Stay(MERGING, each.id, reference.name, id, OWN_VALUE)


def _of_holder(
    unit: Session, family: Members, holder: RecordType, held: Sequence[Reference], keys: tuple[tuple[str, ...], ...]
) -> list[Stay]:
    where = to_any(unit, family.type, held, family.losers)
    found = (_candidate(unit, family, held, keys, record) for record in pages(unit, holder, where))
    candidates = [each for each in found if each is not None]
    taken: set[Key] = set()
    if any(each.keys for each in candidates):
        own = to_any(unit, family.type, held, [family.survivor.id])
        taken = {key for record in pages(unit, holder, own) for key in keys_of(unit, keys, record)}
    return list(_settled(candidates, taken))


def _settled(candidates: Sequence[Candidate], taken: set[Key]) -> Iterator[Stay]:
    for each in sorted(candidates, key=lambda c: (c.rank, c.stay.id)):
        clash = next((names for names, values in each.keys if (names, values) in taken), None)
        if clash is not None:
            reason = f"the survivor has one with the same {' and '.join(clash)} already"
            yield attrs.evolve(each.stay, reason=reason)
        elif each.refused:
            yield each.stay
        else:
            taken.update(each.keys)


def _candidate(
    unit: Session,
    family: Members,
    held: Sequence[Reference],
    keys: tuple[tuple[str, ...], ...],
    record: Record,
) -> Candidate | None:
    """How a record would fare; None for one that follows in any case, or is dealt with as one of the family."""
    order = {id: rank for rank, id in enumerate(family.losers)}
    led = [(order[id], r.name, id) for r in held for id in targets(unit, r, record) if id in order]
    if not led or record.id in family.ids:
        return None
    rank, name, customer = min(led)
    to, states, after = dict.fromkeys(family.losers, family.survivor.id), [], record
    for reference in held:
        after = pointed(unit, reference, after, to)
        states += keys_of(unit, keys, after)
    before = set(keys_of(unit, keys, record))
    refused = _refused(held[0].holder, record, after)
    if not states and not refused:
        return None
    stay = Stay(held[0].holder.name, record.id, name, customer, refused)
    return Candidate(rank, stay, tuple(dict.fromkeys(key for key in states if key not in before)), refused)


def _refused(holder: RecordType, before: Record, after: Any) -> str:
    """What its declaration has against the record as it would be, and had not before."""
    if holder.cls is Link and _joins_itself(after) and not _joins_itself(before):
        return SELF
    if not _is_checked(holder):
        return ""
    old = [dict(validate(before)) for validate in holder.options.validators]
    new = [dict(validate(after)) for validate in holder.options.validators]
    problems = {n: told for was, now in zip(old, new, strict=True) for n, told in now.items() if was.get(n) != told}
    return "; ".join(f"{name}: {problem}" for name, problem in problems.items())


def _joins_itself(link: Any) -> bool:
    return bool((link.from_type, link.from_id) == (link.to_type, link.to_id))


def keys_of(unit: Session, keys: Sequence[tuple[str, ...]], record: Record) -> list[Key]:
    """What a record holds of unique values; where one is missing, it holds none."""
    found = ((names, tuple(_value(unit, record, name) for name in names)) for names in keys)
    return [(names, values) for names, values in found if None not in values]


def _value(unit: Session, record: Record, name: str) -> Any:
    prefix, dot, inner = name.partition(".")
    if not dot:
        return getattr(record, name)
    declared = unit.catalogue.facet(unit.catalogue.of(record.__class__), prefix)
    facet = record.facets.get(declared.cls) if declared else None
    return getattr(facet, inner, None)


def by_holder(stays: Sequence[Stay]) -> Mapping[str, list[UUID]]:
    """The ids of what stays, by record type."""
    found: dict[str, list[UUID]] = {}
    for each in stays:
        found.setdefault(each.record, []).append(each.id)
    return found
