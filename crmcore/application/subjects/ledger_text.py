"""The erasure ledger as text, to be kept outside of the database: JSON lines, the key of the digests first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.session import Session
from crmcore.application.subjects import ledger
from crmcore.domain.errors import CrmError, InvalidValue
from crmcore.domain.privacy.erasure import ErasedKey, Erasure

FORMAT: Final = 1
HEX: Final = re.compile("[0-9a-f]{64}")


@attrs.frozen(eq=False)
class Ledger:
    """A ledger that was kept outside: the key ("" where nobody was erased), and its rows, oldest first."""

    key: str
    rows: tuple[Erasure, ...]


def current(unit: Session) -> Ledger:
    """The ledger of this database."""
    key = unit.transaction.setting(ledger.KEY)
    return Ledger(key or "", tuple(ledger.every_row(unit)) if key else ())


def lines_of(unit: Session, held: Ledger) -> Iterator[str]:
    """The ledger as lines. Whoever has them can tell of an address whether its owner was erased: keep them safe."""
    plan = unit.kernel.plan(unit.catalogue.of(Erasure))
    yield json.dumps({"crmcore": "erasures", "format": FORMAT, "key": held.key})
    for row in held.rows:
        plain = journal.plain_record(plan, row)
        yield json.dumps({"id": str(row.id), "version": row.version, **plain}, ensure_ascii=False)


def ledger_of(unit: Session, lines: Iterable[str]) -> Ledger:
    """The ledger back from its lines; `InvalidValue` names the line that cannot be read."""
    key, rows = "", list[Erasure]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            read = json.loads(line)
            if number == 1:
                key = _key(read)
            else:
                rows.append(_row(unit, read))
        except (ValueError, TypeError, KeyError, AttributeError, CrmError) as error:
            raise InvalidValue(
                f"line {number} is none of an erasure ledger, as `crm subject erasures --out FILE` writes it: {error}",
                line=number,
            ) from None
    if not key and rows:
        raise InvalidValue("this erasure ledger has no key", line=1)
    return Ledger(key, tuple(rows))


def _key(read: Any) -> str:
    if read["crmcore"] != "erasures" or read["format"] != FORMAT:
        raise InvalidValue(f"this is not format {FORMAT} of an erasure ledger", value=str(read)[:80])
    key = read["key"]
    if key and not HEX.fullmatch(key):
        raise InvalidValue("its key is not 64 hexadecimal digits")
    return str(key)


def _row(unit: Session, read: dict[str, Any]) -> Erasure:
    type = unit.catalogue.of(Erasure)
    fields = {f.name: journal.typed(f, read.get(f.name)) for f in unit.kernel.plan(type).shape.fields}
    parts = [journal.typed_part(type.parts[0], each) for each in read.get("keys", ())]
    keys = tuple(each for each in parts if isinstance(each, ErasedKey))
    return Erasure(id=UUID(read["id"]), version=int(read["version"]), **fields, keys=keys)
