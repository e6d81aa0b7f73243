"""Survivorship: which of the values that several records state for one field stands when they are merged.

Every rule picks from the whole set of claims, whatever their order: merging in any grouping gives the same value as
long as the claims of the records that were merged before are still there (`family` keeps them apart).
What is missing never wins, nor does a blank text where another is filled.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, get_args
from uuid import UUID

import attrs

from crmcore.domain.errors import InvalidValue, nearest
from crmcore.domain.field import Field, Merge
from crmcore.domain.money import Money

__all__ = ["RULES", "Claim", "Trust", "check_rule", "is_missing", "later", "surviving"]

RULES: Final[tuple[str, ...]] = get_args(Merge)
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND: Final = dt.timedelta(microseconds=1)


@attrs.frozen
class Claim:
    """A value that a record states. `at`: since when it is known (None: nobody knows); `source`: by which system;
    `verified`: when it was found to be true; `votes`: for how many records it speaks; `alike`: what makes it one value
    with others (None: the value itself)."""

    value: Any
    record: UUID
    at: dt.datetime | None = None
    source: str | None = None
    verified: dt.datetime | None = None
    votes: int = 1
    alike: Hashable = None


@attrs.frozen
class Trust:
    """Whom to believe: `survivor` is the record whose own values stand under the rule `pin`; `sources` are systems,
    most trusted first: those that are not named come after all that are."""

    survivor: UUID
    sources: tuple[str, ...] = ()


def check_rule(name: str, rule: object) -> None:
    """`InvalidValue` for what is no rule of survivorship."""
    if rule not in RULES:
        close = nearest(str(rule), RULES)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(RULES)}"
        raise InvalidValue(f"{name}: {rule!r} is no rule of survivorship; {hint}", field=name, value=str(rule))


def is_missing(value: Any) -> bool:
    """Whether a value says nothing: None, or a set of nothing."""
    return value is None or value == frozenset()


def surviving(field: Field, rule: Merge, claims: Sequence[Claim], trust: Trust) -> Claim | None:
    """The claim that stands; None if no record has a value. Of equal ones the more recent stands, then that of the
    lower record id. A union has the record and time of the latest that it was made of."""
    stated = [each for each in claims if not is_missing(each.value)]
    stated = [each for each in stated if not _is_blank(each.value)] or stated
    if not stated:
        return None
    if field.kind == "choices" and rule in ("union", "most_restrictive"):
        return attrs.evolve(min(stated, key=later), value=frozenset().union(*(each.value for each in stated)))
    if rule == "most_frequent":
        return _most_frequent(stated)
    rank = _RANKS[rule]
    return min(stated, key=lambda each: (*rank(field, each, trust), *later(each)))


def later(claim: Claim) -> tuple[bool, int, str]:
    """Sorts the more recent claim first, then the one of the lower record id; those without a time come last."""
    age = 0 if claim.at is None else (EPOCH - claim.at) // MICROSECOND
    return (claim.at is None, age, claim.record.hex)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _most_frequent(stated: Sequence[Claim]) -> Claim:
    """Of the value with the most votes the latest claim. Each record has one vote, and it keeps it when it is merged:
    votes are counted anew from the rows of all records, so that no grouping changes a count."""
    votes: Counter[Hashable] = Counter()
    for each in stated:
        votes[_alike(each)] += each.votes
    return min(stated, key=lambda each: (-votes[_alike(each)], *later(each)))


def _alike(claim: Claim) -> Hashable:
    if claim.alike is not None:
        return claim.alike
    value = claim.value
    return (
        json.dumps(value, sort_keys=True, ensure_ascii=False)
        if isinstance(value, dict | list)
        else (value, type(value))
    )


def _words(value: Any) -> int:
    """How much of a value is filled: the words of a text, the items of what has several."""
    if isinstance(value, str):
        return len(value.split())
    if isinstance(value, tuple | list | frozenset):
        return sum(not is_missing(each) and each != "" for each in value)
    return len(value) if isinstance(value, dict) else 1


def _length(value: Any) -> int:
    """The length of a text in characters, of what has several items that of all together."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple | frozenset):
        return sum(_length(each) for each in value)
    return len(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict | list) else 0


def _by_source(field: Field, claim: Claim, trust: Trust) -> tuple[Any, ...]:
    known = claim.source is not None and claim.source in trust.sources
    return (trust.sources.index(str(claim.source)) if known else len(trust.sources),)


def _by_restriction(field: Field, claim: Claim, trust: Trust) -> tuple[Any, ...]:
    """Restricts most: true, the option declared last, the earliest day or time, the smallest number."""
    value = claim.value
    if isinstance(value, Money):
        return (value.amount, value.currency)
    if field.kind == "boolean":
        return (not value,)
    if field.kind == "choice":
        return (-field.options.index(value) if value in field.options else 1,)
    return (value,) if field.kind in ("date", "datetime", "integer", "decimal") else ()


_RANKS: Final[Mapping[str, Callable[[Field, Claim, Trust], tuple[Any, ...]]]] = {
    "most_recent": lambda field, claim, trust: (),
    "source_priority": _by_source,
    "most_complete": lambda field, claim, trust: (-_words(claim.value), -_length(claim.value)),
    "longest": lambda field, claim, trust: (-_length(claim.value),),
    "verified_first": lambda field, claim, trust: (claim.verified is None,),
    "pin": lambda field, claim, trust: (claim.record != trust.survivor,),
    "union": lambda field, claim, trust: (),
    "most_restrictive": _by_restriction,
}
"""What ranks a claim under each rule before its time does, lowest first."""
