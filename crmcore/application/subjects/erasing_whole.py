"""Erasing a person and saying what could not be reached: tables that are put aside are read by those alone who are
alone on the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import attrs

from crmcore.application.subjects import erasing
from crmcore.application.subjects.retired import ids_for, kept_rows, retired_plugins
from crmcore.application.subjects.tally import Erased
from crmcore.ports.storage import Storage

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


def erased(
    work: Callable[[], UnitOfWork], storage: Callable[[], Storage], customer: UUID, reason: str, *, dry: bool = False
) -> Erased:
    """Erase a customer in a unit of work of its own, and name the retired plugins that keep rows about them.

    Those are out of reach until their plugin is enabled again; replaying the ledger erases them then. Raises what
    `erasing.erase` does.
    """
    with work() as unit:
        retired = retired_plugins(storage().stamp())
        done = erasing.erase(unit, customer, reason, dry=dry)
        ids = ids_for(unit, done.persons, retired) if retired else {}
        catalogue = unit.catalogue
    if not retired:
        return done
    rows = Counter(kept.plugin for kept in kept_rows(catalogue, storage().plugin_tables, retired, ids))
    return attrs.evolve(done, unreached=tuple(_named(plugin, count) for plugin, count in sorted(rows.items())))


def _named(plugin: str, count: int) -> str:
    return (
        f"the retired plugin {plugin!r} keeps {count} rows about this person: purge it, or enable it and run "
        "`crm subject replay-erasures`"
    )
