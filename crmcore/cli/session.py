"""One run of `crm`: its options, its Crm, and how it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stdout
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

import crmcore
from crmcore.cli import output, settings
from crmcore.cli.settings import Plugins, Settings
from crmcore.domain.errors import CrmError
from crmcore.plugins.watch import Watchdog, watch_seconds

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork
    from crmcore.crm import Crm

PUMP_SECONDS = 2.0


def importing() -> AbstractContextManager[object]:
    """Around what imports plugins: they may print meanwhile, and the output is one document."""
    return redirect_stdout(sys.stderr)


class Session:
    """What commands are given. `options` holds the global options that were named; nothing is opened before it is
    needed."""

    def __init__(self, *, json: bool = False) -> None:
        self.options: dict[str, str] = {}
        self.json = json
        self.quiet = False
        self.answered = False
        self._opened: list[Crm] = []
        self._watching = ExitStack()
        self._watched = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of this run."""
        return settings.of_process(self.options)

    @cached_property
    def crm(self) -> Crm:
        """The Crm of this run, opened at first use."""
        return self.open()

    @cached_property
    def administration(self) -> Crm:
        """A Crm that imports no plugin: what is there is known from the database."""
        return self._open("none")

    def plugins(self) -> list[dict[str, Any]]:
        """Every plugin, also one that cannot be used: see `crm.plugins.list`."""
        wanted = self.settings.plugins
        if wanted is None and self.settings.new_plugins is not None and self.is_new():
            wanted = self.settings.new_plugins
        administered = self.administration.plugins
        with importing():
            return administered.list(() if wanted == "none" else wanted)

    def enroll(self) -> None:
        """Let observers of the plugins that are active now see what is written from now on."""
        self._open(None).workers.enroll()

    def open(self, *, upgrading: bool = False) -> Crm:
        """The Crm; the plugins of `crm.toml` count for a database that is new or being upgraded."""
        wanted, fresh = self.settings.plugins, self.settings.new_plugins
        if wanted is None and fresh is not None and (upgrading or self.is_new()):
            wanted = fresh
        return self._open(wanted)

    def is_new(self) -> bool:
        """Whether the database holds nothing of crmcore yet; looking makes nothing."""
        return self._open("none").storage.stamp() is None

    def _open(self, plugins: Plugins | None) -> Crm:
        wanted = plugins if plugins is None or isinstance(plugins, str) else list(plugins)
        chosen = self.settings
        with importing():
            crm = crmcore.open(
                chosen.database,
                plugins=wanted,
                zone=chosen.zone,
                currency=chosen.currency,
                sources=chosen.sources,
                log_reads=chosen.log_reads,
            )
        self._opened.append(crm)
        self._watch(crm)
        return crm

    def work(self) -> UnitOfWork:
        """A unit of work of the actor of this run."""
        return self.crm.work(actor=self.settings.actor)

    def snapshot(self) -> UnitOfWork:
        """A unit of work that only reads, all of it as of one moment."""
        return self.crm.work(actor=self.settings.actor, snapshot=True)

    def emit(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """The result: the document with --json, else its text. Once it stands, no other document follows it."""
        if self.json:
            output.write_json(document)
            self.answered = True
        elif shown := text():
            output.write_text(shown)

    def note(self, text: str) -> None:
        """Something beside the result, unless --quiet."""
        if not self.quiet:
            output.write_note(text)

    def pump(self) -> None:
        """Number what was written and let observers see it, as a command that wrote does before it ends; a failure
        undoes nothing, and jobs are a worker's."""
        try:
            self.crm.pump(PUMP_SECONDS, jobs=False)
        except CrmError as error:
            self.note(f"Warning: the feed is not up to date: {error.message}")

    @contextmanager
    def progress(self, label: str, length: Callable[[], int]) -> Iterator[Callable[[int], None]]:
        """A function to call with how much more is done; a bar on a terminal only, for which the length is asked."""
        if self.quiet or not output.is_terminal(sys.stderr):
            yield lambda done: None
            return
        most = max(length(), 1)
        with click.progressbar(length=most, label=label, file=sys.stderr) as bar:
            yield bar.update
            bar.update(most - bar.pos)  # the length was an estimate, the end is none

    def _watch(self, crm: Crm) -> None:
        """From now on, a hook of a plugin that hangs is named, also with --quiet: somebody sits and waits."""
        if crm.registry.names and not self._watched:
            self._watched = True
            self._watching.enter_context(Watchdog(watch_seconds(), output.write_note))

    def close(self) -> None:
        """Let go of the database."""
        self._watching.close()
        for crm in self._opened:
            crm.close()


pass_session = click.make_pass_decorator(Session, ensure=True)
