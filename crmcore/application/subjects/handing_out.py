"""A person's data handed out whole: logged, with what retired plugins keep, and read as of one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from crmcore.application.subjects.export import SubjectExport
from crmcore.application.subjects.retired import Kept, ids_for, kept_rows, retired_plugins
from crmcore.application.subjects.subjects import Subjects
from crmcore.ports.storage import Storage

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork


@contextmanager
def handed_out(
    work: Callable[..., UnitOfWork], storage: Callable[[], Storage], customer: UUID
) -> Iterator[SubjectExport]:
    """The export of a customer, to be read within this context, while others go on writing. `work` gives units of work
    of whoever hands it out, with `snapshot=True` one that only reads; `storage` gives the database as it is declared.

    Tables that are put aside are read before, alone on the database: nobody writes to them anyway. Raises what
    `Subjects.export` does."""
    with work() as unit:
        persons = Subjects(unit).log_export(customer)
        retired, kept = retired_plugins(storage().stamp()), list[Kept]()
        ids = ids_for(unit, persons, retired) if retired else {}
        catalogue = unit.catalogue
    if retired:
        kept = kept_rows(catalogue, storage().plugin_tables, retired, ids)
    with work(snapshot=True) as unit:
        yield SubjectExport(unit, persons, unit.now(), kept)
