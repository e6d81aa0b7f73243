"""The link: a relation between two records of any type (an interaction about an order, a document of a case)."""

from __future__ import annotations

from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


@record(
    "link",
    label={"en": "Link", "fa": "پیوند", "ar": "رابط"},
    title=("kind",),
    indexes=(("from_id", "kind"), ("to_id", "kind")),
    unique=(("from_id", "to_id", "kind"),),
)
class Link(Record):
    """`from` stands in `kind` to `to`; both must exist, and neither can be removed while the link stands."""

    from_type: str = field.text(length=100, fold=False)
    from_id: UUID = field.reference("*", target_field="from_type")
    to_type: str = field.text(length=100, fold=False)
    to_id: UUID = field.reference("*", target_field="to_type")
    kind: str = field.text(length=100, fold=False)
