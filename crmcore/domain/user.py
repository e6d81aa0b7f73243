"""The user: somebody who works in the CRM and may own records. The host keeps its own accounts; `external_id`
says which of them this is."""

from __future__ import annotations

from uuid import UUID

from crmcore.domain import field
from crmcore.domain.record import Record, record


@record("user", label={"en": "User", "fa": "کاربر", "ar": "مستخدم"}, title=("name", "email"))
class User(Record):
    """Owner of records and member of a team."""

    name: str = field.text(search="name", index=True)
    email: str | None = field.text(default=None, length=320, search="email")
    manager: UUID | None = field.reference("user", default=None, index=True)
    team: str | None = field.text(default=None, length=100)
    active: bool = field.boolean(default=True)
