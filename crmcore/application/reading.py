"""The one read path: every question is bound under the actor's read rule, and hidden fields never leave it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.application import journal
from crmcore.application.hiding import blank, hide_in_history
from crmcore.application.session import Session
from crmcore.domain import grammar, matching
from crmcore.domain.bound import Bound, BoundQuery, Const, Test, every
from crmcore.domain.change import LogEntry
from crmcore.domain.errors import AmbiguousMatch, InvalidSetting, InvalidValue, NotFound, UnknownName
from crmcore.domain.facet import Facet
from crmcore.domain.field import Field
from crmcore.domain.predicate import Predicate, equals
from crmcore.domain.query import Cursor, Page, Query, decode_cursor, sort_name
from crmcore.domain.record import Record, RecordType
from crmcore.ports.work import Where

MOST_FITS = 20
EXACT: Final = ("id", "external_id", "name", "code")
MOST_ROWS = 1_000


def parsed(where: Where) -> tuple[Predicate | None, str]:
    """A filter as a tree, and its text for error messages."""
    return (grammar.parse(where), where) if isinstance(where, str) else (where, "")


def bound_query(unit: Session, type: RecordType, query: Query, text: str = "") -> BoundQuery:
    """The query under the actor's read rule."""
    binder = unit.binder(text)
    order = sort_name(query.sort)
    return BoundQuery(
        type=type,
        where=binder.read(type, query.where),
        sort=tuple(binder.sort_key(type, s) for s in query.sort),
        order=order,
        limit=query.limit,
        cursor=decode_cursor(query.after, order) if query.after else None,
        facets=tuple(unit.catalogue.facet_of(cls, type) for cls in query.facets),
    )


def query(unit: Session, type: RecordType, query: Query, text: str = "") -> Page[Any]:
    """One page; one row more is read than asked for, which tells whether there is a next page."""
    asked = bound_query(unit, type, query, text)
    limit = query.limit or 0
    found = unit.transaction.select(attrs.evolve(asked, limit=limit + 1))
    kept = found[:limit]
    more = len(found) > limit
    cursor = Cursor(asked.order, kept[-1].keys, kept[-1].record.id).encode() if more else None
    return Page(tuple(blanked(unit, type, f.record) for f in kept), cursor)


def count(unit: Session, type: RecordType, where: Predicate | None, text: str = "") -> int:
    """How many records fit."""
    return unit.transaction.count(BoundQuery(type=type, where=unit.binder(text).read(type, where)))


def blanked(unit: Session, type: RecordType, record: Record) -> Record:
    """The record as the actor is handed it: without what may not be seen, and noted where reads are logged."""
    seen = hide(unit, type, record)
    if unit.kernel.log_reads:
        unit.course.reads.note(unit, type, seen)
    return seen


def changed(unit: Session, type: RecordType, record: Record, *, stands: bool) -> Record:
    """The record as who changed it is handed it; `stands`: the log tells of the change."""
    if not stands:
        return blanked(unit, type, record)
    seen = hide(unit, type, record)
    if unit.kernel.log_reads:
        unit.course.reads.note_changed(unit, type, seen)
    return seen


def hide(unit: Session, type: RecordType, record: Record) -> Record:
    """The record without what the actor may not see, for what hands none of it out."""
    hidden = unit.rule(type).hidden
    return blank(unit.catalogue, type, record, hidden) if hidden else record


def unblanked(unit: Session, type: RecordType, id: UUID, with_: Sequence[type[Facet]] = ()) -> Record:
    """The whole record, for the write path alone, or the one that it was merged into; `NotFound` where the actor may
    not see that."""
    found = raw(unit, type, id, with_)
    while (into := merged_into(type, found)) is not None:
        try:
            found = raw(unit, type, into, with_)
        except NotFound:
            raise not_found(type, id) from None
    return found


def merged_into(type: RecordType, record: Record) -> UUID | None:
    """The id of the record that this one is a part of now."""
    into: UUID | None = getattr(record, "merged_into", None) if type.merges else None
    return into


def raw(unit: Session, type: RecordType, id: UUID, with_: Sequence[type[Facet]] = ()) -> Record:
    """The very row of that id, whole, whether it was merged or not; `NotFound` where the actor may not see it."""
    where = every(unit.binder().scope(type), Test(_id_field(type, id), "=", (id,)))
    facets = tuple(unit.catalogue.facet_of(cls, type) for cls in with_)
    found = unit.transaction.select(BoundQuery(type=type, where=where, facets=facets))
    if not found:
        raise not_found(type, id)
    return found[0].record


def _id_field(type: RecordType, id: object) -> Field:
    field = type.field("id")
    if field is None or not isinstance(id, UUID):
        raise InvalidValue(f"an id is a UUID, not {id!r}", value=repr(id))
    return field


def not_found(type: RecordType, id: UUID) -> NotFound:
    """The one error for a record that is not there and one that the actor may not see."""
    return NotFound(f"there is no {type.name} {id}", record=type.name, id=str(id))


def get(unit: Session, type: RecordType, id: UUID, with_: Sequence[type[Facet]] = ()) -> Record:
    """The record as the actor may see it."""
    return blanked(unit, type, unblanked(unit, type, id, with_))


def several(
    unit: Session, type: RecordType, ids: Sequence[UUID], with_: Sequence[type[Facet]] = (), *, shown: bool = True
) -> list[Any]:
    """Those of these records that the actor may see, in the order of the ids; `shown`: they are handed out."""
    id_field = type.field("id")
    if not ids or id_field is None:
        return []
    where = every(unit.binder().scope(type), Test(id_field, "in", tuple(ids)))
    facets = tuple(unit.catalogue.facet_of(cls, type) for cls in with_)
    found = {f.record.id: f.record for f in unit.transaction.select(BoundQuery(type=type, where=where, facets=facets))}
    seen = blanked if shown else hide
    return [seen(unit, type, found[id]) for id in ids if id in found]


def surviving(
    unit: Session,
    type: RecordType,
    records: Sequence[Any],
    with_: Sequence[type[Facet]] = (),
    *,
    shown: bool = True,
) -> list[Any]:
    """These records, each that was merged as the one that it is a part of, and none twice. Those that the actor may not
    see are left out; `shown`: they are handed out."""
    if not type.merges:
        return list(records)
    found = {record.id: record for record in records}
    while lost := [id for id, record in found.items() if merged_into(type, record) is not None]:
        into = {id: found[id].merged_into for id in lost}
        wanted = list(dict.fromkeys(other for other in into.values() if other not in found))
        read = {record.id: record for record in several(unit, type, wanted, with_, shown=shown)}
        kept = {into.get(id, id): found[id] for id in found}
        known = {**found, **read}
        found = {id: known[id] for id in kept if id in known}
    return list(found.values())


def find(unit: Session, type: RecordType, unique: dict[str, str], with_: Sequence[type[Facet]]) -> Record | None:
    """The one record with this value of a unique field or contact point."""
    source = unique.pop("source", None)
    if len(unique) != 1:
        raise InvalidSetting(f"find takes one unique field (and source), not {sorted(unique)}")
    name, value = next(iter(unique.items()))
    fits = _fits(unit, type, name, value, source, with_)
    if len(fits) > 1:
        raise AmbiguousMatch(
            f"several records of type {type.name} have {name} {value!r}: name one by its id",
            record=type.name,
            ids=[str(r.id) for r in fits],
        )
    return fits[0] if fits else None


def _fits(
    unit: Session, type: RecordType, name: str, value: str, source: str | None, with_: Sequence[type[Facet]]
) -> list[Any]:
    kind = key_kind(unit, type, name)
    if kind is not None:
        key = matching.search_key(kind, value)
        rows = unit.transaction.find_keys(kind, key, None, [type.name], MOST_ROWS) if key else []
        found = several(unit, type, [row.id for row in rows], with_)
        if unit.rule(type).hidden:  # then the key must come from what the actor sees
            keys_of = unit.kernel.plan(type).keys
            found = [r for r in found if (kind, key) in keys_of(r)]
        return surviving(unit, type, found, with_)[:MOST_FITS]
    binder = unit.binder()
    where: Bound = binder.bind(type, equals(name, value))
    if source is not None:
        where = every(where, binder.bind(type, equals("source", source)))
    facets = tuple(unit.catalogue.facet_of(cls, type) for cls in with_)
    asked = BoundQuery(type=type, where=every(binder.scope(type), where), limit=MOST_FITS, facets=facets)
    fits = [blanked(unit, type, f.record) for f in unit.transaction.select(asked)]
    return surviving(unit, type, fits, with_)


def key_kind(unit: Session, type: RecordType, name: str) -> str | None:
    """The kind of match key by which a name finds records; None for exact fields, `UnknownName` for all others."""
    visible = set(unit.binder().visible_names(type))
    field, view = type.field(name), type.flat(name)
    if name not in visible:
        field = view = None
    if view is not None and view.search in ("email", "phone", "code"):
        return view.search
    if field is not None and field.search in ("email", "phone") and not field.unique:
        return field.search
    prefix, _, inner = name.rpartition(".")
    facet = unit.catalogue.facet(type, prefix) if prefix and name in visible else None
    declared = facet.field(inner) if facet else field
    if declared is not None and (declared.unique or name in EXACT):
        return None
    raise UnknownName("unique field", name, (n for n in _findable(unit, type) if n in visible), type.name)


def _findable(unit: Session, type: RecordType) -> list[str]:
    """The names by which one record of the type can be found."""
    own = [f.name for f in type.fields if f.unique or f.search in ("email", "phone") or f.name in EXACT]
    flat = [f.name for f in type.options.flats if f.search in ("email", "phone", "code")]
    facets = unit.catalogue.facets.get(type.name, ())
    return [*dict.fromkeys([*own, *flat, *(f.dotted(each) for f in facets for each in f.fields if each.unique)])]


def as_of(unit: Session, type: RecordType, id: UUID, at: dt.datetime) -> Record:
    """The record as it was known at a time, by the log; `NotFound` if it was not there then."""
    if at.utcoffset() is None:
        raise InvalidValue(f"a time needs its zone: {at.isoformat()} has none", value=at.isoformat())
    entries = _log_of(unit, type, id, at)
    record = journal.rebuild(unit.kernel, type, id, entries)
    if record is None:
        raise NotFound(f"there was no {type.name} {id} at {at.isoformat()}", record=type.name, id=str(id))
    return blanked(unit, type, record)


def history(unit: Session, type: RecordType, id: UUID) -> list[LogEntry]:
    """The log of a record without what the actor may not see."""
    entries = _log_of(unit, type, id, None)
    hidden = unit.rule(type).hidden
    seen = [e for entry in entries if (e := _seen(type, entry, hidden))] if hidden else entries
    if unit.kernel.log_reads:
        unit.course.reads.note_log(unit, type, id, seen)
    return seen


def _seen(type: RecordType, entry: LogEntry, hidden: frozenset[str]) -> LogEntry | None:
    """The entry without what is hidden, nor what tells it: its digest could be tried out. A hidden facet has none."""
    values = entry.values()
    kept = hide_in_history(type, values, hidden)
    if not kept and entry.operation == "facet":
        return None
    subject = None if type.options.subject in hidden else entry.subject
    if kept == values:
        return attrs.evolve(entry, subject=subject)
    return attrs.evolve(entry, changes=journal.changes_text(kept), digest="", subject=subject)


def _log_of(unit: Session, type: RecordType, id: UUID, until: dt.datetime | None) -> list[LogEntry]:
    """A removed record has no row to hold a rule against: its log is for those who may see every row."""
    _id_field(type, id)
    if unit.binder().scope(type) != Const(True):
        unblanked(unit, type, id)
    entries = unit.transaction.history(type.name, id, until)
    if not entries:
        raise not_found(type, id)
    return entries
