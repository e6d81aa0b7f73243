"""Commands of plugins: `crm PLUGIN COMMAND`. A plugin's command is imported when it is used, and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, Final

import click

from crmcore.application.hooks.lending import lend, lend_to_look
from crmcore.cli import output, tables
from crmcore.cli.options import global_options
from crmcore.cli.session import Session
from crmcore.cli.settings import NAMES
from crmcore.crm import Crm
from crmcore.domain.errors import CrmError, InvalidSetting, nearest
from crmcore.plugins.refusal import refuse, text_of
from crmcore.plugins.slots import Slot
from crmcore.plugins.targets import fault, loaded
from crmcore.ports.work import Work

ARGUMENTS: Final = f"{__name__}.arguments"
"""Where a group keeps the arguments that stand after its own name."""


class Console:
    """What a command of a plugin is given; see `crmcore.plugins.console`."""

    def __init__(self, session: Session, plugin: str) -> None:
        self._session = session
        self._plugin = plugin
        self.wrote = False

    @property
    def crm(self) -> Crm:
        """The Crm of this run."""
        return self._session.crm

    @property
    def actor(self) -> str:
        """Who runs the command."""
        return self._session.settings.actor

    @property
    def json(self) -> bool:
        """Whether a document is asked for."""
        return self._session.json

    @contextmanager
    def work(self) -> Iterator[Work]:
        """A unit of work with the rights of the plugin."""
        with self._session.work() as unit:
            yield lend(unit, self._plugin)
        self.wrote = True

    @contextmanager
    def look(self) -> Iterator[Work]:
        """A unit of work that only reads, what the person may see."""
        with self._session.snapshot() as unit:
            yield lend_to_look(unit, self._plugin)

    def emit(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """The result, once."""
        if self._session.answered:
            raise InvalidSetting("a command has one result: emit it once")
        self._session.emit(document, text)
        self._session.answered = True

    def table(self, rows: list[dict[str, Any]]) -> str:
        """Rows of plain values as a table for people."""
        return tables.table(rows, most=output.terminal_width())

    def note(self, text: str) -> None:
        """Something beside the result."""
        self._session.note(text)


class PluginGroup(click.Group):
    """The commands of one plugin, which the database is asked for once one of them is to be run or listed."""

    def __init__(self, plugin: str) -> None:
        params: list[click.Parameter] = [*global_options(hidden=True)]
        super().__init__(plugin, help=f"Commands of the plugin {plugin}.", params=params, no_args_is_help=False)
        self.plugin = plugin

    def slots(self, ctx: click.Context) -> dict[str, Slot]:
        """The commands by name; wrong usage for a plugin that is not active here or has none."""
        session = ctx.ensure_object(Session)
        _read_ahead(session, ctx)
        registry = session.crm.registry
        found = {s.spec.name: s for s in registry.slots.get("command", {}).values() if s.plugin == self.plugin}
        if not found:
            active = self.plugin in registry.names
            why = "has no commands" if active else f"is not active here: crm plugins enable {self.plugin}"
            ctx.fail(f"The plugin {self.plugin!r} {why}.")
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(self.slots(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        slot = self.slots(ctx).get(cmd_name)
        return None if slot is None else command_of(ctx.ensure_object(Session), slot)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; wrong usage suggests the nearest."""
        ctx.meta[ARGUMENTS] = args
        known = self.slots(ctx)
        if args and args[0] not in known:
            close = nearest(args[0], known)
            hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, slot.spec.help) for name, slot in self.slots(ctx).items()])


def _read_ahead(session: Session, ctx: click.Context) -> None:
    """Take global options from what stands after the command too: which commands there are depends on the database."""
    args: Sequence[str] = ctx.meta.get(ARGUMENTS, ())
    for place, each in enumerate(args):
        if each == "--":
            return
        name, equals, value = each.removeprefix("--").partition("=")
        if each.startswith("--") and name in NAMES and (equals or place + 1 < len(args)):
            session.options.setdefault(name, value if equals else args[place + 1])


def command_of(session: Session, slot: Slot) -> click.Command:
    """A plugin's command as one of ours: with the global options, with what it is given, and its failures named.
    PluginFailed if the slot's spec names no click command."""
    hooks = session.crm.registry.hooks
    command = loaded(hooks, slot)
    if not isinstance(command, click.Command):
        refuse([fault(hooks, slot, f"{slot.spec.target} is a {type(command).__name__}, and no click command")])
    made: Any = copy(command)
    taken = {option for param in made.params for option in param.opts}
    made.params = [*made.params, *(each for each in global_options(hidden=True) if not taken & set(each.opts))]
    made.name = slot.spec.name
    made.make_context, made.invoke = _named(session, slot, made.make_context), _run(session, slot, made.invoke)
    ours: click.Command = made
    return ours


def _run(session: Session, slot: Slot, invoke: Callable[[click.Context], object]) -> Callable[[click.Context], None]:
    console = Console(session, slot.plugin or "")
    run = _named(session, slot, invoke)

    def invoked(ctx: click.Context) -> None:
        ctx.obj = console
        run(ctx)
        if session.json and not session.answered:
            console.emit({}, str)
        if console.wrote:
            session.pump()

    return invoked


def _named(session: Session, slot: Slot, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose errors of crmcore have the plugin's name; whatever else it raises is PluginFailed."""

    def named(*given: Any, **more: Any) -> Any:
        try:
            return function(*given, **more)
        except (KeyboardInterrupt, click.ClickException, click.exceptions.Exit, click.Abort, output.OutputFailed):
            raise
        except CrmError as error:
            error.details = {**error.details, "plugin": slot.plugin, "command": slot.spec.name}
            raise
        except BaseException as error:
            refuse([fault(session.crm.registry.hooks, slot, f"it raised {text_of(error)}", error)])

    return named
