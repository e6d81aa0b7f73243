"""A plugin for the command line: a format of files, and commands that behave and that do not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import click

from crmcore import Interaction, Person
from crmcore.domain.errors import NotFound
from crmcore.plugins import Plugin, hookimpl
from crmcore.plugins.console import Console
from crmcore.plugins.specs import Command, Format
from crmcore.ports.exchange import BadRow, RawRow

plugin = Plugin("desk", capabilities=("interaction:add",))
COMMANDS = ("greet", "note", "grab", "raise", "miss", "exit", "silent", "twice", "nothing", "broken", "refuse")


@hookimpl
def declare_formats() -> Sequence[Format]:
    here = __name__
    return [Format("cards", (".cards",), reader=f"{here}:read_cards", writer=f"{here}:CardWriter")]


@hookimpl
def declare_commands() -> Sequence[Command]:
    return [Command(name, f"{__name__}:{name}_", f"What {name} does.") for name in COMMANDS]


def read_cards(file: BinaryIO) -> Iterator[RawRow | BadRow]:
    """Cards of `name: value` lines, parted by empty lines."""
    values: dict[str, str] = {}
    start = 1
    for number, line in enumerate([*file.read().decode().split("\n"), ""], 1):
        name, colon, value = line.partition(":")
        if colon:
            values[name.strip()] = value.strip()
        elif line:
            yield BadRow(number, None, line, "no name and value", line)
        else:
            if values:
                yield RawRow(start, values)
            values, start = {}, number + 1


class CardWriter:
    """Writes what `read_cards` reads."""

    def __init__(self, file: BinaryIO, columns: tuple[str, ...]) -> None:
        self._file = file
        self._columns = columns

    def write(self, values: Mapping[str, str]) -> None:
        """One card."""
        lines = [f"{name}: {values[name]}\n" for name in self._columns if name in values]
        self._file.write("".join([*lines, "\n"]).encode())

    def finish(self) -> None:
        """Say that this is the end."""
        self._file.write(b"end: yes\n")


@click.command()
@click.argument("name")
@click.option("--loud", is_flag=True)
@click.pass_obj
def greet_(console: Console, name: str, loud: bool) -> None:
    """Greet somebody."""
    said = f"Hello {name.upper() if loud else name}, says {console.actor}"
    console.emit({"said": said}, lambda: said)
    console.note("that was it")


@click.command()
@click.pass_obj
def note_(console: Console) -> None:
    """Add an interaction, which the capability allows."""
    with console.work() as work:
        kept = work.interactions.add(Interaction(work.now(), "desk"))
    with console.look() as work:
        rows = [{"channel": each.channel} for each in work.interactions.query().items]
    console.emit({"id": str(kept.id), "items": rows}, lambda: console.table(rows))


@click.command()
@click.pass_obj
def grab_(console: Console) -> None:
    """Add a customer, which no capability allows."""
    with console.work() as work:
        work.customers.add(Person("Nobody"))


@click.command()
def raise_() -> None:
    """Raise something."""
    raise ZeroDivisionError("of all things")


@click.command()
def miss_() -> None:
    """Raise an error of crmcore."""
    raise NotFound("there is no such desk", id="5")


@click.command()
def exit_() -> None:
    """End the process."""
    sys.exit(7)


@click.command()
def silent_() -> None:
    """Say nothing."""


@click.command()
@click.pass_obj
def twice_(console: Console) -> None:
    """Say it twice."""
    for _ in range(2):
        console.emit({}, str)


def refusing(context: click.Context, option: click.Parameter, value: object) -> object:
    """A callback that fails while the arguments are read."""
    raise RuntimeError("while reading")


@click.command()
@click.option("--any", callback=refusing)
def refuse_(any: object) -> None:
    """Never come so far."""


nothing_ = "no command"
