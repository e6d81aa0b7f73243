"""What plugins declare beside records, facets and workflows: frozen and checked when they are made.

Code that is needed only when somebody uses the thing is named by its import path, "package.module:attribute", and
imported then. A `label` maps a language to a text. All raise InvalidDeclaration for what cannot be.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from crmcore.domain.errors import InvalidDeclaration

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
DOTTED: Final = re.compile(r"(?=.{1,60}\Z)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
WORDS: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,20}")
TARGET: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
PERIODS: Final = ("hour", "day", "week", "month")
SHORTEST: Final = dt.timedelta(minutes=1)
CATCH_UP: Final = ("latest", "each")


def _refuse(spec: object, attribute: attrs.Attribute[Any], value: object, expected: str) -> None:
    known_as = getattr(spec, "name", getattr(spec, "key", None))
    of = f" {known_as!r}" if attribute.name not in ("name", "key") and isinstance(known_as, str) else ""
    raise InvalidDeclaration(f"{type(spec).__name__}{of}: {attribute.name} is {expected}, not {value!r}")


def _matches(pattern: re.Pattern[str], expected: str) -> Callable[[object, attrs.Attribute[Any], object], None]:
    def check(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            _refuse(spec, attribute, value, expected)

    return check


_name = _matches(NAME, "small Latin letters, digits and _, beginning with a letter, at most 40")
_dotted = _matches(DOTTED, "words of small Latin letters, digits and _, joined by dots, at most 60")
_words = _matches(WORDS, "small Latin letters, digits and -, beginning with a letter, at most 40")
_target = _matches(TARGET, "an import path, 'package.module:attribute'")


def _text(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        _refuse(spec, attribute, value, "a text")


def _sentence(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        _refuse(spec, attribute, value, "a text in one line")


def _suffixes(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    held = value if isinstance(value, tuple) else ()
    if not held or not all(isinstance(each, str) and SUFFIX.fullmatch(each) for each in held):
        _refuse(spec, attribute, value, "one or more endings of files in small letters, such as ('.vcf',)")


def _columns(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    held = value if isinstance(value, tuple) else (None,)
    if not all(isinstance(each, str) and each for each in held) or len(set(held)) != len(held):
        _refuse(spec, attribute, value, "a tuple of different names")


def _labels(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    held = value if isinstance(value, Mapping) else {None: None}
    if not all(isinstance(language, str) and isinstance(text, str) and text for language, text in held.items()):
        _refuse(spec, attribute, value, "a mapping of languages to texts, such as {'en': 'Points'}")


def _every(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    fits = value >= SHORTEST if isinstance(value, dt.timedelta) else isinstance(value, str) and value in PERIODS
    if not fits:
        _refuse(spec, attribute, value, f"one of {', '.join(PERIODS)}, or a timedelta of at least a minute")


def _catch_up(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or value not in CATCH_UP:
        _refuse(spec, attribute, value, f"one of {', '.join(CATCH_UP)}")


def _runnable(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    lazy = inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value)
    if lazy or not callable(value):
        _refuse(spec, attribute, value, "a plain function of one argument, the context")
    try:
        inspect.signature(value).bind(None)  # type: ignore[arg-type]  # callable, as checked above
    except (TypeError, ValueError):
        _refuse(spec, attribute, value, "a plain function of one argument, the context")


def _tuple(given: Iterable[str]) -> Any:
    return given if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)


def _frozen(given: Mapping[str, str]) -> Any:
    return MappingProxyType(dict(given)) if isinstance(given, Mapping) else given


def _label() -> Any:
    return attrs.field(factory=dict, converter=_frozen, validator=_labels, hash=False)


@attrs.frozen
class Command:
    """A command of the command line: `crm PLUGIN NAME`. `target` is a click command; `help` is its line in the list of
    commands, for which nothing is imported."""

    name: str = attrs.field(validator=_words)
    target: str = attrs.field(validator=_target)
    help: str = attrs.field(validator=_sentence)


@attrs.frozen
class Channel:
    """A way to reach customers, such as e-mail, by the name under which interactions and messages have it."""

    name: str = attrs.field(validator=_name)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Template:
    """The text of a message, under a key such as `loyalty.welcome`."""

    key: str = attrs.field(validator=_dotted)
    subject: str = attrs.field(validator=_text)
    body: str = attrs.field(validator=_text)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Format:
    """A format of files: its name, the endings of files that have it, and what reads and writes it, either or both."""

    name: str = attrs.field(validator=_name)
    suffixes: tuple[str, ...] = attrs.field(converter=_tuple, validator=_suffixes)
    reader: str | None = attrs.field(default=None, validator=attrs.validators.optional(_target))
    writer: str | None = attrs.field(default=None, validator=attrs.validators.optional(_target))

    def __attrs_post_init__(self) -> None:
        if self.reader is None and self.writer is None:
            raise InvalidDeclaration(f"Format {self.name!r}: give a reader, a writer, or both")


@attrs.frozen
class Report:
    """A report: `crm report NAME`. `target` makes its rows; `columns` are their names, where they are always the same."""

    name: str = attrs.field(validator=_dotted)
    target: str = attrs.field(validator=_target)
    columns: tuple[str, ...] = attrs.field(default=(), converter=_tuple, validator=_columns)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Metric:
    """A figure to which plugins contribute: its name and its unit, such as `money`, `points` or `days`."""

    name: str = attrs.field(validator=_dotted)
    unit: str = attrs.field(validator=_sentence)
    label: Mapping[str, str] = _label()


@attrs.frozen
class Job:
    """Work that is due again and again: `run` gets a context, once for each period; it may be run again for the same
    one, so that it has to come out the same.

    `every`: hour, day, week, month, or a timedelta of at least a minute. `catch_up`: after a standstill, `latest` runs
    for the last missed period only, `each` for all of them.
    """

    name: str = attrs.field(validator=_name)
    every: str | dt.timedelta = attrs.field(validator=_every)
    run: Callable[[Any], object] = attrs.field(validator=_runnable, repr=False)
    catch_up: str = attrs.field(default="latest", validator=_catch_up)
