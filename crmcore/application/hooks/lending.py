"""Lending a unit of work to a plugin: the same transaction, in the plugin's name, with the plugin's rights."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, NoReturn, TypeVar, cast

import attrs

from crmcore.application.hooks.rights import LOOKS, READS, Eyes, Rights
from crmcore.application.session import Session
from crmcore.domain.change import Actor
from crmcore.domain.errors import Denied, InvalidSetting
from crmcore.domain.record import Record
from crmcore.ports.policy import AllowAll, Policy
from crmcore.ports.storage import Transaction
from crmcore.ports.work import Repository, Work

R = TypeVar("R", bound=Record)
LENT: Final = frozenset(name for name in vars(Work) if not name.startswith("_"))


class Lent:
    """What a plugin holds of a unit of work: `ports.work.Work`, and nothing beside it. `first`: nothing was lent to
    it before that it still has."""

    __slots__ = ("_first", "_unit")

    def __init__(self, unit: Any, first: bool) -> None:
        self._unit = unit
        self._first = first

    def __getitem__(self, cls: type[R]) -> Repository[R]:
        found: Repository[R] = self._unit[cls]
        return found

    def __getattr__(self, name: str) -> Any:
        if name not in LENT:
            raise AttributeError(f"a plugin's work has no {name!r}: it has {', '.join(sorted(LENT))}")
        return getattr(self._unit, name)

    def savepoint(self) -> Nested:
        """A nested part that an exception undoes alone; it ends in the call in which it began."""
        return Nested(self._unit)


class Nested:
    """A savepoint of a plugin. Those that are open are known, so that none outlasts the call: ended later, it would
    undo what others wrote since."""

    def __init__(self, unit: Session) -> None:
        self._unit = unit
        self._inner = unit.savepoint()

    def __enter__(self) -> None:
        self._inner.__enter__()
        self._unit.course.nested.append(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        nested = self._unit.course.nested
        if not nested or nested[-1] is not self:
            raise InvalidSetting("a savepoint ends in the call in which it began, and before those that enclose it")
        nested.pop()
        settled: bool | None = self._inner.__exit__(kind, error, trace)
        return settled


class Held:
    """A transaction that whoever holds it cannot end: that is for those who began it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    def commit(self) -> NoReturn:
        """`Denied`."""
        raise Denied("a plugin does not commit: the transaction is not its own")

    def rollback(self) -> NoReturn:
        """`Denied`."""
        raise Denied("a plugin does not roll back: raise an error, and the transaction is undone as a whole")


def lend(unit: Session, plugin: str, *, reading: bool = False) -> Work:
    """What a plugin holds of this unit of work, until that ends or `take_back`; `reading`: it writes nothing through
    it."""
    found: Session | None = unit.course.lent.get((plugin, reading))
    if found is None:
        found = unit.course.lent[plugin, reading] = lent(unit, plugin, reading=reading)
    return cast(Work, Lent(found, found.join(_held(unit))))


def lend_to_look(unit: Session, plugin: str) -> Work:
    """What a plugin reads with to answer a question of the person whose unit of work this is: what they may see."""
    found: Session | None = unit.course.lent.get((plugin, "looking"))
    if found is None:
        host = unit.course.policy
        policy = host if isinstance(host, AllowAll) else Eyes(plugin, unit.course.person, host)
        found = unit.course.lent[plugin, "looking"] = _inner(unit, plugin, policy, LOOKS)
    return cast(Work, Lent(found, found.join(_held(unit))))


def take_back(work: Work) -> None:
    """After the call for which it was lent: who keeps it, and uses it in another call, perhaps for another database,
    is told so. One that was lent inside a call of the same plugin stays until that one ends."""
    lent = cast(Lent, work)
    if lent._first:
        lent._unit.leave()


def lent(unit: Session, plugin: str, *, reading: bool = False) -> Session:
    """The unit of work in a plugin's name and with its rights, in the same transaction, before it joins that."""
    kernel, person = unit.kernel, unit.course.person
    rights = Rights(plugin, person, kernel.hooks.capabilities.get(plugin, frozenset()), unit.course.policy, reading)
    return _inner(unit, plugin, rights, READS if reading else None)


def _inner(unit: Session, plugin: str, policy: Policy, refusal: str | None) -> Session:
    inner = type(unit)(
        attrs.evolve(unit.kernel, policy=policy).sharing(unit.kernel),
        lambda _: _held(unit),
        _named(plugin, unit.course.person),
        source=unit.source,
        refusal=refusal,
        course=unit.course,
    )
    inner.id = unit.id
    return inner


def _held(unit: Session) -> Transaction:
    return cast(Transaction, Held(unit.transaction))


def _named(plugin: str, person: Actor) -> Actor:
    alone = person.kind == "plugin" and person.id == plugin
    return person if alone else Actor(plugin, "plugin", str(person))
