"""Which field each column of a file is: by the map, by its name, or by what common exports mean by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmcore.application.importing.exporters import columns_of_exporter
from crmcore.application.importing.headers import KnownHeader, known_header, plain_header, split_mark
from crmcore.application.importing.mapping import ColumnMapping, ColumnRule
from crmcore.domain.columns import Columns, labels
from crmcore.domain.errors import ImportRefused, nearest
from crmcore.domain.fold import visible

KEPT = frozenset({"version", "created_at", "changed_at"})
"""Fields that crmcore sets itself: their columns, as an export may have them, are left out."""


@attrs.frozen(kw_only=True)
class Naming:
    """The columns of a file by field, in the file's order; by attribute those in which parts may stand whole (some are
    flat names as well: `roles`); and what is `left_out`."""

    rules: Mapping[str, tuple[ColumnRule, ...]]
    wholes: Mapping[str, str]
    left_out: tuple[str, ...]


def name_columns(
    columns: Columns,
    wholes: Sequence[str],
    mapping: ColumnMapping,
    header: Sequence[str],
    *,
    ignore_unknown: bool = False,
    whole_header: bool = True,
) -> Naming:
    """The fields behind a file's columns. `wholes`: the attributes under which parts may stand whole; `whole_header`:
    a column that the header does not have is in no row.

    Raises `ImportRefused` naming what the map says of columns or fields that are not there, two columns for what has
    room for one value, and, unless they are to be ignored, columns that match no field and that no program known to us
    writes.
    """
    _check_map(columns, wholes, mapping, header if header and whole_header else None)
    chosen: dict[str, list[ColumnRule]] = {}
    for rule in mapping.columns:
        chosen.setdefault(rule.field, []).append(rule)
    taken = {rule.column for rule in mapping.columns} | set(mapping.ignore)
    taken.update(column for rule in mapping.columns for column in rule.others)
    strangers: dict[str, str] = {}
    for column, field in _found(columns, wholes, [c for c in header if c not in taken], strangers).items():
        given = chosen.setdefault(field, [])
        if given and not takes_several(columns, field):
            strangers[column] = f"is {field}, as {given[0].column!r} is already"
        else:
            given.append(ColumnRule(column=column, field=field))
    _pair_currencies(columns, chosen, strangers)
    if not ignore_unknown:
        own = columns_of_exporter(header)
        if foreign := {column: strangers[column] for column in header if column in strangers and column not in own}:
            raise _strangers(columns.type.name, foreign)
    for field in chosen:
        if takes_several(columns, field):
            chosen[field] = [attrs.evolve(rule, split=rule.split or split_mark(rule.column)) for rule in chosen[field]]
    place = {column: at for at, column in enumerate(header)}
    kept = {rule.column for name in KEPT for rule in chosen.pop(name, ())}
    return Naming(
        rules={
            f: tuple(sorted(given, key=lambda r: place.get(r.column, 0)))
            for f, given in chosen.items()
            if f in columns.by_name
        },
        wholes={name: chosen[name][0].column for name in wholes if name in chosen},
        left_out=tuple(column for column in header if column in strangers or column in kept),
    )


def takes_several(columns: Columns, field: str) -> bool:
    """Whether several values may stand under a field's name."""
    column = columns.by_name.get(field)
    if column is None:
        return False
    return column.many or column.field.kind == "choices" or (column.group is not None and column.group.several)


def _check_map(columns: Columns, wholes: Sequence[str], mapping: ColumnMapping, header: Sequence[str] | None) -> None:
    record, known = columns.type.name, [*columns.by_name, *wholes]
    problems = []
    for rule in mapping.columns:
        for named in (rule.column, *rule.others):
            if header is not None and named not in header:
                problems.append(f"the file has no column {named!r}{_hint(named, header)}")
        if rule.field in KEPT:
            problems.append(f"{rule.field!r} is set by crmcore itself")
        elif rule.field not in known:
            problems.append(f"{record} has no field {rule.field!r}{_hint(rule.field, known)}")
        elif rule.currency_column and not _is_money(columns, rule.field):
            problems.append(f"{rule.field!r} is no amount of money: a currency_column says nothing of it")
        elif rule.currency_column == rule.column:
            problems.append(f"{rule.column!r} cannot be its own currency_column")
        others = [r.column for r in mapping.columns if r.field == rule.field and r.column != rule.column]
        if others and not takes_several(columns, rule.field):
            problems.append(f"{rule.column!r} and {others[0]!r} are both {rule.field!r}, which is one value")
    problems += [
        f"{record} has no field {name!r}{_hint(name, known)}"
        for name in mapping.defaults
        if name not in columns.by_name
    ]
    if problems:
        listed = "; ".join(dict.fromkeys(problems))
        raise ImportRefused(f"the map does not fit: {listed}", problems=list(dict.fromkeys(problems)))


def _pair_currencies(columns: Columns, chosen: dict[str, list[ColumnRule]], strangers: dict[str, str]) -> None:
    """A column called `currency` is that of the one column of amounts; of several, a map has to say which ones."""
    named = [column for column in strangers if plain_header(column) == "currency"]
    amounts = [field for field in chosen if _is_money(columns, field)]
    if not named or not amounts or "currency" in columns.by_name:
        return
    rule, *several = chosen[amounts[0]]
    if len(named) == len(amounts) == 1 and not several and rule.currency is None and rule.currency_column is None:
        chosen[amounts[0]] = [attrs.evolve(rule, currency_column=named[0])]
        del strangers[named[0]]
        return
    for column in named:
        strangers[column] += "; in a map, the `currency_column` of an amount can be this one"


def _is_money(columns: Columns, field: str) -> bool:
    return field in columns.by_name and columns.by_name[field].field.kind == "money"


def _found(columns: Columns, wholes: Sequence[str], header: Sequence[str], strangers: dict[str, str]) -> dict[str, str]:
    """The fields of columns to which the map says nothing; into `strangers`, why others have none."""
    names = _names(columns, wholes)
    fields = {c: found for c in header if (found := names.get(c) or names.get(plain_header(c)))}
    meant = {c: known for c in header if c not in fields and (known := _known(columns, c))}
    place = min((each.place for each in meant.values() if each.place is not None), default=None)
    best: dict[str, int] = {}
    for each in meant.values():
        if each.place in (None, place):
            best[each.field] = min(each.rank, best.get(each.field, each.rank))
    for column in header:
        if column in fields:
            continue
        other = meant.get(column)
        if other is None:
            strangers[column] = f"is no field{_hint(column, columns.by_name)}"
        elif other.place not in (None, place) or not (
            other.rank == best[other.field] or takes_several(columns, other.field)
        ):
            strangers[column] = f"is another {other.field}, of which there is one"
        else:
            fields[column] = other.field
    return fields


def _known(columns: Columns, column: str) -> KnownHeader | None:
    found = known_header(columns.type.name, column)
    return found if found and found.field in columns.by_name else None


def _names(columns: Columns, wholes: Iterable[str]) -> dict[str, str]:
    """Fields by their names, as they are and as headers compare, and by their labels."""
    names: dict[str, str] = {}
    for column in columns:
        for label in labels(columns.type, column).values():
            names.setdefault(plain_header(label), column.name)
    names.update({plain_header(name): name for name in columns.by_name})
    names.update({name: name for name in (*wholes, *columns.by_name)})
    return names


def _hint(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


def _strangers(record: str, strangers: Mapping[str, str]) -> ImportRefused:
    listed = "; ".join(f"'{visible(column)}' {why}" for column, why in strangers.items())
    return ImportRefused(
        f"not every column can be imported as {record}: {listed}. Name their fields in a map (--map), list them there "
        "under `ignore`, or leave out all such columns with --ignore-unknown",
        columns=list(strangers),
    )
