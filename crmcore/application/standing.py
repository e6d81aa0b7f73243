"""Where the tables of a distribution stand: as they are declared, behind, ahead, or made by other declarations."""

from __future__ import annotations

from typing import Literal

import attrs

from crmcore.ports.migration import UNDER_WAY, Chain, Revision
from crmcore.ports.stamp import Stamp

State = Literal["fresh", "current", "behind", "newer", "other"]


@attrs.frozen
class Standing:
    """One distribution in one database. `made` and `wanted` are fingerprints, `revision` is that of the database."""

    chain: Chain
    revision: str
    made: str | None
    wanted: str

    @property
    def waiting(self) -> tuple[Revision, ...]:
        """The revisions that were not run yet; none for tables that are not there or that a newer version made."""
        return self.chain.after(self.revision) if self.made is not None and self.chain.knows(self.revision) else ()

    @property
    def state(self) -> State:
        """What is to be done: nothing (current), make tables (fresh), run revisions (behind), or refuse."""
        if self.made is None:
            return "fresh"
        if not self.chain.knows(self.revision):
            return "newer"
        if self.waiting:
            fits = self.chain.fingerprint == self.wanted and self._recorded in ("", self._before)
            return "behind" if fits else "other"
        return "current" if self.made == self.wanted else "other"

    @property
    def refusal(self) -> str:
        """What is wrong and what mends it, for tables that are behind, ahead, or made by other declarations."""
        name, known = self.chain.distribution, [each.id for each in self.chain.revisions] or [self.chain.newest]
        if self.state == "behind":
            return (
                f"the tables of {name} in this database are of revision {self.revision}, this version needs "
                f"{self.chain.newest}: call crm.upgrade(), or run `crm db upgrade`"
            )
        if UNDER_WAY in (self.made or ""):
            return (
                f"the tables of {name} in this database are on their way from revision {self.revision} to "
                f"{(self.made or '').partition(UNDER_WAY)[2]}: another process upgrades them, or was interrupted; run "
                "`crm db upgrade` with the version that began it"
            )
        if self.state == "newer":
            return (
                f"the tables of {name} in this database are of revision {self.revision}, made by a newer version; this "
                f"one knows {', '.join(known)}: install that version of {name}, or a later one"
            )
        return (
            f"the tables of {name} in this database were made by other declarations ({name}: {self.made}, here "
            f"{self.wanted}) and {self._way}: install the version that made them; for the author of these "
            f"declarations, `crm plugins migrate {name} -m MESSAGE` makes the revision"
        )

    @property
    def _before(self) -> str:
        """The fingerprint of the revision that the tables had, also where the next one was interrupted."""
        return (self.made or "").partition(UNDER_WAY)[0]

    @property
    def _recorded(self) -> str:
        """The fingerprint that the database must have at its revision; "" if that is not recorded."""
        return next((each.fingerprint for each in self.chain.revisions if each.id == self.revision), "")

    @property
    def _way(self) -> str:
        if not self.waiting:
            return f"no revision leads on from {self.revision}"
        if self.chain.fingerprint != self.wanted:
            return f"the newest revision {self.chain.newest} leads to others ({self.chain.fingerprint or 'unrecorded'})"
        return f"revision {self.revision} records others ({self._recorded})"


def standing(stamp: Stamp | None, chain: Chain, wanted: str) -> Standing:
    """Where a distribution stands in the database of this stamp."""
    made = stamp.fingerprints.get(chain.distribution) if stamp else None
    revision = stamp.revisions.get(chain.distribution, "") if stamp else ""
    return Standing(chain, revision, made, wanted)
