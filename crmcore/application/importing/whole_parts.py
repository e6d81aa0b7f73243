"""Parts that stand whole in one cell: a list of objects in JSON lines, or the JSON of one in a cell of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.part import Part, PartType
from crmcore.domain.reading import shorten

NUMBER = Field(kind="integer", name="no")


def looks_whole(value: object) -> bool:
    """Whether a cell holds parts, rather than values under a flat name that the record has for them too."""
    if isinstance(value, str):
        return value.startswith("[{")
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def read_parts(part: PartType, value: object) -> tuple[Part, ...]:
    """The parts of one type, strictly in their plain form; `InvalidValue` says which of them does not fit, and why."""
    listed = _parsed(value) if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise InvalidValue(f"expected a list of parts, got {shorten(listed)}", value=value)
    return tuple(_part(part, at, each) for at, each in enumerate(listed))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_inexact, parse_constant=_inexact)
    except InvalidValue:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{shorten(text)} is not JSON: {error}", value=text) from None


def _inexact(digits: str) -> Any:
    raise InvalidValue(f"{shorten(digits)} is not exact in JSON: write it as text", value=digits)


def _part(part: PartType, at: int, plain: object) -> Part:
    if not isinstance(plain, Mapping):
        raise InvalidValue(f"{part.name}[{at}] is an object, not {shorten(plain)}", value=repr(plain))
    known = {f.name: f for f in (NUMBER, *part.fields)}
    values: dict[str, Any] = {}
    for name, each in plain.items():
        field = known.get(name)
        if field is None:
            raise InvalidValue(
                f"{part.name}[{at}] has no field {shorten(name)}: known are {', '.join(known)}", value=name
            )
        if each is not None:
            values[name] = _typed(field, f"{part.name}[{at}].{name}", each)
    missing = [f.name for f in part.fields if f.required and f.name not in values]
    if missing:
        raise InvalidValue(f"{part.name}[{at}]: {', '.join(missing)} is required", value=repr(plain))
    made: Any = part.cls
    held: Part = made(**values)
    return held


def _typed(field: Field, where: str, plain: object) -> Any:
    try:
        value = field.from_plain(plain)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error.message}", value=repr(plain)) from None
    if problem := field.check(value):
        raise InvalidValue(f"{where} {problem}", value=repr(plain))
    return value
