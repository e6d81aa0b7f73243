"""What a Crm runs on: its catalogue, storage and kernel, replaced as a whole when fields were added or removed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Final

import attrs

from crmcore.application.custom.described import read, with_custom
from crmcore.application.kernel import Kernel
from crmcore.application.session import Session
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import StorageBusy
from crmcore.plugins.registry import Registry
from crmcore.ports.stamp import CUSTOM_FIELDS, EPOCH, Stamp
from crmcore.ports.storage import Storage, Transaction

ATTEMPTS: Final = 10
"""How often a unit of work begins again because fields were added or removed meanwhile."""


@attrs.frozen(eq=False)
class Current:
    """What belongs together: the number of changes to fields, and the storage and kernel that know of them."""

    epoch: int
    storage: Storage
    kernel: Kernel


class Running:
    """Gives units of work what is current. Safe for threads: a unit of work goes on with what it began with.

    `declare` gives the registry of the core and the plugins, as the database has them switched on now; `kernel` is made
    for it. Raises SchemaMismatch or InvalidDeclaration for fields in the database that cannot be read here, and
    whatever `declare` raises.
    """

    def __init__(
        self,
        declare: Callable[[], Registry],
        open: Callable[[Catalogue], Storage],
        kernel: Kernel,
        stamp: Stamp | None,
    ) -> None:
        self.declared = kernel.catalogue
        self._declare = declare
        self._open = open
        self._renewing = threading.Lock()
        self._pinned = False
        epoch, fields = (stamp.epoch, stamp.custom_fields) if stamp else ("", "")
        self.current = self.made(_number(epoch), fields, kernel)

    def pinned(self) -> Running:
        """The same, which stays as it is now: work in several transactions goes on with the fields it began with."""
        current, transaction = self._begun(None, True)
        transaction.rollback()
        made = copy(self)
        made.current, made._pinned = current, True
        return made

    def begin(self, unit: Session, *, handle: object | None = None, snapshot: bool = False) -> Transaction:
        """A transaction of its own, or inside that of a host (`handle`), for a unit of work, which gets the kernel."""
        current, transaction = self._begun(handle, snapshot)
        unit.kernel = current.kernel
        storage = current.storage
        unit.begin_apart = storage.begin if handle is None else partial(storage.join, handle)
        return transaction

    def _begun(self, handle: object | None, snapshot: bool) -> tuple[Current, Transaction]:
        for _ in range(ATTEMPTS):
            current = self.current
            storage = current.storage
            transaction = storage.begin(snapshot) if handle is None else storage.join(handle)
            try:
                epoch = current.epoch if self._pinned else _number(transaction.setting(EPOCH))
                # a host's transaction may look at the database as it was before
                if epoch == current.epoch or (handle is not None and epoch < current.epoch):
                    return current, transaction
                fields = transaction.setting(CUSTOM_FIELDS)
            except BaseException:
                transaction.rollback()
                raise
            transaction.rollback()
            self.renew(epoch, fields)
        raise StorageBusy("fields are being added and removed all the time: repeat the unit of work later")

    def renew(self, epoch: int, fields: str | None) -> None:
        """Run on these fields from now on; the connections stay those that there are."""
        with self._renewing:
            if self.current.epoch != epoch:
                registry = self._declare()
                self.declared = registry.catalogue
                kernel = attrs.evolve(self.current.kernel, hooks=registry.hooks, slots=registry.slots)
                self.current = self.made(epoch, fields, kernel)

    def refresh(self) -> None:
        """Look whether anything was changed, and run on that from now on."""
        self._begun(None, True)[1].rollback()

    def made(self, epoch: int, fields: str | None, kernel: Kernel) -> Current:
        """What to run on with these fields, whose descriptions are a text; the rest is that of `kernel`."""
        catalogue = with_custom(self.declared, read(fields), "live")
        return Current(epoch, self._open(catalogue), attrs.evolve(kernel, catalogue=catalogue))


def _number(epoch: str | None) -> int:
    return int(epoch) if epoch else 0
