"""The page of the command line: every command, argument and option, as `--help` has them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from crmcore.cli.options import global_options
from crmcore.cli.program import HELP, program
from docs.generate.markdown import code, document, escaped, table

SETTINGS = """\
The global options stand before a command or after it. Each but `--json` and `--quiet` is also an environment variable
(`CRMCORE_DATABASE`) and a name in `crm.toml` in the working directory; an option wins over a variable, and that over
the file."""


def page() -> str:
    """The page."""
    shown = [option for option in global_options() if not option.hidden]
    return document(
        "The command line",
        _paragraphs(HELP),
        f"## Global options\n\n{SETTINGS}\n\n{_options(shown)}",
        *(_command(path, command) for path, command in _walk(program, ("crm",))),
    )


def _walk(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group, info_name=path[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and cannot be had"
        if isinstance(command, click.Group):
            yield from _walk(command, (*path, name))
        else:
            yield (*path, name), command


def _command(path: tuple[str, ...], command: click.Command) -> str:
    with click.Context(command, info_name=" ".join(path)) as context:
        usage = " ".join((*path, *command.collect_usage_pieces(context)))
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    shown = f"\n\n{_options(options)}" if options else ""
    return f"## {' '.join(path)}\n\n{code(usage)}\n\n{_paragraphs(command.help or '')}{shown}"


def _options(options: list[click.Option]) -> str:
    return table(("option", "what"), [(_written(each), _what(each)) for each in options])


def _written(option: click.Option) -> str:
    names = ", ".join(option.opts)
    if option.is_flag:
        return code(names)
    choices = f"[{'|'.join(map(str, option.type.choices))}]" if isinstance(option.type, click.Choice) else ""
    return code(f"{names} {option.metavar or choices or option.type.name.upper()}")


def _what(option: click.Option) -> str:
    default = option.default
    shown = default is not None and option.show_default and not option.is_flag
    text = " ".join((option.help or "").split()).replace("  ", " ")
    return escaped(text) + (f" Default: {code(str(default))}." if shown else "")


def _paragraphs(text: str) -> str:
    return "\n\n".join(escaped(" ".join(paragraph.split())) for paragraph in text.strip().split("\n\n"))
