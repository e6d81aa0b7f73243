"""Checking records against their declaration, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.application.kernel import PartShape, Plan, Shape
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record

MISSING = "is required"


def _problems(shape: Shape, holder: Any) -> Iterable[tuple[str, str]]:
    for value, (name, check, optional) in zip(shape.values(holder), shape.checks, strict=True):
        if value is None:
            if not optional:
                yield name, MISSING
        elif problem := check(value):
            yield name, problem


def check_record(plan: Plan[Any], record: Record) -> None:
    """`InvalidRecord` with every problem of the record and its parts by name; parts as `line[0].quantity`."""
    problems = dict(_problems(plan.shape, record))
    for part in plan.parts:
        if held := getattr(record, part.attribute):
            problems.update(_part_problems(part, held))
    for validate in plan.type.options.validators if not problems else ():
        problems.update(validate(record))
    if problems:
        raise InvalidRecord(plan.type.name, problems)


def _part_problems(part: PartShape, held: tuple[Any, ...]) -> Iterable[tuple[str, str]]:
    for index, each in enumerate(held):
        place = f"{part.name}[{index}]"
        if not isinstance(each, part.cls):
            yield place, f"expected {part.cls.__name__}, got {type(each).__name__}"
        else:
            yield from ((f"{place}.{inner}", problem) for inner, problem in _problems(part.shape, each))
    numbers = [each.no for each in held if isinstance(each, part.cls) and each.no]
    if len(set(numbers)) != len(numbers):
        yield part.name, f"two of them have the same number: {numbers}"


def check_facet(facet: FacetType, shape: Shape, value: Facet) -> None:
    """`InvalidRecord` with every problem of a facet by dotted name."""
    problems = {f"{facet.name}.{name}": problem for name, problem in _problems(shape, value)}
    if problems:
        raise InvalidRecord(f"{facet.cls.__name__} of {facet.record}", problems)
