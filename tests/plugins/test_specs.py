"""Tests of what plugins declare beside records: what cannot be is refused where it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from crmcore.domain.errors import InvalidDeclaration, PluginFailed
from crmcore.plugins.specs import Channel, Command, Format, Job, Metric, Report, Template
from tests.plugins.made import made, refused

GOOD: dict[type[Any], dict[str, Any]] = {
    Command: {"name": "expire-points", "target": "loyalty.commands:group.expire", "help": "Expire points."},
    Channel: {"name": "sms", "label": {"fa": "پیامک"}},
    Template: {"key": "loyalty.welcome", "subject": "", "body": ""},
    Format: {"name": "vcf", "suffixes": [".vcf", ".vcard"], "reader": "a.b:C"},
    Report: {"name": "sales.summary", "target": "a:b", "columns": ["month", "amount"]},
    Metric: {"name": "points", "unit": "points"},
    Job: {"name": "expire", "every": dt.timedelta(minutes=1), "run": print, "catch_up": "each"},
}


async def later(context: object) -> None:
    """A job that would have to be awaited."""


def one_by_one(context: object) -> Iterator[None]:
    """A job that runs only when somebody looks."""
    yield


BAD = [
    *[
        (spec, "name", name)
        for spec in (Command, Channel, Format, Job)
        for name in ("", "Aa", "a b", "2", "é", "a" * 41)
    ],
    *[(Report, "name", name) for name in ("", ".", "a..b", "A.b", "a.2", "a" * 61, None)],
    (Template, "key", "loyalty/welcome"),
    *[(Command, "target", target) for target in ("a", "a:", ":b", "a.b", "a b:c", "os:system('x')", print)],
    *[(Command, "help", text) for text in ("", "  ", "one\ntwo", None)],
    *[(Template, "body", text) for text in (None, b"text")],
    *[(Format, "suffixes", each) for each in ((), ".vcf", ("vcf",), (".VCF",), (".a", ".a"), (".",), (1,), 3)],
    (Format, "reader", "no_module"),
    *[(Report, "columns", each) for each in ("month", ("a", "a"), ("",), (1,), 3)],
    *[(Metric, "label", each) for each in ("Points", {"en": ""}, {1: "x"}, None)],
    *[(Metric, "unit", each) for each in ("", None)],
    *[(Job, "every", each) for each in ("year", "", None, 60, dt.timedelta(seconds=59), dt.timedelta(days=-1))],
    *[(Job, "run", each) for each in (None, "a:b", later, one_by_one, lambda: None, lambda a, b: None)],
    (Job, "catch_up", "all"),
]


@pytest.mark.parametrize(("spec", "attribute", "value"), BAD)
def test_what_cannot_be_is_refused_with_its_name(spec: type[Any], attribute: str, value: Any) -> None:
    """The mistake would come out when somebody uses the thing, in code that is not its author's."""
    with pytest.raises(InvalidDeclaration, match=f"^{spec.__name__}.*: {attribute} is "):
        spec(**{**GOOD[spec], attribute: value})


@pytest.mark.parametrize("spec", GOOD, ids=lambda spec: spec.__name__)
def test_what_is_as_it_should_be_is_taken_and_does_not_change(spec: type[Any]) -> None:
    """An author who does as he is told would be refused; or change what the start has checked."""
    given = {name: dict(value) if isinstance(value, dict) else value for name, value in GOOD[spec].items()}
    one, other = spec(**given), spec(**given)
    for value in given.values():
        if isinstance(value, dict):
            value.clear()
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(AttributeError):
        one.name = "other"


def test_a_format_that_neither_reads_nor_writes_is_refused() -> None:
    """It would be offered to users and fail in their hands."""
    with pytest.raises(InvalidDeclaration, match="'vcf': give a reader, a writer, or both"):
        Format(name="vcf", suffixes=(".vcf",))


@attrs.define
class Loose(Channel):
    """A channel that can be changed after it was checked."""


@pytest.mark.parametrize("hook", ["jobs", "commands", "formats", "reports", "metrics", "channels", "templates"])
@pytest.mark.parametrize("answer", [None, "points", Channel, Loose(name="sms")])
def test_a_hook_that_returns_something_else_is_refused(hook: str, answer: object) -> None:
    """It would break in the middle of the core, where nobody knows whose it was."""
    error = refused(PluginFailed, made("odd", declares={hook: [answer]}))
    assert f"plugin 'odd', hook declare_{hook}: it returned " in str(error)
    assert "what is declared here is a " in str(error)
