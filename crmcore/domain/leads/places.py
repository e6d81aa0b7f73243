"""The territory: where leads of a place go."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


def check_territory(territory: Territory) -> Mapping[str, str]:
    """Its leads go to one user or to one queue."""
    if (territory.owner is None) == (territory.queue is None):
        return {"owner": "leads of a territory go to an owner or to a queue: set one of them"}
    return {}


@record(
    "territory",
    plural="territories",
    label={"en": "Territory", "fa": "قلمرو", "ar": "منطقة"},
    title=("name",),
    validators=(check_territory,),
)
class Territory(Record):
    """Those whose address has `value`, of its `kind`. The most specific one counts (postal prefix before city before
    region before country), of several the one with the lowest `priority`. Texts are compared by their fold."""

    name: str = field.text(unique=True, length=100)
    priority: int = field.integer(default=100, kw_only=True)
    kind: str = field.choice("postal_prefix", "city", "region", "country")
    value: str = field.text()
    owner: UUID | None = field.reference("user", default=None)
    queue: str | None = field.text(default=None, length=100)
    active: bool = field.boolean(default=True)
