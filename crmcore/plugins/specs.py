"""What plugins declare beside records, facets and workflows: frozen and checked when they are made.

Code that is needed only when somebody uses the thing is named by its import path, "package.module:attribute", and
imported then. A `label` maps a language to a text. All raise InvalidDeclaration for what cannot be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from crmcore.domain.errors import InvalidDeclaration
from crmcore.plugins import spec_checks as checks


def _label() -> Any:
    return attrs.field(factory=dict, converter=checks.as_frozen, validator=checks.labels, hash=False)


@attrs.frozen
class Command:
    """A command of the command line: `crm PLUGIN NAME`. `target` is a click command, which `@click.pass_obj` gives a
    `plugins.console.Console`; `help` is its line in the list of commands, for which nothing is imported."""

    name: str = attrs.field(validator=checks.words)
    target: str = attrs.field(validator=checks.target)
    help: str = attrs.field(validator=checks.sentence)


@attrs.frozen
class Channel:
    """A way to reach customers, such as e-mail, by the name under which interactions and messages have it."""

    name: str = attrs.field(validator=checks.name)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Template:
    """The text of a message, under a key such as `loyalty.welcome`."""

    key: str = attrs.field(validator=checks.dotted)
    subject: str = attrs.field(validator=checks.text)
    body: str = attrs.field(validator=checks.text)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Format:
    """A format of files: its name, the endings of files that have it, and what reads and writes it, either or both: a
    `FormatReader` and a `FormatWriter` of `ports.exchange`."""

    name: str = attrs.field(validator=checks.name)
    suffixes: tuple[str, ...] = attrs.field(converter=checks.as_tuple, validator=checks.suffixes)
    reader: str | None = attrs.field(default=None, validator=attrs.validators.optional(checks.target))
    writer: str | None = attrs.field(default=None, validator=attrs.validators.optional(checks.target))

    def __attrs_post_init__(self) -> None:
        if self.reader is None and self.writer is None:
            raise InvalidDeclaration(f"Format {self.name!r}: give a reader, a writer, or both")


@attrs.frozen
class Report:
    """A report: `crm report NAME`. `target` is a function of a `Reporting` that gives a `ReportTable`; `columns` are
    its columns, if they are fixed."""

    name: str = attrs.field(validator=checks.dotted)
    target: str = attrs.field(validator=checks.target)
    columns: tuple[str, ...] = attrs.field(default=(), converter=checks.as_tuple, validator=checks.columns)
    label: Mapping[str, str] = _label()

    def __attrs_post_init__(self) -> None:
        if self.name == "list":
            raise InvalidDeclaration("a report cannot be called 'list': `crm report list` lists the reports")


@attrs.frozen
class Metric:
    """A figure to which plugins contribute: its name and its unit, such as `points` or `days`; `money` has amounts in
    currencies."""

    name: str = attrs.field(validator=checks.dotted)
    unit: str = attrs.field(validator=checks.sentence)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Job:
    """Work that is due again and again: `run` gets a context, once for each period; it may be run again for the same
    one, so that it has to come out the same.

    `every`: hour, day, week, month, or a timedelta of at least a minute. `catch_up`: after a standstill, `latest` runs
    for the last missed period only, `each` for all of them.
    """

    name: str = attrs.field(validator=checks.name)
    every: str | dt.timedelta = attrs.field(validator=checks.every)
    run: Callable[[Any], object] = attrs.field(validator=checks.runnable, repr=False)
    catch_up: str = attrs.field(default="latest", validator=checks.catch_up)
