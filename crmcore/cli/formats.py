"""The formats of files that one database knows: those of the core, and those of its plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from crmcore.adapters.files import FORMATS, Files
from crmcore.plugins.formats import formats_of

if TYPE_CHECKING:
    from crmcore.crm import Crm


def format_option(help: str) -> Callable[[Any], Any]:
    """`--format`, which may name a format of a plugin: it is looked up when the database is open."""
    return click.option("--format", metavar="|".join(FORMATS), shell_complete=_complete, help=help)


def files_of(crm: Crm, format: str | None = None) -> Files:
    """The files of this Crm. Wrong usage for a format that neither the core nor an active plugin has."""
    files = Files(formats_of(crm.registry.hooks, crm.registry.slots))
    if format is not None and format not in files.formats:
        known = ", ".join(map(repr, files.formats))
        raise click.BadParameter(f"{format!r} is not one of {known}.", param_hint="'--format'")
    return files


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]
