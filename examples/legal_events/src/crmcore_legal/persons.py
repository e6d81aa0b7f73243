"""What a person may ask of a law firm: what is known of them, and that it is forgotten once no matter needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crmcore.domain.predicate import equals
from crmcore.plugins import Disclosing, Erasing, Hold, hookimpl, on
from crmcore_legal.conflicts import involving
from crmcore_legal.matter import Matter


@hookimpl
@on("customer")
def check_erasures(context: Erasing) -> Sequence[Hold]:
    """Hold what open matters need: the matters themselves, and who is in them, for conflicts of interest."""
    person = context.customer.id
    matters = involving(context.work, [person])
    found = [Hold(f"the matter {each.number} is open", "legal.matter", each.id) for each in matters]
    if matters:
        found.append(Hold(f"conflicts are checked while the matter {matters[0].number} is open", "customer", person))
    return found


@hookimpl
def contribute_subject(context: Disclosing) -> Mapping[str, Any] | None:
    """How the check for conflicts of interest came out, for each matter in which they asked us to act."""
    mine = equals("client", context.customer.id)
    found = [dict(_check(each)) for each in context.work[Matter].stream(mine, sort="number")]
    return {"conflict_checks": found} if found else None


def _check(matter: Matter) -> Iterator[tuple[str, Any]]:
    yield "matter", matter.number
    yield "checked_on", matter.conflict_checked_on
    if matter.status == "declined":
        yield "outcome", "we do not act in it"
    elif matter.conflict_checked_on is None:
        yield "outcome", "not checked yet"
    else:
        yield "outcome", "nothing was found that keeps us from acting"
