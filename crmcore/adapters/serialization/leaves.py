"""Single values between their plain form and their own type, exactly."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from cattrs.fns import identity

from crmcore.domain.errors import InvalidValue
from crmcore.domain.field import Field
from crmcore.domain.kinds import CHECKS, FROM_PLAIN, TO_PLAIN
from crmcore.domain.reading import shorten


def dumper(field: Field) -> Callable[[Any], Any]:
    """A function from a value, or None, to its plain form."""
    convert = TO_PLAIN[field.kind]
    if convert is None:
        return identity
    return lambda value: None if value is None else convert(value)


def loader(field: Field) -> Callable[[Any, Any], Any]:
    """A function from a plain form (and a type, which says nothing more) to the value; raises `InvalidValue`."""
    convert, optional, objection = FROM_PLAIN[field.kind], field.optional, OBJECTIONS.get(field.kind)

    def load(plain: Any, _: Any = None) -> Any:
        if plain is None:
            if optional:
                return None
            raise InvalidValue("is required and cannot be null", value=None)
        if field.kind == "choices" and type(plain) is list and any(type(each) is not str for each in plain):
            raise InvalidValue(f"expected a list of texts, got {shorten(plain)}", value=repr(plain))
        value = convert(plain)
        if objection is not None and (problem := objection(field, value, plain)):
            raise InvalidValue(f"{shorten(plain)} {problem}", value=repr(plain))
        return value

    return load


def _other_spelling(field: Field, value: Any, plain: Any) -> str | None:
    if isinstance(value, Decimal) and not value.is_finite():
        return "is no number"
    return None if field.plain(value) == plain else f"is written {field.plain(value)!r}"


OBJECTIONS: Final[dict[str, Callable[[Field, Any, Any], str | None]]] = {
    **dict.fromkeys(("decimal", "date", "reference"), _other_spelling),
    "json": lambda field, value, _: CHECKS["json"](field, value),
}
"""What the types' own readers let through: other spellings (`1_000`, `20250131`, `{…}`), numbers that are not exact."""
