"""The match keys of a record, as its declaration says: fields and flat names with `search=`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Final

from crmcore.domain.errors import InvalidRecord, InvalidValue
from crmcore.domain.field import Search
from crmcore.domain.fold import fold
from crmcore.domain.keys import MAX_KEY_LENGTH, code_key, email_key, name_keys, phone_key
from crmcore.domain.record import Flat, Record, RecordType

Keys = tuple[tuple[str, str], ...]
Texts = Callable[[Record], Iterable[str | None]]


def _one(make: Callable[[str], str], text: str) -> tuple[str, ...]:
    return (make(text),)


_KEYS: Final[dict[Search, Callable[[str], tuple[str, ...]]]] = {
    "name": name_keys,
    "email": partial(_one, email_key),
    "phone": partial(_one, phone_key),
    "code": partial(_one, code_key),
}


def keys_of(record_type: RecordType, record: Record) -> Keys:
    """The distinct (kind, key) pairs by which a record is found and matched.

    `InvalidRecord` names the field whose value can make no key (an e-mail address with a control character).
    """
    return plan(record_type)(record)


def _whole_name(text: str) -> str:
    return fold(text)[:MAX_KEY_LENGTH].rstrip(" ")


def search_key(kind: str, text: str) -> str:
    """The one key of a kind that `text` as a whole makes; "" if it makes none."""
    make = {"name": _whole_name, "email": email_key, "phone": phone_key, "code": code_key}[kind]
    try:
        return make(text)
    except InvalidValue:
        return ""


@lru_cache(maxsize=256)
def plan(record_type: RecordType) -> Callable[[Record], Keys]:
    """`keys_of` for one record type, worked out once: it runs for every row of an import."""
    sources = tuple(_sources(record_type))
    if not sources:
        return lambda record: ()

    def keys(record: Record) -> Keys:
        found: dict[tuple[str, str], None] = {}
        for name, kind, texts in sources:
            for text in texts(record):
                if text:
                    _collect(found, record_type, name, kind, text)
        return tuple(found)

    return keys


def made_of(record_type: RecordType) -> frozenset[str]:
    """The fields, and the attributes of parts, of which keys are made: while they stay, so do the keys."""
    fields = (field.name for field in record_type.fields if field.search is not None)
    views = (view for view in record_type.options.flats if view.search is not None)
    return frozenset((*fields, *(_attribute(record_type, view) for view in views)))


def _attribute(record_type: RecordType, view: Flat) -> str:
    """Where the parts of a flat name are; the catalogue has checked that there are such parts."""
    return next(p.attribute for p in record_type.parts if p.name == view.part)


def _collect(found: dict[tuple[str, str], None], record_type: RecordType, name: str, kind: Search, text: str) -> None:
    try:
        made = _KEYS[kind](text)
    except InvalidValue as error:
        raise InvalidRecord(record_type.name, {name: error.message}) from None
    for key in made:
        if key:
            found[kind, key] = None


def _sources(record_type: RecordType) -> Iterator[tuple[str, Search, Texts]]:
    for field in record_type.fields:
        if field.search is not None:
            yield field.name, field.search, _own(field.name)
    for view in record_type.options.flats:
        if view.search is not None:
            yield view.name, view.search, _behind(record_type, view)


def _own(name: str) -> Texts:
    read: Callable[[Any], str | None] = attrgetter(name)
    return lambda record: (read(record),)


def _behind(record_type: RecordType, view: Flat) -> Texts:
    """The texts of the parts that a flat name stands for."""
    parts, read = attrgetter(_attribute(record_type, view)), attrgetter(view.field)
    where = tuple(view.where.items())
    return lambda record: (
        read(part) for part in parts(record) if all(getattr(part, name) == value for name, value in where)
    )
