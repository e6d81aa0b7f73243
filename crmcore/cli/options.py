"""The global options, which may stand before a command or after it."""

from __future__ import annotations

from typing import Any, Final

import click

from crmcore.cli.session import Session

_TEXTS: Final = {
    "database": ("URL", "Where the records are; default sqlite:///crm.db.  [CRMCORE_DATABASE]"),
    "plugins": (
        "NAMES",
        "Active plugins: a,b,c; none: look and administer, write no record. Default: those recorded in the database, "
        "for a new one those of crm.toml.  [CRMCORE_PLUGINS]",
    ),
    "actor": ("NAME", "Who acts, for the history; default: your account's name.  [CRMCORE_ACTOR]"),
    "zone": ("ZONE", "Time zone of times given without one, such as Europe/Berlin; default UTC.  [CRMCORE_ZONE]"),
    "currency": ("CODE", "Base currency, of bare amounts in filters; default EUR.  [CRMCORE_CURRENCY]"),
}
_FLAGS: Final = {
    "json": "Print exactly one JSON document.",
    "quiet": "Print results and errors only.",
}


def _keep_text(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    if value is not None and option.name is not None:
        ctx.ensure_object(Session).options[option.name] = value
    return value


def _keep_flag(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    if value and option.name is not None:
        setattr(ctx.ensure_object(Session), option.name, True)
    return value


def global_options(hidden: bool = False) -> list[click.Option]:
    """The global options; `hidden` ones are accepted but not listed again."""
    shared: dict[str, Any] = {"expose_value": False, "is_eager": True, "hidden": hidden}
    texts = [
        click.Option([f"--{name}"], metavar=metavar, help=help, callback=_keep_text, **shared)
        for name, (metavar, help) in _TEXTS.items()
    ]
    flags = [
        click.Option([f"--{name}"], is_flag=True, help=help, callback=_keep_flag, **shared)
        for name, help in _FLAGS.items()
    ]
    return [*texts, *flags]


class Command(click.Command):
    """A command that takes the global options too."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.params.extend(global_options(hidden=True))
