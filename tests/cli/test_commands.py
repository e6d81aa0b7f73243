"""The commands as the contract names them, each documented."""

from collections.abc import Iterator

import click
import pytest

from crmcore.cli.groups import LazyGroup
from crmcore.cli.program import COMMANDS, program
from tests.cli.conftest import run

CONTRACT = {
    "": "--database --plugins --actor --json --quiet --zone --currency",
    "db upgrade": "",
    "db status": "",
    "db rekey": "",
    "worker": "--once",
    "doctor": "",
    "import": "--format --map --encoding --date-format --decimal --match --dry-run --rejects --on-duplicate --source "
    "--ignore-unknown",
    "export": "--format --where --columns --out --for",
    "list": "--where --sort --columns --limit --after",
    "count": "--where",
    "timeline": "--limit --after",
    "show": "--as-of --source",
    "search": "--limit",
    "add": "",
    "change": "--version",
    "remove": "",
    "history": "",
    "plugins list": "",
    "plugins show": "",
    "plugins why": "",
    "plugins doctor": "--retry",
    "plugins enable": "--archive",
    "plugins disable": "--move-to",
    "plugins retire": "",
    "plugins purge": "--yes --archive",
    "fields list": "--removed",
    "fields add": "--index --unique --personal --length --scale --option --target --label",
    "fields remove": "",
    "fields purge": "--yes",
    "demo": "--keep",
}


def found(path: str) -> click.Command:
    """Give the command at a path such as "db upgrade"."""
    command: click.Command = program
    for name in path.split():
        assert isinstance(command, click.Group)
        inner = command.get_command(click.Context(command), name)
        assert inner is not None, path
        command = inner
    return command


def everything(command: click.Command = program, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Give every command that there is, with its path."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from everything(inner, f"{path} {name}".strip())


@pytest.mark.parametrize("path", CONTRACT)
def test_every_command_and_option_of_the_contract_is_there(path: str) -> None:
    """A script that was written to the contract would fail."""
    options = {name for param in found(path).params for name in param.opts}
    assert set(CONTRACT[path].split()) - options == set()


@pytest.mark.parametrize(
    ("path", "command"), list(everything()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_everything_is_documented(path: str, command: click.Command) -> None:
    """A person would have to read the code to learn what a command or an option does."""
    assert (command.help or "").strip(), path
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not (option.help or "").strip()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    """The list is kept apart, so that it loads no command; the two would drift apart."""
    first = (found(name).help or "").split("\n\n")[0].replace("\n", " ")
    assert COMMANDS[name][1].rstrip(".").split(",")[0].split(";")[0] in first


def test_help_loads_no_command() -> None:
    """`crm --help` would take as long as the slowest import."""
    assert isinstance(program, LazyGroup)
    text = run("--help").out
    assert all(name in text for name in COMMANDS)


def test_global_options_stand_before_a_command_or_after_it() -> None:
    """`crm count customer --json` would be refused, or worse, answer in a table."""
    before = run("--database", "memory://", "--json", "count", "customer")
    after = run("count", "customer", "--json", "--database", "memory://")
    inside = run("db", "--json", "status", "--database", "memory://")
    assert before.done == after.done == {"count": 0}
    assert set(inside.done) == {"revision", "up_to_date"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lits"], "Did you mean 'list'?"),
        (["db", "upgrad"], "upgrad"),
        (["list"], "Missing argument 'RECORD'"),
        (["list", "customer", "--wher", "x"], "--wher"),
        (["add", "customer", "name"], "'name' is not FIELD=VALUE"),
        (["add", "customer", "=x"], "'=x' is not FIELD=VALUE"),
        (["change", "customer", "email=x", "name=y", "--version", "first"], "--version"),
        (["search"], "TEXT"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(arguments: list[str], said: str) -> None:
    """A script could not tell its own mistake from a refusal."""
    plain, as_json = run(*arguments), run("--json", *arguments)
    assert (plain.status, as_json.status) == (2, 2)
    assert said in plain.err
    assert "Usage: crm" in plain.err
    assert plain.out == ""
    assert as_json.error["message"] in plain.err


def test_without_a_command_the_help_is_shown() -> None:
    """Somebody who types `crm` to see what it is would be told only that something is missing."""
    bare = run()
    assert bare.status == 2
    assert "Commands:" in bare.err
    assert bare.out == ""


def test_the_version_is_that_of_the_package() -> None:
    """A report of a fault would name another version."""
    assert run("--version").out == "crm, version 0.1.0\n"


def test_the_shell_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The completion that click makes would not be reachable under the program's name."""
    monkeypatch.setenv("_CRM_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "crm list cust")
    monkeypatch.setenv("COMP_CWORD", "2")
    with pytest.raises(SystemExit) as ended:
        run("")
    assert ended.value.code == 0
