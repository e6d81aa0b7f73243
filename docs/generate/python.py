"""The page of the Python interface: the public names, the unit of work and its repositories."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import crmcore
from crmcore.application import exporting, importing, past_view, searching, timeline, whole_view
from crmcore.domain.binder import ReadRule
from crmcore.domain.change import Actor, Change, LogEntry
from crmcore.domain.record import Record
from crmcore.domain.workflow import Transition, Workflow
from crmcore.ports.policy import Policy
from crmcore.ports.work import Repository, Work
from docs.generate.markdown import code, doc, document, first_line, table

INTRODUCTION = """\
These are the public names of `crmcore`; each is loaded when it is first used. What begins with an underscore, and every
module that is not named in these pages, may change without notice."""
WIDTH = 100

ANSWERS = (Actor, Change, LogEntry, ReadRule, Transition, Workflow)
CASES = (
    searching.search,
    timeline.timeline,
    whole_view.whole_view,
    past_view.past_view,
    importing.import_records,
    exporting.export_records,
)
USE_CASES = "What the command line does beyond repositories are functions that take the unit of work first."
FIELDS = "`from crmcore.domain import field`: what follows is written `field.text(...)` in the body of a class."


def page() -> str:
    """The page."""
    public = {name: getattr(crmcore, name) for name in crmcore.__all__}
    records = {n: v for n, v in public.items() if inspect.isclass(v) and issubclass(v, Record) and v is not Record}
    functions = {n: v for n, v in public.items() if inspect.isfunction(v)}
    others = {n: v for n, v in public.items() if n not in (*records, *functions, "Crm")}
    return document(
        "The Python interface",
        INTRODUCTION,
        "## Functions\n\n" + "\n\n".join(_function(f"crmcore.{n}", v) for n, v in functions.items()),
        f"## crmcore.Crm\n\n{_called('crmcore.Crm', crmcore.Crm)}\n\n{doc(crmcore.Crm)}\n\n{_methods(crmcore.Crm)}",
        f"## The unit of work\n\n`crm.work(...)` gives it. {doc(Work)}\n\n{_methods(Work)}",
        f"## Repositories\n\n`work.customers`, `work[AnyRecord]`. {doc(Repository)}\n\n{_methods(Repository)}",
        f"## Use cases\n\n{USE_CASES}\n\n" + "\n\n".join(map(_use_case, CASES)),
        f"## Record types\n\nTheir fields are in [Record types](records.md).\n\n{_described(records)}",
        f"## Other names\n\n{_described(others)}",
        "## Values that these give and take\n\n" + "\n\n".join(map(_value, ANSWERS)),
        f"## The policy\n\n{doc(Policy)}\n\n{_methods(Policy)}",
        f"## Declarations\n\n{_declarations()}",
    )


def _function(name: str, function: Callable[..., Any]) -> str:
    return f"### {name}\n\n{_called(name, function)}\n\n{doc(function)}"


def _use_case(function: Callable[..., Any]) -> str:
    return _function(f"{function.__module__}.{function.__name__}", function)


def _called(name: str, function: Callable[..., Any]) -> str:
    """The call with its parameters, each on a line of its own where they are many."""
    signature = inspect.signature(function)
    listed = list(_written([p for p in signature.parameters.values() if p.name != "self"]))
    returned = "" if _is_class(function) else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(listed)}){returned}"
    if len(line) > WIDTH:
        inner = "".join(f"    {each},\n" for each in listed)
        line = f"{name}(\n{inner}){returned}"
    return f"```text\n{line}\n```"


def _is_class(function: object) -> bool:
    return inspect.isclass(function)


def _written(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """The parameters as they are written; annotations stand in the code as texts."""
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield str(each).replace(repr(each.annotation), str(each.annotation), 1)


def _methods(cls: type) -> str:
    """Properties in a table, then each method with its call."""
    found = list(_public(cls))
    values = [(code(n), code(_returns(v)), first_line(v) if v.__doc__ else "") for n, v in found if _is_property(v)]
    listed = [table(("name", "is", "what"), values)] if values else []
    return "\n\n".join([*listed, *(_method(n, v) for n, v in found if not _is_property(v))])


def _public(cls: type) -> Iterator[tuple[str, Any]]:
    for name, each in vars(cls).items():
        is_public = name == "__getitem__" or not name.startswith("_")
        if is_public and (inspect.isfunction(each) or isinstance(each, property)):
            yield name, each


def _is_property(each: object) -> bool:
    return isinstance(each, property)


def _returns(value: property) -> str:
    return str(inspect.get_annotations(value.fget).get("return", "")) if value.fget else ""


def _method(name: str, each: Callable[..., Any]) -> str:
    heading = "work[RecordClass]" if name == "__getitem__" else name
    return f"### {heading}\n\n{_called(name, each)}\n\n{doc(each)}"


def _described(names: dict[str, Any]) -> str:
    return table(("name", "what"), [(code(f"crmcore.{name}"), first_line(each)) for name, each in names.items()])


def _value(cls: type) -> str:
    return f"### {cls.__name__}\n\n{code(f'{cls.__module__}.{cls.__name__}')}. {doc(cls)}"


def _declarations() -> str:
    from crmcore.domain import facet, field, part, record

    kinds = ("text integer decimal money boolean date datetime choice choices reference json").split()
    rows = [(code(f"field.{name}"), first_line(getattr(field, name))) for name in kinds]
    options = [(code(name), code(str(kind))) for name, kind in inspect.get_annotations(field.Field).items()]
    declared = [
        ("crmcore.domain.record.record", record.record),
        ("crmcore.domain.part.part", part.part),
        ("crmcore.domain.part.parts", part.parts),
        ("crmcore.domain.facet.facet", facet.facet),
    ]
    parts = [_function(name, each) for name, each in declared]
    return "\n\n".join(
        [
            *parts,
            f"### Fields\n\n{FIELDS}\n\n{table(('declared as', 'holds'), rows)}",
            f"### Options of a field\n\n{doc(field.Field)}\n\n{table(('option', 'type'), options)}",
        ]
    )
