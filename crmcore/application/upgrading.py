"""Bringing a database to what is declared: distribution by distribution, in the order in which they build on each
other. What has no tables yet gets them as they are declared; what is behind is migrated."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmcore.application.readiness import Readiness
from crmcore.application.standing import Standing
from crmcore.ports.storage import Storage


def upgrade(readiness: Readiness, storage: Storage, tell: Callable[[str], None]) -> dict[str, str]:
    """Make and migrate tables and record the active plugins; gives revisions by distribution. `tell` is told each step.

    Raises SchemaMismatch for what no revision leads from, InvalidSetting where Alembic is needed and is not there.
    """
    standings = readiness.standings()
    if any(each.waiting for each in standings):
        for each in standings:
            _bring(each, readiness, storage, tell)
    stamp, missing = readiness.next_stamp()
    storage.create(stamp, missing)
    readiness.look()
    return dict(stamp.revisions)


def _bring(each: Standing, readiness: Readiness, storage: Storage, tell: Callable[[str], None]) -> None:
    """Bring one distribution up, before those that build on it."""
    readiness.look()
    stamp, name = readiness.stamp, each.chain.distribution
    if each.waiting:
        storage.migrate(each.chain, tell)
    elif each.state == "fresh" and stamp is not None:
        tell(f"{name} {each.chain.newest}: tables as declared")
        made = attrs.evolve(
            stamp,
            revisions={**stamp.revisions, name: each.chain.newest},
            fingerprints={**stamp.fingerprints, name: each.wanted},
        )
        storage.create(made, [name])
