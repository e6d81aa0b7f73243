"""Groups of commands that are imported when they are used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from crmcore.cli.options import global_options
from crmcore.domain.errors import nearest


class LazyGroup(click.Group):
    """Commands by name: `lazy` has where each is found ("module:attribute") and what it does, in one line."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **given: Any) -> None:
        super().__init__(*args, **{"no_args_is_help": False, **given})
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of a day's work."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; wrong usage suggests the nearest."""
        if args and args[0] not in self.lazy:
            close = nearest(args[0], self.known())
            hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def known(self) -> list[str]:
        """The names among which the nearest to a wrong one is."""
        return list(self.lazy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in self.lazy.items()])


class ProgramGroup(LazyGroup):
    """The program: its own commands by name, and a group of commands for each plugin that is installed."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        return self._of_plugin(cmd_name) or super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; wrong usage suggests the nearest."""
        group = self._of_plugin(args[0]) if args else None
        return super().resolve_command(ctx, args) if group is None else (args[0], group, args[1:])

    def known(self) -> list[str]:
        """The program's own commands, and the installed plugins."""
        return [*self.lazy, *_installed()]

    def _of_plugin(self, name: str) -> click.Command | None:
        """The group of an installed plugin; neither the plugin is imported for it nor a database opened."""
        if name in self.lazy or name not in _installed():
            return None
        from crmcore.cli.plugin_commands import PluginGroup

        return PluginGroup(name)


def _installed() -> list[str]:
    from crmcore.plugins.starting.discovery import survey

    return [each.name for each in survey()[0]]


class Group(click.Group):
    """A group within the program, whose commands stand in one module."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **{"no_args_is_help": False, **given})
        self.params.extend(global_options(hidden=True))
