"""What a field that is added at run time must fulfil, besides what every facet must."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from crmcore.application.custom.described import Kept
from crmcore.domain import field as declaring
from crmcore.domain.catalogue import CUSTOM, NAME, Catalogue
from crmcore.domain.describing import KINDS
from crmcore.domain.errors import InvalidDeclaration, UnknownName
from crmcore.domain.field import KEY, Field

INDEXED: Final = 600
"""Characters that a text may have to be indexed or unique on every database, or to stand in a set."""
FIELDS: Final = 200
"""How many fields one record type may have: rows of every database hold so many, whatever their types."""
LONGEST_LABEL: Final = 200

_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset(("length", "fold", "unique", "index")),
    "integer": frozenset(("unique", "index")),
    "decimal": frozenset(("scale", "unique", "index")),
    "money": frozenset(("unique", "index")),
    "boolean": frozenset(("index",)),
    "date": frozenset(("unique", "index")),
    "datetime": frozenset(("unique", "index")),
    "choice": frozenset(("options", "index")),
    "choices": frozenset(("options", "length", "index")),
    "reference": frozenset(("target", "unique", "index")),
    "json": frozenset(),
}
_ANY: Final = frozenset(("personal", "label"))
_STORED: Final = {"kind": "type"} | {each: each for each in ("length", "scale", "target", "fold", "unique")}
"""What the columns of a field depend on, and how administrators call it; what differs with the type says no more."""


def field_of(name: str, kind: str, options: Mapping[str, Any]) -> Field:
    """The field that these words declare; `InvalidDeclaration` for what cannot be said of one of its kind."""
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name == "self":
        raise InvalidDeclaration(
            f"{name!r} cannot be a name: small Latin letters, digits and _, beginning with a letter, at most 40, and "
            "no word of Python",
            field=name,
        )
    if kind not in KINDS:
        raise UnknownName("type of field", kind, KINDS)
    if options.get("required"):
        raise InvalidDeclaration(
            f"{CUSTOM}.{name} cannot be required: records that are there have no value of it", field=name
        )
    told = {key: value for key, value in options.items() if _says_something(value)}
    if unfit := sorted(told.keys() - _OPTIONS[kind] - _ANY):
        raise InvalidDeclaration(f"{CUSTOM}.{name}: {unfit[0]} says nothing of a field of type {kind}", field=name)
    if kind == "text" and options.get("fold") is False:
        told["fold"] = False
    return attrs.evolve(_declared(kind, told), name=name, label=_label(name, told.get("label", {})))


def _says_something(value: Any) -> bool:
    return value is not None and value is not False and value not in ((), [], {})


def _declared(kind: str, told: Mapping[str, Any]) -> Field:
    given = {key: value for key, value in told.items() if key not in ("options", "target", "label")}
    words: tuple[str, ...] = tuple(told.get("options", ()))
    match kind:
        case "choice":
            made = declaring.choice(*words, default=None, **given)
        case "choices":
            made = declaring.choices(*words, default=frozenset(), **given)
        case "reference":
            made = declaring.reference(told.get("target", ""), default=None, **given)
        case "decimal":
            made = declaring.decimal(default=None, **{"scale": 2, **given})
        case _:
            made = getattr(declaring, kind)(default=None, **given)
    declared: Field = made.metadata[KEY]
    return declared


def _label(name: str, label: Any) -> dict[str, str]:
    for language, text in dict(label).items():
        if not (isinstance(text, str) and text.strip() and len(text) <= LONGEST_LABEL and text.isprintable()):
            raise InvalidDeclaration(
                f"{CUSTOM}.{name}: a label is text of 1 to {LONGEST_LABEL} printable characters, not {text!r} "
                f"({language})",
                field=name,
            )
    return dict(label)


def check_new(catalogue: Catalogue, kept: Iterable[Kept], record: str, new: Field) -> Kept | None:
    """The kept field that the new one brings back, or None.

    Raises UnknownName for a record type or target that is not there, InvalidDeclaration for what is taken or too long,
    or differs from what is kept.
    """
    type = catalogue.record(record)
    if new.kind == "reference":
        catalogue.record(new.target)
    if new.length < 1 or (new.length > INDEXED and (new.kind == "choices" or _is_indexed_text(new))):
        raise InvalidDeclaration(
            f"{CUSTOM}.{new.name} of {record}: a text that is indexed, unique or out of a set has a length of 1 to "
            f"{INDEXED} characters, or not every database could index it; {new.length} does not fit",
            record=record,
            field=new.name,
        )
    others = [each for each in kept if each.record == type.name]
    before = next((each for each in others if each.field.name == new.name), None)
    if before is None and len(others) >= FIELDS:
        raise InvalidDeclaration(f"{record} has {FIELDS} fields of this kind already, no more fit", record=record)
    for each in others:
        if each is not before:
            _check_apart(record, each, new)
    return None if before is None else _same(record, before, new)


def _is_indexed_text(field: Field) -> bool:
    return field.kind == "text" and (field.index or field.unique)


def _same(record: str, before: Kept, new: Field) -> Kept:
    if before.state == "live":
        raise InvalidDeclaration(f"{record} has a field {before.name} already", record=record, field=before.name)
    told = [
        f"{word} {getattr(before.field, part)!r} (now {getattr(new, part)!r})"
        for part, word in _STORED.items()
        if getattr(before.field, part) != getattr(new, part) and (part == "kind" or before.field.kind == new.kind)
    ]
    if lost := sorted(set(before.field.options) - set(new.options)) if new.options else []:
        told.append(f"the option {lost[0]!r}")
    if told:
        raise InvalidDeclaration(
            f"{before.name} of {record} was removed, but its values are kept, and it had {', '.join(told)}: add it as "
            "it was to have them back, or purge it first",
            record=record,
            field=before.name,
        )
    return before


def _check_apart(record: str, other: Kept, new: Field) -> None:
    """Two fields share no column, and no name but for what people overlook."""
    if squashed(other.field.name) != squashed(new.name) and not _columns(other.field) & _columns(new):
        return
    purge = "" if other.state == "live" else " (removed, its values are kept until it is purged)"
    raise InvalidDeclaration(
        f"{CUSTOM}.{new.name} of {record} reads like {other.name}{purge}, or would be kept in its columns: give it "
        "another name",
        record=record,
        field=f"{CUSTOM}.{new.name}",
    )


def squashed(name: str) -> str:
    """A name without what people overlook: case, width and underscores."""
    return unicodedata.normalize("NFKC", name).casefold().replace("_", "")


def _columns(field: Field) -> set[str]:
    shadow = {"text": "_fold", "money": "_currency"}.get(field.kind)
    return {field.name} if shadow is None else {field.name, field.name + shadow}
