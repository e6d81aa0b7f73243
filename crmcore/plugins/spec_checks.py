"""What the specs of plugins may say: validators and converters, each of which names spec, attribute and value."""

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


name = _matches(NAME, "small Latin letters, digits and _, beginning with a letter, at most 40")
dotted = _matches(DOTTED, "words of small Latin letters, digits and _, joined by dots, at most 60")
words = _matches(WORDS, "small Latin letters, digits and -, beginning with a letter, at most 40")
target = _matches(TARGET, "an import path, 'package.module:attribute'")


def text(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Any text."""
    if not isinstance(value, str):
        _refuse(spec, attribute, value, "a text")


def sentence(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A text in one line that is not blank."""
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        _refuse(spec, attribute, value, "a text in one line")


def suffixes(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Endings of names of files, with their dot."""
    held = value if isinstance(value, tuple) else ()
    fits = all(isinstance(each, str) and SUFFIX.fullmatch(each) for each in held)
    if not held or not fits or len(set(held)) != len(held):
        _refuse(spec, attribute, value, "a tuple of different endings of files in small letters, such as ('.vcf',)")


def columns(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Names of columns, none twice."""
    held = value if isinstance(value, tuple) else (None,)
    if not all(isinstance(each, str) and each for each in held) or len(set(held)) != len(held):
        _refuse(spec, attribute, value, "a tuple of different names")


def labels(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A mapping of languages to texts."""
    held = value if isinstance(value, Mapping) else {None: None}
    if not all(isinstance(language, str) and isinstance(text, str) and text for language, text in held.items()):
        _refuse(spec, attribute, value, "a mapping of languages to texts, such as {'en': 'Points'}")


def every(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A period by its name, or a span of at least a minute."""
    fits = value >= SHORTEST if isinstance(value, dt.timedelta) else isinstance(value, str) and value in PERIODS
    if not fits:
        _refuse(spec, attribute, value, f"one of {', '.join(PERIODS)}, or a timedelta of at least a minute")


def catch_up(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """What is done about periods that were missed."""
    if not isinstance(value, str) or value not in CATCH_UP:
        _refuse(spec, attribute, value, f"one of {', '.join(CATCH_UP)}")


def runnable(spec: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A plain function that can be called with one argument."""
    lazy = inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value)
    if lazy or not callable(value):
        _refuse(spec, attribute, value, "a plain function of one argument, the context")
    try:
        inspect.signature(value).bind(None)  # type: ignore[arg-type]  # callable, as checked above
    except (TypeError, ValueError):
        _refuse(spec, attribute, value, "a plain function of one argument, the context")


def as_tuple(given: Iterable[str]) -> Any:
    """An iterable as a tuple; a lone text stays one, and is refused."""
    plain: object = given
    return plain if isinstance(plain, str) or not isinstance(plain, Iterable) else tuple(plain)


def as_frozen(given: Mapping[str, str]) -> Any:
    """A mapping as one that nobody changes."""
    plain: object = given
    return MappingProxyType(dict(plain)) if isinstance(plain, Mapping) else plain
