"""The manifest: what a plugin says of itself before any of its hooks is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

import attrs

from crmcore.domain import catalogue
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.literal import is_reserved
from crmcore.domain.records import CORE

API: Final = 1
"""The version of the hook specifications; it grows when a plugin of an older one would no longer work."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
OPERATIONS: Final = ("read", "add", "change", "remove")


def squash(name: str) -> str:
    """A name without what people overlook: case, width, and underscores and dots between its words."""
    return unicodedata.normalize("NFKC", name).casefold().replace("_", "").replace(".", "")


TAKEN: Final = frozenset(map(squash, (*catalogue.TAKEN, "none", *(r.__crm__.name for r in CORE if r.__crm__))))


def _names(given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidDeclaration(f"a manifest has tuples of names: write ({given!r},)")
    return tuple(given)


def _check_name(plugin: Plugin, attribute: Any, name: Any) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidDeclaration(
            f"{name!r} cannot be a plugin's name: small Latin letters, digits and _, beginning with a letter, "
            "at most 30"
        )
    if squash(name) in TAKEN or is_reserved(squash(name)):
        raise InvalidDeclaration(
            f"{name!r} cannot be a plugin's name: it is, or reads like, a record type of the core or a word of the "
            "filter language"
        )


def _check_others(plugin: Plugin, attribute: attrs.Attribute[tuple[str, ...]], names: tuple[Any, ...]) -> None:
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InvalidDeclaration(f"plugin {plugin.name!r}: {attribute.name} has {name!r}, no plugin's name")
    if plugin.name in names:
        raise InvalidDeclaration(f"plugin {plugin.name!r} names itself in {attribute.name}")


def _check_capabilities(plugin: Plugin, attribute: Any, wanted: tuple[Any, ...]) -> None:
    for each in wanted:
        record, _, operation = each.partition(":") if isinstance(each, str) else ("", "", "")
        if not record or operation not in OPERATIONS:
            raise InvalidDeclaration(
                f"plugin {plugin.name!r}: capabilities has {each!r}; write a record type and one of "
                f"{', '.join(OPERATIONS)}, such as 'interaction:add'"
            )


def _check_slots(plugin: Plugin, attribute: Any, slots: tuple[Any, ...]) -> None:
    for each in slots:
        if not isinstance(each, str) or not all(each.partition(":")):
            raise InvalidDeclaration(
                f"plugin {plugin.name!r}: replaces has {each!r}; write what kind of thing it is and its name, such as "
                "'report:sales'"
            )


def _check_api(plugin: Plugin, attribute: Any, api: object) -> None:
    if type(api) is not int or api < 1:
        raise InvalidDeclaration(f"plugin {plugin.name!r}: api is a whole number from 1, not {api!r}")


def _check_path(plugin: Plugin, attribute: Any, path: object) -> None:
    if not isinstance(path, str) or not all(each.isidentifier() for each in path.split(".") if path):
        raise InvalidDeclaration(
            f"plugin {plugin.name!r}: migrations has {path!r}; write the import path of the package that holds its "
            "revisions, such as 'crmcore_loyalty.migrations'"
        )


def _check_text(plugin: Plugin, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidDeclaration(f"plugin {plugin.name!r}: {attribute.name} is text, not {value!r}")


@attrs.frozen
class Plugin:
    """A plugin's manifest: `plugin = Plugin(name="loyalty", ...)` in its module.

    `api`: the version of the hook specifications that it was written for. `requires`: plugins that must be active
    too; only their record types may be named in its declarations. `after`: plugins that come first if they are
    active. `conflicts`: plugins that must not be active. `version`: by default its distribution's. `capabilities`: what
    it may write beside its own records and facets, as "interaction:add". `replaces`: what it takes over from others, as
    "report:sales". `migrations`: import path of the package with the revisions of its tables, imported only to make or
    upgrade them. Raises InvalidDeclaration for a name that cannot be one.
    """

    name: str = attrs.field(validator=_check_name)
    api: int = attrs.field(default=1, validator=_check_api)
    requires: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_check_others)
    after: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_check_others)
    conflicts: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_check_others)
    description: str = attrs.field(default="", validator=_check_text)
    version: str = attrs.field(default="", validator=_check_text)
    capabilities: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_check_capabilities)
    replaces: tuple[str, ...] = attrs.field(default=(), converter=_names, validator=_check_slots)
    migrations: str = attrs.field(default="", validator=_check_path)
