"""Letting somebody in again who was erased and came back of their own will."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.application.subjects import ledger
from crmcore.application.subjects.ledger import Known
from crmcore.domain.change import Change
from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidValue, NotFound, UnknownName
from crmcore.domain.fold import fold
from crmcore.domain.matching import search_key
from crmcore.domain.privacy.erasure import Erasure

NAMES: Final = ("email", "phone", "external_id", "source", "name", "birth_date")
"""By what a person is named: an e-mail, a phone number, an external id with its source, or a name with a birth date."""


def readmit(unit: Session, known: Mapping[str, str], reason: str) -> tuple[UUID, ...]:
    """From now on nobody is refused for having these (`{"email": "leila@example.com"}`); the erasures that did refuse
    them. What else the person was known by is still refused.

    Raises NotFound where no erasure knows one of them, UnknownName, InvalidValue, Denied.
    """
    if not reason.strip():
        raise InvalidValue("letting an erased person in again needs a reason", value=reason)
    wanted = _known(known)
    key = unit.transaction.setting(ledger.KEY)
    told = {ledger.digest(key, each): each for each in wanted} if key else {}
    rows = list(ledger.having(unit, told))
    missing = set(told.values()) - {told[k.digest] for row in rows for k in row.keys if k.digest in told}
    if missing or not rows:
        names = " and ".join(sorted(ledger.KINDS[kind] for kind, _ in missing or wanted))
        raise NotFound(f"no erasure is known of a person with this {names}: they can be added as they are")
    for row in rows:
        _let_in(unit, row, frozenset(told), reason)
    return tuple(row.id for row in rows)


def _let_in(unit: Session, row: Erasure, digests: frozenset[str], reason: str) -> None:
    type, plan = unit.catalogue.of(Erasure), unit.kernel.plan(unit.catalogue.of(Erasure))
    left = tuple(each for each in row.keys if each.digest not in digests)
    now = unit.now()
    after = evolve(row, keys=left, readmitted_at=now, version=row.version + 1, changed_at=now)
    unit.kernel.policy.write(unit.actor, [Change(type, row.id, "change", row, after, frozenset(("keys",)))])
    diff = journal.difference(journal.plain_record(plan, row), journal.plain_record(plan, after))
    with unit.writing() as transaction:
        transaction.update(type, row, after)
        transaction.append([_entry(unit, after, {**diff, "readmission": [None, reason]})])


def _entry(unit: Session, row: Erasure, diff: journal.Diff) -> Any:
    return journal.entry(
        at=unit.now(),
        actor=str(unit.actor),
        source=unit.source,
        work=unit.id,
        record="erasure",
        id=row.id,
        subject=row.customer,
        version=row.version,
        operation="change",
        diff=diff,
        salt=unit.kernel.ids.salt(),
    )


def _known(given: Mapping[str, str]) -> set[Known]:
    for name in given:
        if name not in NAMES:
            raise UnknownName("field", name, NAMES, "the erasure ledger")
    found: set[Known] = set()
    for kind in ("email", "phone"):
        if kind in given:
            if not (key := search_key(kind, given[kind])):
                raise InvalidValue(f"{given[kind]!r} is no {ledger.KINDS[kind]}", value=given[kind])
            found.add((kind, key))
    if "external_id" in given:
        found.add(ledger.external(given.get("source"), given["external_id"]))
    if "name" in given or "birth_date" in given:
        found.add(("name_birth", _name_birth(given)))
    if not found:
        raise InvalidValue("name the person by an e-mail, a phone number, an external_id or a name with a birth_date")
    return found


def _name_birth(given: Mapping[str, str]) -> str:
    try:
        born = dt.date.fromisoformat(given["birth_date"])
        return f"{fold(given['name'])} {born.isoformat()}"
    except (KeyError, ValueError):
        raise InvalidValue(
            "a name counts together with a birth date: name=NAME and birth_date=YYYY-MM-DD", value=str(dict(given))
        ) from None
