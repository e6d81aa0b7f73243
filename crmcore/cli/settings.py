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
NAMES: Final = ("database", "plugins", "actor", "zone", "currency")
NO_ACCOUNT: Final = "system:crm"
Plugins = tuple[str, ...] | Literal["none"]


@attrs.frozen
class Settings:
    """What one run of `crm` works with.

    `plugins`: those that an option or a variable names; None: those recorded in the database. `new_plugins`: those of
    `crm.toml`, for a database that is new or upgraded.
    """

    database: str = "sqlite:///crm.db"
    plugins: Plugins | None = None
    new_plugins: Plugins | None = None
    actor: str = NO_ACCOUNT
    zone: str = "UTC"
    currency: str = "EUR"


def settings(options: Mapping[str, str], environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings of a run; an empty variable counts as not set. Raises InvalidSetting, UnknownName."""
    filed = read_file(folder / FILE)
    named = {n: v for n in NAMES if (v := environment.get(VARIABLE + n.upper()))}
    stated: dict[str, str] = {**named, **options}
    texts = {n: v for n, v in {**filed, **stated}.items() if n != "plugins"}
    return Settings(
        plugins=plugin_names(stated["plugins"]) if "plugins" in stated else None,
        new_plugins=plugin_names(filed["plugins"]) if "plugins" in filed else None,
        **{"actor": account(), **texts},
    )


def plugin_names(text: str) -> Plugins:
    """`"a,b"` as names; `"none"` is itself."""
    names = tuple(name for each in text.split(",") if (name := each.strip()))
    return "none" if names == ("none",) else names


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
    if name == "plugins" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    if not isinstance(value, str) or (not value.strip() and name != "plugins"):
        kind = "a list of names" if name == "plugins" else "a text"
        raise InvalidSetting(f"{FILE}: {name} is {kind}, not {value!r}", setting=name)
    return value


def of_process(options: Mapping[str, str]) -> Settings:
    """The settings of this process."""
    return settings(options, os.environ, Path.cwd())
