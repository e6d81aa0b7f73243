"""What was asked of an import as text, so that it can go on in the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from crmcore.application.importing.mapping import ColumnMapping, ColumnRule
from crmcore.application.importing.plan import ImportPlan
from crmcore.domain.errors import ImportRefused

EXACT: Final = "decimal"


def plan_text(plan: ImportPlan, reading: Mapping[str, str | None]) -> str:
    """A plan, and how its file is read, as JSON."""
    plain = attrs.asdict(plan, value_serializer=_plain)
    return json.dumps({"plan": plain, "reading": dict(reading)}, ensure_ascii=True)


def plan_of(text: str) -> tuple[ImportPlan, dict[str, str | None]]:
    """The plan of such a text, and how the file is read."""
    read = json.loads(text)
    plan, mapping = read["plan"], read["plan"]["mapping"]
    made = ColumnMapping(
        record=mapping["record"],
        ignore=tuple(mapping["ignore"]),
        columns=tuple(ColumnRule(**each) for each in mapping["columns"]),
        defaults={name: _exact(value) for name, value in mapping["defaults"].items()},
    )
    return ImportPlan(**{**plan, "mapping": made}), read["reading"]


def check_same(
    batch: str,
    asked: tuple[ImportPlan, Mapping[str, str | None]],
    held: tuple[ImportPlan, Mapping[str, str | None]],
) -> None:
    """`ImportRefused` for an option that is given, but not as when the batch began; options left out are as then."""
    usual = attrs.asdict(ImportPlan(record=asked[0].record), recurse=False)
    given = {name: value for name, value in attrs.asdict(asked[0], recurse=False).items() if value != usual[name]}
    before = attrs.asdict(held[0], recurse=False)
    wrong = [name for name, value in given.items() if value != before[name]]
    wrong += [name for name, value in asked[1].items() if value is not None and value != held[1].get(name)]
    if wrong:
        listed = " and ".join(sorted(wrong))
        raise ImportRefused(
            f"batch {batch} was begun with another {listed}: leave that out, it goes on as it began", batch=batch
        )


def _plain(_: type, __: Any, value: Any) -> Any:
    if isinstance(value, Decimal):
        return {EXACT: str(value)}
    return dict(value) if isinstance(value, Mapping) else value


def _exact(value: Any) -> Any:
    return Decimal(value[EXACT]) if isinstance(value, dict) and list(value) == [EXACT] else value
