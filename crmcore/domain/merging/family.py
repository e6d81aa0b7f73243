"""The claims of a family: of all records that are to be one, those merged earlier included, each with its own values.

The golden record is worked out anew from what each of them states, never from the outcome of an earlier merge. So it
does not matter in which order or grouping they came together. What somebody set on a survivor after a merge was said
of everybody who was a part of it by then: it takes the place of what those state, and has their votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import attrs

from crmcore.domain.merging.identity import PREFERRED, Group, PartRule
from crmcore.domain.merging.own_log import Reader
from crmcore.domain.merging.own_values import Nomination, OwnPart, OwnValues
from crmcore.domain.merging.survivorship import Claim, later

__all__ = ["Family", "Nominee", "PartKey", "Stated"]


@attrs.frozen
class Above:
    """A record that survived one of which another is a part: since which place in the log, and by which merge."""

    record: OwnValues
    seq: int
    work: UUID | None

    def speaks(self, seq: int, work: UUID | None = None) -> bool:
        """Whether what was set there was said of those who had joined."""
        return seq > self.seq or (work is not None and work == self.work)


@attrs.frozen
class PartKey:
    """What tells a part of the golden record from others; `nth`: one record may have several that agree."""

    identity: Hashable
    nth: int = 0


@attrs.frozen
class Stated:
    """A part as one record states it; `place`: which of its parts it is; `votes`: for how many records."""

    part: OwnPart
    record: UUID
    place: int
    votes: int = 1


@attrs.frozen
class Nominee:
    """The part of a group that one record has as the preferred one."""

    key: PartKey
    record: UUID
    at: Any
    source: str | None
    votes: int = 1


class Family:
    """What the records of a family state, as claims; the order of the members does not matter."""

    def __init__(self, reader: Reader, members: Iterable[OwnValues]) -> None:
        self._reader = reader
        self.members: Mapping[UUID, OwnValues] = {each.record.id: each for each in members}
        self._parts: dict[str, Mapping[PartKey, list[Stated]]] = {}

    def held(self, id: UUID, name: str) -> Any:
        """The value that the row of a member has, whoever stated it."""
        return self._reader.held(self.members[id].record, name)

    @cached_property
    def _above(self) -> Mapping[UUID, Sequence[Above]]:
        """For each member the records of which it became a part, the nearest first."""
        return {id: tuple(self._climb(each)) for id, each in self.members.items()}

    def _climb(self, member: OwnValues) -> Iterator[Above]:
        seen, seq = {member.record.id}, 0
        while (joined := member.joined) is not None and joined.parent in self.members and joined.parent not in seen:
            seen.add(joined.parent)
            seq, member = max(seq, joined.seq), self.members[joined.parent]
            yield Above(member, seq, joined.work)

    def claims(self, name: str) -> list[Claim]:
        """What is claimed of a field (facets dotted), each value with the votes of all for whom it was said."""
        holders = Counter(self._holder(each, name) for each in self.members)
        return [claim for id, votes in holders.items() if (claim := self._claim(id, name, votes)) is not None]

    def _holder(self, id: UUID, name: str) -> UUID:
        """The record whose value of a field counts for this one."""
        found = id
        for above in self._above[id]:
            fact = above.record.facts.get(name)
            if fact is not None and above.speaks(fact.seq, fact.work):
                found = above.record.record.id
        return found

    def _claim(self, id: UUID, name: str, votes: int) -> Claim | None:
        facts = self.members[id].facts
        fact = facts.get(name)
        if fact is None:
            return None
        prefix, dot, _ = name.rpartition(".")
        verified = facts.get(f"{name}_verified_at") or facts.get(f"{prefix}{dot}verified_at")
        return Claim(fact.value, id, fact.at, fact.source, verified.value if verified else None, votes)

    def parts(self, rule: PartRule) -> Mapping[PartKey, list[Stated]]:
        """The parts of all, each with the records that state it."""
        attribute = rule.part.attribute
        if attribute not in self._parts:
            found: dict[PartKey, list[Stated]] = {}
            votes = self._votes(attribute)
            for id in sorted(self.members):
                for place, (key, part) in enumerate(self._own(id, attribute)):
                    found.setdefault(key, []).append(Stated(part, id, place, 1 + votes[id, part.identity]))
            self._parts[attribute] = found
        return self._parts[attribute]

    def _own(self, id: UUID, attribute: str) -> list[tuple[PartKey, OwnPart]]:
        """The parts of one record that nobody took away or restated where it is a part of another."""
        seen: Counter[Hashable] = Counter()
        found = []
        for part in self.members[id].parts.get(attribute, ()):
            if not any(_overrules(above, attribute, part.identity) for above in self._above[id]):
                found.append((PartKey(part.identity, seen[part.identity]), part))
                seen[part.identity] += 1
        return found

    def _votes(self, attribute: str) -> Counter[tuple[UUID, Hashable]]:
        """For how many others a record states a part: for those whose own part it took the place of."""
        votes: Counter[tuple[UUID, Hashable]] = Counter()
        for id, above in self._above.items():
            held = {part.identity for part in self.members[id].parts.get(attribute, ())} if above else ()
            for identity in held:
                if voices := [each for each in above if _restates(each, attribute, identity)]:
                    votes[voices[-1].record.record.id, identity] += 1
        return votes

    def nominees(self, rule: PartRule, group: Group) -> list[Nominee]:
        """Which part of a group each record has as the preferred one, or else as its first."""
        attribute = rule.part.attribute
        there = self.parts(rule)
        found: dict[UUID, Nominee] = {}
        for id in sorted(self.members):
            nominee = self._told(id, attribute, group, there) or self._nominee(id, attribute, group, rule)
            if nominee is not None:
                held = found.get(nominee.record)
                found[nominee.record] = attrs.evolve(held, votes=held.votes + 1) if held else nominee
        return list(found.values())

    def _told(
        self, id: UUID, attribute: str, group: Group, there: Mapping[PartKey, Sequence[Stated]]
    ) -> Nominee | None:
        """The one that somebody named for a record that merges had filled, or for one of which it became a part."""
        name = (attribute, group)
        for above in reversed(self._above[id]):
            told = above.record.nominated.get(name)
            if told is not None and above.speaks(told.seq, told.work) and PartKey(told.identity) in there:
                return _named(above.record.record.id, there[PartKey(told.identity)], told)
        own = self.members[id]
        told = own.nominated.get(name)
        if told is None or PartKey(told.identity) not in there:
            return None
        return _named(id, there[PartKey(told.identity)], told)

    def _nominee(self, id: UUID, attribute: str, group: Group, rule: PartRule) -> Nominee | None:
        own = [(key, part) for key, part in self._own(id, attribute) if _group(rule, part) == group]
        if not own:
            return None
        key, part = min(own, key=lambda each: not each[1].values.get(PREFERRED))
        return Nominee(key, id, part.at, part.source)


def _named(by: UUID, stated: Sequence[Stated], told: Nomination) -> Nominee:
    """The part that somebody named, as old as it is by whoever knows the latest of it."""
    best = min(stated, key=lambda each: later(Claim(None, each.record, each.part.at)))
    return Nominee(PartKey(told.identity), by, best.part.at, best.part.source)


def _group(rule: PartRule, part: OwnPart) -> Group:
    return rule.group({f.name: part.values.get(f.name) for f in rule.choices})


def _restates(above: Above, attribute: str, identity: Hashable) -> bool:
    return any(p.identity == identity and above.speaks(p.seq) for p in above.record.parts.get(attribute, ()))


def _overrules(above: Above, attribute: str, identity: Hashable) -> bool:
    gone = above.record.dropped.get((attribute, identity))
    return (gone is not None and above.speaks(gone)) or _restates(above, attribute, identity)
