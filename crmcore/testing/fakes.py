"""Time, identity and permission held still: the ports of the outside, for tests."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from crmcore.domain import grammar
from crmcore.domain.binder import ALL, ReadRule
from crmcore.domain.change import Actor, Change
from crmcore.domain.errors import Denied, InvalidValue
from crmcore.domain.record import RecordType

START: Final = dt.datetime(2025, 1, 15, 10, 0, tzinfo=dt.UTC)


class FrozenClock:
    """A clock that shows what it was set to. With `step` it goes on by that much each time it is asked."""

    def __init__(self, at: dt.datetime = START, *, step: dt.timedelta | None = None) -> None:
        self._step = step or dt.timedelta()
        self.set(at)

    def set(self, at: dt.datetime) -> None:
        """Show this moment; `InvalidValue` for one without a zone."""
        if at.utcoffset() is None:
            raise InvalidValue(f"a time needs its zone: {at.isoformat()} has none", value=at.isoformat())
        self._at = at.astimezone(dt.UTC)

    def advance(self, **span: float) -> dt.datetime:
        """Go on by a span as `timedelta` takes it (`days=1`); gives the moment that is shown then."""
        self._at += dt.timedelta(**span)
        return self._at

    def now(self) -> dt.datetime:
        """The moment that is shown."""
        shown = self._at
        self._at += self._step
        return shown


class CountingIds:
    """Ids in the form of UUIDv7 that are the same in every run: all of one millisecond, counted from 1."""

    def __init__(self, start: int = 1, *, at: dt.datetime = START) -> None:
        milliseconds = int(at.timestamp() * 1000)
        self._head = (milliseconds << 80) | (0x7 << 76) | (0b10 << 62)
        self._numbers = itertools.count(start)
        self._salts = itertools.count(start)

    def new(self) -> UUID:
        """The next id."""
        return UUID(int=self._head | next(self._numbers))

    def salt(self) -> str:
        """The next number, as salts are written: it can be guessed, which is fit for tests alone."""
        return f"{next(self._salts):016x}"


class Restricted:
    """A policy from a few words: `rows` has a predicate by record type, `hidden` the names of hidden fields.

    Whoever is not among `trusted` reads only that; `refuse` says what they may not write, by a reason (None: they
    may). Record types that are not named are open.
    """

    def __init__(
        self,
        *,
        rows: Mapping[str, str] | None = None,
        hidden: Mapping[str, Iterable[str]] | None = None,
        refuse: Callable[[Change], str | None] = lambda change: None,
        trusted: Iterable[str] = ("root",),
    ) -> None:
        names = {*(rows or {}), *(hidden or {})}
        self._rules = {
            name: ReadRule(
                grammar.parse(rows[name]) if rows and name in rows else None,
                frozenset(hidden.get(name, ())) if hidden else frozenset(),
            )
            for name in names
        }
        self._refuse = refuse
        self._trusted = frozenset(trusted)

    def read(self, actor: Actor, record: RecordType) -> ReadRule:
        """The rule of the record type."""
        return ALL if actor.id in self._trusted else self._rules.get(record.name, ALL)

    def write(self, actor: Actor, changes: Sequence[Change]) -> None:
        """`Denied` for the first change that is refused."""
        if actor.id in self._trusted:
            return
        for change in changes:
            if reason := self._refuse(change):
                raise Denied(f"{actor} may not {change.operation} this {change.type.name}: {reason}")
