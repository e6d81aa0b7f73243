"""The matter: a case that a firm takes on for a client, who else is in it, and how it goes from intake to archive."""

from __future__ import annotations

import datetime as dt
from typing import Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Flat, Record, record
from crmcore.domain.workflow import Transition, Workflow

STATES: Final = ("intake", "conflict_check", "engaged", "open", "suspended", "closed", "archived", "declined")
OVER: Final = frozenset(("closed", "archived", "declined"))
"""States in which nobody acts for the client any more."""

ADVERSE: Final = frozenset(("adverse",))
SIDES: Final = {
    "co_client": "client",
    "co_counsel": "client",
    "adverse": "adverse",
    "adverse_counsel": "adverse",
    "judge": "court",
}
"""On whose side a party stands; a witness, an expert or somebody related is on nobody's."""

ROLES: Final = ("co_client", "adverse", "adverse_counsel", "co_counsel", "judge", "witness", "expert", "related")


@part("party")
class Party(Part):
    """Somebody who is in a matter beside the client, from a day until a day."""

    customer: UUID = field.reference("customer")
    role: str = field.choice(*ROLES, index=True)
    from_date: dt.date | None = field.date(default=None)
    to_date: dt.date | None = field.date(default=None)


@record(
    "matter",
    label={"en": "Matter", "fa": "پرونده", "ar": "قضية"},
    title=("number", "title"),
    subject="client",
    timeline=("client", "opened_on"),
    indexes=(("client", "status"),),
    flats=(Flat(name="adverse", part="party", field="customer", where={"role": "adverse"}, many=True),),
)
class Matter(Record):
    """A case. `conflict_checked_on` and `terms_agreed_on` have to be there before the client is engaged."""

    number: str = field.text(length=40, fold=False, unique=True, search="code")
    title: str = field.text(search="name", personal=True)
    client: UUID = field.reference("customer")
    status: str = field.choice(*STATES, default="intake", index=True)
    court: str | None = field.text(default=None)
    docket_no: str | None = field.text(default=None, length=60, fold=False, search="code")
    responsible: UUID | None = field.reference("user", default=None, index=True)
    opened_on: dt.date | None = field.date(default=None)
    conflict_checked_on: dt.date | None = field.date(default=None)
    terms_agreed_on: dt.date | None = field.date(default=None)
    parties: tuple[Party, ...] = parts(Party, default=())


def is_cleared(matter: Matter) -> str | None:
    """Nobody acts for a client before conflicts were looked for and terms agreed (LEG-1)."""
    missing = [name for name in ("conflict_checked_on", "terms_agreed_on") if getattr(matter, name) is None]
    return f"{' and '.join(missing)} must be there before the client is engaged" if missing else None


STATUS: Final = Workflow(
    record="legal.matter",
    field="status",
    states=STATES,
    initial=("intake", "open"),  # a firm that starts with crmcore brings open matters with it
    transitions=(
        Transition(name="check", sources=("intake",), target="conflict_check"),
        Transition(name="engage", sources=("conflict_check",), target="engaged", guards=(is_cleared,)),
        Transition(name="decline", sources=("intake", "conflict_check"), target="declined"),
        Transition(name="begin", sources=("engaged",), target="open"),
        Transition(name="suspend", sources=("open",), target="suspended"),
        Transition(name="resume", sources=("suspended",), target="open"),
        Transition(name="close", sources=("open", "suspended"), target="closed"),
        Transition(name="archive", sources=("closed",), target="archived"),
    ),
)
"""From intake to archive; `close` is held up by court dates that are still to come, see `conflicts.check_steps`."""
