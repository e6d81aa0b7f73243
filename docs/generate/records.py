"""The page of record types: every field as it is declared, by the core and by the plugins of this repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import ENVELOPE, Flat, Record, RecordType
from crmcore.domain.workflow import Workflow
from crmcore.plugins.registry import load
from docs.generate.markdown import code, codes, doc, document, first_line, table, yes

PLUGINS = ("loyalty",)
HEADINGS = ("field", "type", "required", "default", "index", "unique", "search", "personal", "label")
INTRODUCTION = """\
A record type is declared once, as a class; this page is made from those declarations. Names are those of Python,
filters, imports, exports and the command line alike.

- **required**: a record without it is refused. What has neither a mark here nor a default may be missing.
- **unique**: no two records have the same value; `source` and `external_id` are unique together.
- **search**: the match key that the field feeds, by which `crm search` and `find` know the record.
- **personal**: it tells something of a person, and is subject to erasure."""


def page_of(catalogue: Catalogue) -> str:
    """The page for these declarations."""
    types = list(catalogue.records.values())
    listed = "\n".join(f"- [`{t.name}`](#{t.name}): {first_line(t.cls)}" for t in types)
    return document(
        "Record types", INTRODUCTION, listed, _envelope(types[0]), *(_record(catalogue, each) for each in types)
    )


def page() -> str:
    """The page, with the plugins of this repository active."""
    return page_of(load(PLUGINS).catalogue)


def _envelope(any_type: RecordType) -> str:
    fields = [f for f in any_type.fields if f.name in ENVELOPE]
    return f"## Fields of every record\n\n{doc(Record)}\n\n{_fields(fields)}"


def _record(catalogue: Catalogue, type: RecordType) -> str:
    sections = [f"## {type.name}", f"{_label(type.options.label)}{doc(type.cls)}", _facts(type), _fields(type.own)]
    sections += [_part(type, each) for each in type.parts]
    sections += [_flats(type.options.flats), _derived(type)]
    sections += [_facet(each) for each in catalogue.facets.get(type.name, ())]
    sections += [_workflow(w) for (record, _), w in catalogue.workflows.items() if record == type.name]
    return "\n\n".join(section for section in sections if section)


def _facts(type: RecordType) -> str:
    options = type.options
    lines = [f"Known to people by {codes(options.title)}." if options.title else ""]
    if options.timeline:
        who, when = options.timeline
        lines.append(f"Stands on the timeline of its {code(who)} at {code(when)}.")
    lines += [f"Unique together: {codes(group)}." for group in options.unique]
    lines += ["Only added, never changed." if options.append_only else ""]
    if options.hierarchy:
        kinds = codes(sorted(options.hierarchy.kinds))
        lines.append(f"Records of the kinds {kinds} never go in a circle on any day.")
    return " ".join(line for line in lines if line)


def _fields(fields: Iterable[Field], dotted: str = "") -> str:
    rows = [
        (
            code(f"{dotted}{f.name}"),
            type_of(f),
            yes(f.required),
            _default(f),
            yes(f.index),
            yes(f.unique),
            f.search or "",
            yes(f.personal),
            _labels(f.label),
        )
        for f in fields
    ]
    return table(HEADINGS, rows)


def type_of(field: Field) -> str:
    """The type of a field with its bounds, as a person says it."""
    match field.kind:
        case "text":
            return f"text, at most {field.length:,}" + yes(not field.fold, ", exact")
        case "decimal":
            return f"decimal, {field.scale} places"
        case "choice":
            return f"one of {codes(field.options)}"
        case "choices":
            return f"set of {codes(field.options)}" if field.options else "set of texts"
        case "reference" if field.target == "*":
            return f"id of a record of type {code(field.target_field)}"
        case "reference":
            return f"id of [{code(field.target)}](#{field.target})" if field.name != "id" else "id (UUID)"
    return field.kind


def _default(field: Field) -> str:
    if field.required or field.default is None:
        return ""
    if field.name in ("id", "version"):
        return "made when added"
    if isinstance(field.default, frozenset):
        return "empty"
    return code(str(field.default).lower() if field.kind == "boolean" else str(field.default))


def _labels(label: Mapping[str, str]) -> str:
    return " / ".join(label.values())


def _label(label: Mapping[str, str]) -> str:
    return f"*{_labels(label)}.* " if label else ""


def _part(type: RecordType, part: PartType) -> str:
    heading = f"### Part {code(part.name)}, held in {code(part.attribute)}"
    return f"{heading}\n\n{_label(part.label)}{doc(part.cls)}\n\n{_fields(part.fields)}"


def _flats(flats: tuple[Flat, ...]) -> str:
    if not flats:
        return ""
    rows = [
        (code(f.name), f"{code(f'{f.part}.{f.field}')}{_where(f)}", yes(f.many, "all of them"), f.search or "")
        for f in flats
    ]
    text = "Filters match any such part, lists show the preferred one, a change replaces it."
    return f"### Flat names\n\n{text}\n\n{table(('name', 'stands for', 'values', 'search'), rows)}"


def _where(flat: Flat) -> str:
    return "".join(f", where {code(name)} is {code(value)}" for name, value in flat.where.items())


def _derived(type: RecordType) -> str:
    if not type.options.derived:
        return ""
    words = {"max": "latest", "min": "earliest"}
    rows = [
        (code(d.name), f"the {words[d.how]} {code(d.field)} of each {code(d.record)} whose {code(d.via)} this is")
        for d in type.options.derived
    ]
    text = "Filtered by, stored nowhere, not sorted by."
    return f"### Derived figures\n\n{text}\n\n{table(('name', 'is'), rows)}"


def _facet(facet: FacetType) -> str:
    heading = f"### Facet of plugin {code(facet.name)}: {code(facet.cls.__name__)}"
    return f"{heading}\n\n{_label(facet.label)}{doc(facet.cls)}\n\n{_fields(facet.fields, f'{facet.name}.')}"


def _workflow(workflow: Workflow) -> str:
    rows = [
        (
            code(step.name),
            codes(step.sources),
            code(step.target),
            " ".join(first_line(guard) for guard in step.guards),
        )
        for step in workflow.transitions
    ]
    begins = f"Begins as {codes(workflow.initial)}."
    return f"### Workflow {code(workflow.name)}\n\n{begins}\n\n{table(('step', 'from', 'to', 'only if'), rows)}"
