"""Where settings come from: an option over an environment variable over `crm.toml` in the working directory."""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from crmcore.domain.errors import InvalidSetting, UnknownName
from crmcore.domain.fold import visible

FILE: Final = "crm.toml"
VARIABLE: Final = "CRMCORE_"
NAMES: Final = ("database", "plugins", "actor", "zone", "currency", "sources", "log_reads")
LISTS: Final = ("plugins", "sources")
SWITCHES: Final = {"true": True, "false": False}
NO_ACCOUNT: Final = "system:crm"
Plugins = tuple[str, ...] | Literal["none"]


@attrs.frozen
class Settings:
    """What one run of `crm` works with.

    `plugins`: those that an option or a variable names; None: those recorded in the database. `new_plugins`: those of
    `crm.toml`, for a database that is new or upgraded. `sources`: systems of origin, the most trusted first.
    `log_reads`: reads of sensitive fields are logged.
    """

    database: str = "sqlite:///crm.db"
    plugins: Plugins | None = None
    new_plugins: Plugins | None = None
    actor: str = NO_ACCOUNT
    zone: str = "UTC"
    currency: str = "EUR"
    sources: tuple[str, ...] = ()
    log_reads: bool = False


def settings(options: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings of a run; an empty variable counts as not set. Raises InvalidSetting, UnknownName."""
    filed = read_file(folder / FILE)
    named = {n: v for n in NAMES if (v := environment.get(VARIABLE + n.upper()))}
    stated: dict[str, str] = {**named, **options}
    texts: dict[str, Any] = {n: v for n, v in {**filed, **stated}.items() if n != "plugins"}
    if "sources" in texts:
        texts["sources"] = _names(texts["sources"])
    if "log_reads" in texts:
        texts["log_reads"] = _switch(texts["log_reads"])
    return Settings(
        plugins=plugin_names(stated["plugins"]) if "plugins" in stated else None,
        new_plugins=plugin_names(filed["plugins"]) if "plugins" in filed else None,
        **{"actor": account(), **texts},
    )


def plugin_names(text: str) -> Plugins:
    """`"a,b"` as names; `"none"` is itself."""
    names = _names(text)
    return "none" if names == ("none",) else names


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for each in text.split(",") if (name := each.strip()))


def _switch(text: str) -> bool:
    if text not in SWITCHES:
        raise InvalidSetting(f"log_reads is true or false, not {text!r}", setting="log_reads")
    return SWITCHES[text]


def account() -> str:
    """Who acts if nobody is named: the operating system's name of the user."""
    try:
        name = visible(getpass.getuser()).strip()
    except (OSError, KeyError, ImportError):
        return NO_ACCOUNT
    return name or NO_ACCOUNT


def read_file(path: Path) -> dict[str, str]:
    """The settings in `crm.toml`; none if there is no such file. InvalidSetting, UnknownName name what is wrong."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InvalidSetting(f"{path.name} cannot be read: {error.strerror or error}", file=path.name) from None
    try:
        read = tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSetting(f"{path.name} is no TOML in UTF-8: {error}", file=path.name) from None
    return {name: _text(name, value) for name, value in read.items()}


def _text(name: str, value: Any) -> str:
    if name not in NAMES:
        raise UnknownName("setting", name, NAMES, FILE)
    if name in LISTS and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    if name == "log_reads" and isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or (not value.strip() and name not in LISTS):
        kind = "a list of names" if name in LISTS else "true or false" if name == "log_reads" else "a text"
        raise InvalidSetting(f"{FILE}: {name} is {kind}, not {value!r}", setting=name)
    return value


def of_process(options: Mapping[str, str]) -> Settings:
    """The settings of this process."""
    return settings(options, os.environ, Path.cwd())
