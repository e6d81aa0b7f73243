"""Row functions, generated from the declarations: the only module of crmcore that compiles code.

A written loop over the fields of a record costs several times what the same statements cost in a row. The source is
made of names of the frozen catalogue, each an identifier, and of snippets of `codecs`; nothing of a user is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import attrs

from crmcore.adapters.sql import codecs
from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import RecordType

Encode: TypeAlias = Callable[..., tuple[Any, ...]]
Decode: TypeAlias = Callable[..., Any]


def record_encoder(backend: Backend, record: RecordType) -> Encode:
    """From a record to its row, in the order of the table's columns."""
    return _encoder(backend, record.fields, record.values, head="", arguments="each")


def part_encoder(backend: Backend, part: PartType) -> Encode:
    """From (the owner's id as stored, part) to the part's row."""
    return _encoder(backend, part.fields, part.values, head="owner, each.no, ", arguments="owner, each")


def facet_encoder(backend: Backend, facet: FacetType) -> Encode:
    """From (the record's id as stored, facet) to the facet's row."""
    return _encoder(backend, facet.fields, facet.values, head="owner, each.version, ", arguments="owner, each")


def value_encoder(backend: Backend, field: Field) -> Encode:
    """From a value, which may be None, to the values of its field's columns."""
    return _compile("def made(v):\n    return (" + "".join(_stored(backend, field, "v")) + ")", {})


def value_decoder(backend: Backend, field: Field) -> Decode:
    """From one column's value, which is never None, to the field's; not for money and sets."""
    snippet = codecs.DECODE[backend].get(field.kind, "{v}")
    return _compile("def made(v):\n    return " + snippet.format(v="v", scale=field.scale), {})


def parts_decoder(backend: Backend, part: PartType) -> Decode:
    """From the JSON text that gathers a record's parts to the tuple of them, by number."""
    names, values = _taken(codecs.DECODE_JSON[backend], part.fields, "f")
    given = ", ".join([*_arguments(part.cls, part.fields, values), "no=no"])
    read = "counted" if backend == "mariadb" else "read"
    if any(f.kind in ("decimal", "money") for f in part.fields):
        read += "_exact"
    source = f"""
def made(text):
    if text is None or text == "[]":
        return ()
    rows = {read}(text)[0]
    if len(rows) > 1:
        rows.sort(key=first)
    return tuple([cls({given}) for no, {", ".join(names)} in rows])"""
    return _compile(source, {"cls": part.cls})


def set_decoder(backend: Backend) -> Decode:
    """From the JSON text that gathers the elements of a set to the set."""
    read = "counted" if backend == "mariadb" else "read"
    source = f"def made(text):\n    return frozenset({read}(text)[0]) if text is not None and text != '[]' else empty"
    return _compile(source, {"empty": frozenset()})


def facet_decoder(backend: Backend, facet: FacetType) -> Decode:
    """From the slice of a row that a facet was joined into (id, version, columns, sets) to the facet or None."""
    names, values = _taken(codecs.DECODE[backend], facet.fields, "f")
    given = ", ".join([*_arguments(facet.cls, facet.fields, values), "version=version"])
    unpacked = ", ".join(["id", "version", *names])
    source = f"def made({unpacked}):\n    return None if id is None else cls({given})"
    return _compile(source, {"cls": facet.cls, "set_decoder": set_decoder(backend)})


def record_decoder(backend: Backend, record: RecordType, facets: Iterable[FacetType]) -> Decode:
    """From a row (columns, parts, sets, then each facet's slice, then anything) to the record with those facets."""
    names, values = _taken(codecs.DECODE[backend], record.fields, "f", sets_last=True, before_sets=len(record.parts))
    scope: dict[str, Any] = {"cls": record.cls, "set_decoder": set_decoder(backend)}
    for number, part in enumerate(record.parts):
        scope[f"parts{number}"] = parts_decoder(backend, part)
        values[part.attribute] = f"parts{number}(p{number})"
    taken, joined = list(names), []
    for number, facet in enumerate(facets):
        scope[f"Facet{number}"], scope[f"facet{number}"] = facet.cls, facet_decoder(backend, facet)
        inner, _ = _taken({}, facet.fields, f"x{number}_")
        slice_ = [f"x{number}_id", f"x{number}_version", *inner]
        taken += slice_
        joined.append(f"Facet{number}: facet{number}({', '.join(slice_)})")
    given = _arguments(record.cls, record.fields, values, [p.attribute for p in record.parts])
    if joined:
        given.append("facets={" + ", ".join(joined) + "}")
    source = f"def made(row):\n    ({', '.join(taken)}, *_) = row\n    return cls({', '.join(given)})"
    return _compile(source, scope)


def _encoder(backend: Backend, fields: tuple[Field, ...], values: Any, head: str, arguments: str) -> Encode:
    locals_ = ", ".join(f"v{n}" for n in range(len(fields)))
    stored = "".join(s for n, f in enumerate(fields) for s in _stored(backend, f, f"v{n}"))
    unpack = f"    ({locals_},) = values(each)\n" if fields else ""
    return _compile(f"def made({arguments}):\n{unpack}    return ({head}{stored})", {"values": values})


def _stored(backend: Backend, field: Field, name: str) -> list[str]:
    """The expressions of a field's columns, each with a comma."""
    if field.kind == "choices":
        return []
    plain = codecs.ENCODE[backend].get(field.kind, "{v}").format(v=name, scale=field.scale)
    made = [plain]
    if field.kind == "money":
        made.append(f"{name}.currency")
    elif field.kind == "text" and field.fold:
        made.append(f"fold_column({name}, {field.length})")
    return [f"{e}, " if e == name else f"None if {name} is None else {e}, " for e in made]


def _taken(
    snippets: Any, fields: Iterable[Field], prefix: str, sets_last: bool = False, before_sets: int = 0
) -> tuple[list[str], dict[str, str]]:
    """The names under which a row's columns are unpacked, and the expression of each field's value."""
    names: list[str] = []
    sets: list[str] = []
    values: dict[str, str] = {}
    for number, field in enumerate(fields):
        name = f"{prefix}{number}"
        if field.kind == "choices":
            sets.append(name)
            values[field.name] = f"set_decoder({name})"
            continue
        names.append(name)
        if field.kind == "money":
            names.append(f"{name}c")
        snippet = snippets.get(field.kind)
        plain = snippet.format(v=name, c=f"{name}c", scale=field.scale) if snippet else name
        values[field.name] = plain if plain == name else f"None if {name} is None else {plain}"
    parts = [f"p{n}" for n in range(before_sets)] if sets_last else []
    return names + parts + sets, values


def _arguments(cls: type, fields: Iterable[Field], values: dict[str, str], more: Iterable[str] = ()) -> list[str]:
    """The arguments of the class's call: by position where it takes them so, else by name."""
    wanted = {*(f.name for f in fields), *more}
    inherited = [a for a in attrs.fields(cls) if a.init and a.name in wanted]
    positional = [f"({values[a.name]})" for a in inherited if not a.kw_only]
    return positional + [f"{a.name}=({values[a.name]})" for a in inherited if a.kw_only]


def _compile(source: str, scope: dict[str, Any]) -> Callable[..., Any]:
    names = {**codecs.NAMES, **scope}
    if bad := [name for name in names if not name.isidentifier()]:
        raise InvalidDeclaration(f"names that cannot stand in a row function: {bad}")
    exec(compile(source, "<row function of crmcore>", "exec"), names)  # noqa: S102  # see the top of this module
    made: Callable[..., Any] = names["made"]
    return made
