"""The erasure ledger: by keyed digests it knows an erased person again, and says nothing else of them.

The key is 32 random bytes of this database (HMAC-SHA256, RFC 2104). Without it nobody can try out addresses against the
digests; who has it can. The first erasure makes it, so its being there tells that there is a ledger.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final
from uuid import UUID

from crmcore.application.customers import LEDGER
from crmcore.application.session import Session
from crmcore.domain.binder import declared
from crmcore.domain.bound import BoundQuery, SortKey, Test, ToPart, Via
from crmcore.domain.customer import Customer
from crmcore.domain.errors import ErasedPerson
from crmcore.domain.fold import fold
from crmcore.domain.matching import plan
from crmcore.domain.privacy.erasure import ErasedKey, Erasure
from crmcore.domain.record import RecordType

KEY: Final = LEDGER
"""The setting with the key of the digests, in hexadecimal."""
AT_ONCE: Final = 1_000
"""Digests in one question of the database."""
KINDS: Final[Mapping[str, str]] = {
    "email": "e-mail address",
    "phone": "telephone number",
    "external_id": "id in another system",
    "name_birth": "name and birth date",
}
"""Of what digests are kept, and what people call it."""

Known = tuple[str, str]
"""A kind, and the text of which the digest is made."""


def key_of(unit: Session) -> str:
    """The key of the digests; made if there is none yet."""
    found = unit.transaction.setting(KEY)
    if found is None:
        found = "".join(unit.kernel.ids.salt() for _ in range(4))
        with unit.writing() as transaction:
            transaction.put_setting(KEY, found)
    return found


def known_by(unit: Session, customer: Customer) -> set[Known]:
    """By what a customer would be known again."""
    type = unit.catalogue.of(Customer)
    found: set[Known] = {(kind, key) for kind, key in plan(type)(customer) if kind in ("email", "phone")}
    if customer.external_id is not None:
        found.add(external(customer.source, customer.external_id))
    if customer.name and customer.birth_date:
        found.add(("name_birth", f"{fold(customer.name)} {customer.birth_date.isoformat()}"))
    return found


def external(source: str | None, external_id: str) -> Known:
    """An id in another system."""
    return "external_id", f"{source or ''}\n{external_id}"


def digest(key: str, known: Known) -> str:
    """What the ledger keeps of it."""
    return hmac.new(bytes.fromhex(key), "\n".join(known).encode(), hashlib.sha256).hexdigest()


def digests(key: str, known: Iterable[Known]) -> tuple[ErasedKey, ...]:
    """The keys of a ledger row, sorted, each once."""
    found = sorted({(kind, digest(key, (kind, text))) for kind, text in known})
    return tuple(ErasedKey(kind, each) for kind, each in found)


def check_new(unit: Session, pairs: Sequence[tuple[Customer | None, Customer]]) -> None:
    """`ErasedPerson` if one of these customers gets something by which an erased person was known. For each pair: as
    the customer was (None: new) and as it is to be."""
    for refused in refusals(unit, pairs).values():
        raise refused


def refusals(unit: Session, pairs: Sequence[tuple[Customer | None, Customer]]) -> dict[int, ErasedPerson]:
    """Which of these pairs, by their place, would bring an erased person back, in bulk: one question for 1,000."""
    key = unit.transaction.setting(KEY)
    if key is None:
        return {}
    asked: dict[str, tuple[int, str]] = {}
    for place, (before, after) in enumerate(pairs):
        given = known_by(unit, after) - (known_by(unit, before) if before is not None else set())
        for kind, text in given:
            asked.setdefault(digest(key, (kind, text)), (place, kind))
    found: dict[int, ErasedPerson] = {}
    for erasure in having(unit, asked):
        for each in erasure.keys:
            if each.digest in asked:
                place, kind = asked[each.digest]
                found.setdefault(place, _refused(erasure, kind))
    return found


def having(unit: Session, wanted: Collection[str]) -> Iterator[Erasure]:
    """The rows of the ledger with any of these digests."""
    type = unit.catalogue.of(Erasure)
    part = type.parts[0]
    field, left = declared(part, "digest"), iter(wanted)
    while some := tuple(islice(left, AT_ONCE)):
        for each in unit.transaction.select(BoundQuery(type=type, where=Via(ToPart(part), Test(field, "in", some)))):
            if isinstance(each.record, Erasure):
                yield each.record


def _refused(erasure: Erasure, kind: str) -> ErasedPerson:
    field = {"name_birth": "name"}.get(kind, kind)
    problem = (
        f"a person with this {KINDS.get(kind, kind)} was erased on {erasure.at.date()} (erasure {erasure.id}): they do "
        "not come back by themselves; if they do so of their own will, `crm subject readmit` lets them in"
    )
    error = ErasedPerson("customer", {field: problem})
    error.details.update(erasure=str(erasure.id), at=erasure.at.isoformat(), kind=kind)
    return error


def rows_of(unit: Session, persons: Iterable[UUID]) -> list[Erasure]:
    """The ledger's rows about any of these persons, oldest first."""
    type = unit.catalogue.of(Erasure)
    ids = tuple(str(id) for id in persons)
    return _selected(unit, type, Test(declared(type, "person"), "in", ids))


def open_rows(unit: Session, limit: int) -> list[Erasure]:
    """The rows of erasures that something holds, oldest first."""
    type = unit.catalogue.of(Erasure)
    return _selected(unit, type, Test(declared(type, "state"), "in", ("held", "partial")), limit)


def every_row(unit: Session) -> list[Erasure]:
    """The whole ledger, oldest first."""
    type = unit.catalogue.of(Erasure)
    return _selected(unit, type, None)


def _selected(unit: Session, type: RecordType, where: Any, limit: int | None = None) -> list[Erasure]:
    sort = (SortKey(declared(type, "at")),)
    asked = BoundQuery(type=type, sort=sort, order="at", limit=limit)
    asked = asked if where is None else BoundQuery(type=type, where=where, sort=sort, order="at", limit=limit)
    return [each.record for each in unit.transaction.select(asked) if isinstance(each.record, Erasure)]
