"""A Crm for tests: deterministic, ready to use, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import crmcore
from crmcore.crm import Crm
from crmcore.ports.clock import Clock, Ids
from crmcore.ports.policy import Policy
from crmcore.ports.storage import StorageSource
from crmcore.testing.fakes import CountingIds, FrozenClock


@contextmanager
def make_crm(
    storage: str | StorageSource = "memory",
    *,
    plugins: Sequence[str | object] = (),
    clock: Clock | None = None,
    ids: Ids | None = None,
    policy: Policy | None = None,
    zone: str = "UTC",
    currency: str = "EUR",
) -> Iterator[Crm]:
    """A Crm with its tables made, over `"memory"`, the URL of a database, or a storage source; closed at the end.

    `clock` and `ids` are a `FrozenClock` and `CountingIds` unless given. Raises what `Crm` and `Crm.upgrade` raise.
    """
    crm = _opened(storage, plugins, clock or FrozenClock(), ids or CountingIds(), policy, zone, currency)
    try:
        crm.upgrade()
        yield crm
    finally:
        crm.close()


def _opened(
    storage: str | StorageSource,
    plugins: Sequence[str | object],
    clock: Clock,
    ids: Ids,
    policy: Policy | None,
    zone: str,
    currency: str,
) -> Crm:
    if isinstance(storage, str):
        url = "memory://" if storage == "memory" else storage
        return crmcore.open(url, plugins=plugins, clock=clock, ids=ids, policy=policy, zone=zone, currency=currency)
    return Crm(storage=storage, plugins=plugins, clock=clock, ids=ids, policy=policy, zone=zone, currency=currency)
