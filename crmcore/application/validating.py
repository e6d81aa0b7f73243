"""Checking records against their declaration, all problems at once."""

from __future__ import annotations

from typing import Any

from crmcore.application.kernel import PartShape, Plan, Shape
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import Record

MISSING = "is required"
LAST_NUMBER = 1_000_000_000


def _problems(shape: Shape, holder: Any, place: str = "") -> dict[str, str]:
    """Each field's name (after `place`) with what is wrong. Bulk paths run this for every record and part."""
    found: dict[str, str] = {}
    for value, (name, check, optional) in zip(shape.values(holder), shape.checks, strict=True):
        if value is None:
            if not optional:
                found[place + name] = MISSING
        elif problem := check(value):
            found[place + name] = problem
    return found


def check_record(plan: Plan[Any], record: Record) -> None:
    """`InvalidRecord` with every problem of the record and its parts by name; parts as `line[0].quantity`."""
    problems = _problems(plan.shape, record)
    for part in plan.parts:
        if held := getattr(record, part.attribute):
            problems.update(_part_problems(part, held))
    for validate in plan.type.options.validators if not problems else ():
        problems.update(validate(record))
    if problems:
        raise InvalidRecord(plan.type.name, problems)


def _part_problems(part: PartShape, held: tuple[Any, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    numbers = set()
    for index, each in enumerate(held):
        if type(each) is not part.cls:
            found[f"{part.name}[{index}]"] = f"expected {part.cls.__name__}, got {type(each).__name__}"
            continue
        if type(each.no) is not int or not 0 <= each.no <= LAST_NUMBER:
            found[f"{part.name}[{index}].no"] = f"{each.no!r} is no number of a part: from 1 to {LAST_NUMBER:,}"
        numbers.add(each.no)
        if inner := _problems(part.shape, each):
            found.update({f"{part.name}[{index}].{name}": problem for name, problem in inner.items()})
    if not found and len(numbers) != len(held):
        found[part.name] = "two of them have the same number"
    return found


def check_facet(facet: FacetType, shape: Shape, value: Facet) -> None:
    """`InvalidRecord` with every problem of a facet by dotted name."""
    if problems := _problems(shape, value, facet.name + "."):
        raise InvalidRecord(f"{facet.cls.__name__} of {facet.record}", problems)
