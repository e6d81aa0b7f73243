"""`crm.fields`: adding, removing and purging fields at run time, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from crmcore.application.custom.checking import check_new, field_of
from crmcore.application.custom.described import STATES, Kept, State, read, with_custom, written
from crmcore.domain.catalogue import CUSTOM, Catalogue
from crmcore.domain.errors import InvalidDeclaration, SchemaMismatch, StorageBusy, UnknownName
from crmcore.domain.field import Field
from crmcore.ports.stamp import CUSTOM_FIELDS, EPOCH
from crmcore.ports.storage import Alteration

if TYPE_CHECKING:
    from crmcore.application.running import Running

ATTEMPTS: Final = 10
"""How often altering tables begins again because somebody else has changed fields or plugins meanwhile."""


class CustomFields:
    """The fields that administrators add to record types: each record type has them in its facet `custom`.

    Tables are altered on a connection of its own that waits for the transactions of others, so never call this inside a
    unit of work, nor while a host's transaction is open in the same thread: it would wait for itself, and end in
    `StorageBusy`. Every unit of work that begins afterwards, in any process, knows of the change.
    """

    def __init__(self, running: Running, check: Callable[[], None], refusal: str | None) -> None:
        self._running = running
        self._check = check
        self._refusal = refusal

    def add(self, record: str, name: str, kind: str, **options: Any) -> Field:
        """Add a field, named `custom.NAME` from now on, or bring one back that was removed, with its values.

        `options`: `index`, `unique`, `personal`, `label` (language to text), and by kind `length`, `fold`, `scale`,
        `options`, `target`. It may always be missing. Raises InvalidDeclaration, UnknownName, StorageBusy.
        """
        new = field_of(name, kind, options)
        with self._altering() as (alteration, kept):
            before = check_new(self._running.declared, kept, record, new)
            coming = [*(k for k in kept if k is not before), Kept(record, new, "coming")]
            whole = self._whole(coming)
            alteration.put_setting(CUSTOM_FIELDS, written(coming))
            alteration.fit(whole, record, CUSTOM)
            self._keep(alteration, _in_state(coming, record, name, "live"))
        return new

    def remove(self, record: str, name: str) -> Field:
        """Remove a field from everything but the database, which keeps its values until it is purged.

        `name` may be written with `custom.` before it. `UnknownName` if there is none.
        """
        with self._altering() as (alteration, kept):
            found = _found(kept, record, name, "live")
            self._keep(alteration, _in_state(kept, record, found.field.name, "removed"))
        return found.field

    def held(self, record: str, name: str) -> int:
        """How many records have a value of a field, removed or not: what a purge would lose."""
        with self._altering(reading=True) as (alteration, kept):
            found = _found(kept, record, name, "live", "removed", "coming")
            return alteration.count(self._whole(kept), record, CUSTOM, found.field.name)

    def purge(self, record: str, name: str) -> int:
        """Drop a removed field with its values; how many records had one. What the history says of it stays.

        `UnknownName` if there is none, InvalidDeclaration for one that was not removed.
        """
        with self._altering() as (alteration, kept):
            found = _found(kept, record, name, "live", "removed", "coming")
            if found.state == "live":
                raise InvalidDeclaration(f"{found.name} of {record} is in use: remove it first", field=found.name)
            whole, own = self._whole(kept), found.field.name
            lost = alteration.count(whole, record, CUSTOM, own)
            alteration.drop(whole, record, CUSTOM, own)
            self._keep(alteration, [k for k in kept if k is not found])
        return lost

    def removed(self, record: str | None = None) -> list[tuple[str, Field]]:
        """The fields that were removed and not purged, or whose adding was interrupted, of a record type or of all:
        (record type, field)."""
        self._check()
        transaction = self._running.current.storage.begin(snapshot=True)
        try:
            kept = read(transaction.setting(CUSTOM_FIELDS))
        finally:
            transaction.rollback()
        return [(k.record, k.field) for k in kept if k.state != "live" and record in (None, k.record)]

    def facet(self, record: str) -> type[Any]:
        """The class of the facet, to fetch it (`with_=[...]`) and to add it; `UnknownName` if it has no fields now.

        It is another one after each change to the fields of the record type.
        """
        catalogue = self._running.current.kernel.catalogue
        found = catalogue.facet(catalogue.record(record), CUSTOM)
        if found is None:
            raise UnknownName("facet", CUSTOM, (f.name for f in catalogue.facets.get(record, ())), record)
        return found.cls

    @contextmanager
    def _altering(self, reading: bool = False) -> Iterator[tuple[Alteration, tuple[Kept, ...]]]:
        """Tables being altered, and the fields that there are; afterwards this Crm runs on what has become of them."""
        if self._refusal is not None and not reading:
            raise SchemaMismatch(self._refusal)
        self._check()
        running = self._running
        for _ in range(ATTEMPTS):
            running.refresh()
            with running.current.storage.altering() as alteration:
                if _epoch(alteration) != running.current.epoch:  # somebody was faster: look again
                    continue
                yield alteration, read(alteration.setting(CUSTOM_FIELDS))
                epoch, now = _epoch(alteration), running.current
                if now.epoch != epoch:  # before it is committed, so that nobody is given what cannot work
                    now = running.made(epoch, alteration.setting(CUSTOM_FIELDS), now.kernel)
            running.current = now
            return
        raise StorageBusy("fields and plugins are being changed all the time: repeat this later")

    def _whole(self, kept: Iterable[Kept]) -> Catalogue:
        """The catalogue as the tables are: with fields that nobody sees."""
        return with_custom(self._running.declared, kept, *STATES)

    def _keep(self, alteration: Alteration, kept: Iterable[Kept]) -> None:
        """Keep these descriptions; whoever runs on others will see by the epoch that they have changed."""
        alteration.put_setting(CUSTOM_FIELDS, written(kept))
        alteration.put_setting(EPOCH, str(_epoch(alteration) + 1))


def _epoch(alteration: Alteration) -> int:
    return int(alteration.setting(EPOCH) or 0)


def _in_state(kept: Iterable[Kept], record: str, name: str, state: State) -> list[Kept]:
    """The same fields, that one in another state."""
    return [attrs.evolve(k, state=state) if (k.record, k.field.name) == (record, name) else k for k in kept]


def _found(kept: Iterable[Kept], record: str, name: str, *states: State) -> Kept:
    """The field of that name in one of these states; `UnknownName` names those that there are."""
    known = {k.field.name: k for k in kept if k.record == record and k.state in states}
    found = known.get(name.removeprefix(f"{CUSTOM}."))
    if found is None:
        raise UnknownName("field added at run time", name, [k.name for k in known.values()], record)
    return found
