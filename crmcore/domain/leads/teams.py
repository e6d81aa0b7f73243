"""The rotation, which gives leads to its members in turn or by load, and the record of every assignment."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record


def _at_least_one(value: Any) -> str | None:
    return None if 1 <= value <= 1_000_000 else f"{value} is out of bounds: from 1 to 1,000,000"


@part("member", label={"en": "Member", "fa": "عضو", "ar": "عضو"})
class Member(Part):
    """A user who takes a share of `weight`. `credit` is what the turns so far owe them, kept by crmcore; `capacity` is
    the most open leads that they can have; until `absent_until` they get none."""

    user: UUID = field.reference("user", index=True)
    weight: int = field.integer(default=1, validators=(_at_least_one,))
    credit: int = field.integer(default=0)
    capacity: int | None = field.integer(default=None, validators=(_at_least_one,))
    absent_until: dt.date | None = field.date(default=None)


def check_rotation(rotation: Rotation) -> Mapping[str, str]:
    """Everybody takes part once, and who is to be loaded evenly has a capacity."""
    problems = {}
    times = Counter(each.user for each in rotation.members)
    for index, each in enumerate(rotation.members):
        if times[each.user] > 1:
            problems[f"member[{index}].user"] = "takes part already"
        if rotation.strategy == "load" and each.capacity is None:
            problems[f"member[{index}].capacity"] = "is required where leads are given by load"
    return problems


@record(
    "rotation",
    label={"en": "Rotation", "fa": "نوبت‌دهی", "ar": "تناوب"},
    title=("name",),
    validators=(check_rotation,),
)
class Rotation(Record):
    """Who gets the leads of a line of business ("": of all that have no rotation of their own), and how."""

    name: str = field.text(unique=True, length=100)
    strategy: str = field.choice("round_robin", "load", default="round_robin")
    business_line: str = field.text(default="", length=100, fold=False, unique=True)
    members: tuple[Member, ...] = parts(Member, default=())


@record(
    "assignment",
    label={"en": "Assignment", "fa": "واگذاری", "ar": "إسناد"},
    title=("rule", "at"),
    append_only=True,
    indexes=(("lead", "at"),),
)
class Assignment(Record):
    """Who got a lead, by which rule and why, written by crmcore; a user or a queue."""

    lead: UUID = field.reference("lead", on_remove="follow")
    user: UUID | None = field.reference("user", default=None, index=True, kw_only=True, tells=("owner",))
    queue: str | None = field.text(default=None, length=100, kw_only=True)
    rule: str = field.text(length=100, fold=False)
    reason: str = field.text(length=500, tells=("owner", "queue"))
    at: dt.datetime = field.datetime()
