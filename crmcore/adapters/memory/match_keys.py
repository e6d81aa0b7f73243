"""Match keys, found exactly or by range."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from crmcore.ports.storage import KeyRow

Owner = tuple[str, UUID]
FEW = 500
"""Up to so many new keys are put into the sorted list one by one; more are sorted in at once."""


class MatchKeys:
    """Which records have which keys. For ranges each kind has a sorted list, brought up to date when it is asked for:
    an import, which looks keys up exactly, never pays for it."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], set[Owner]] = {}
        self._sorted: dict[str, list[str]] = {}
        self._fresh: dict[str, dict[str, None]] = {}

    def add(self, rows: Iterable[KeyRow]) -> list[KeyRow]:
        """Keep these keys; gives those that were not there yet."""
        added = []
        for row in rows:
            owners = self._owners.get((row.kind, row.key))
            if owners is None:
                owners = self._owners[row.kind, row.key] = set()
                self._fresh.setdefault(row.kind, {})[row.key] = None
            if (owner := (row.record, row.id)) not in owners:
                owners.add(owner)
                added.append(row)
        return added

    def drop(self, rows: Iterable[KeyRow]) -> list[KeyRow]:
        """Forget these keys; gives those that were there. One that nobody has any more is left nowhere: it may be that
        of a person who was erased."""
        dropped = []
        gone: dict[str, list[str]] = {}
        for row in rows:
            owners = self._owners.get((row.kind, row.key), set())
            if (owner := (row.record, row.id)) in owners:
                owners.remove(owner)
                dropped.append(row)
                if not owners:
                    del self._owners[row.kind, row.key]
                    gone.setdefault(row.kind, []).append(row.key)
        for kind, keys in gone.items():
            self._forget(kind, keys)
        return dropped

    def _forget(self, kind: str, gone: list[str]) -> None:
        """Take keys out of the lists; many at once, for each of them alone moves all that stand behind it."""
        keys, fresh = self._sorted.get(kind, []), self._fresh.get(kind, {})
        old = [key for key in gone if key not in fresh]
        for key in set(gone).difference(old):
            del fresh[key]
        if len(old) > FEW:
            keys[:] = [key for key in keys if (kind, key) in self._owners]
            return
        for key in old:
            if (index := bisect_left(keys, key)) < len(keys) and keys[index] == key:
                del keys[index]

    def rows(self) -> list[KeyRow]:
        """Every row."""
        return [KeyRow(kind, key, *owner) for (kind, key), owners in self._owners.items() for owner in owners]

    def exactly(self, kind: str, key: str, records: Sequence[str]) -> Iterator[KeyRow]:
        """The rows with this key of these record types, by type and id."""
        for record, id in sorted(self._owners.get((kind, key), ())):
            if record in records:
                yield KeyRow(kind, key, record, id)

    def between(self, kind: str, low: str, high: str, records: Sequence[str]) -> Iterator[KeyRow]:
        """The rows with keys from `low` up to but not including `high`, in order."""
        keys = self._in_order(kind)
        for index in range(bisect_left(keys, low), len(keys)):
            key = keys[index]
            if key >= high:
                return
            yield from self.exactly(kind, key, records)

    def _in_order(self, kind: str) -> list[str]:
        keys, fresh = self._sorted.setdefault(kind, []), self._fresh.pop(kind, {})
        if len(fresh) > FEW:
            keys[:] = sorted((*keys, *fresh))
        else:
            for key in fresh:
                insort(keys, key)
        return keys
