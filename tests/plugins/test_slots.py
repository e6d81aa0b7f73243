"""Tests of names that all plugins share: two that want one are refused together, one may take over (PLG-11, PLG-12)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from crmcore.adapters import files
from crmcore.cli.program import COMMANDS
from crmcore.domain.errors import PluginConflict, PluginFailed
from crmcore.plugins import slots
from crmcore.plugins.formats import formats_of
from crmcore.plugins.registry import load
from crmcore.plugins.specs import Channel, Command, Format, Job, Metric, Report, Template
from tests.plugins.made import made, problems, refused


def report(name: str) -> Report:
    """A report."""
    return Report(name=name, target="a:b")


def metric(name: str) -> Metric:
    """A metric."""
    return Metric(name=name, unit="points")


def template(key: str) -> Template:
    """A template."""
    return Template(key=key, subject="", body="")


def format_(name: str, *suffixes: str) -> Format:
    """A format, by default with an ending like its name."""
    return Format(name=name, suffixes=suffixes or (f".{name}",), reader="a:b")


def job(name: str) -> Job:
    """A job."""
    return Job(name=name, every="day", run=print)


def command(name: str) -> Command:
    """A command."""
    return Command(name=name, target="a:b", help="Do.")


SHARED = {
    "report": ("reports", report),
    "metric": ("metrics", metric),
    "template": ("templates", template),
    "channel": ("channels", lambda name: Channel(name=name)),
    "format": ("formats", lambda name: format_(name, f".{name.replace('_', '')}")),
}


def plugin(name: str, kind: str, *names: str, **manifest: Any) -> Any:
    """A plugin that declares things of one kind."""
    hook, make = SHARED[kind]
    return made(name, declares={hook: [make(each) for each in names]}, **manifest)


def message(error: type[Any], *plugins: Any) -> str:
    """What is refused in any order of the plugins: always the same."""
    texts = {str(refused(error, *order, installed=())) for order in permutations(plugins)}
    assert len(texts) == 1
    return texts.pop()


@pytest.mark.parametrize("kind", sorted(SHARED))
def test_what_two_plugins_declare_is_refused_with_both(kind: str) -> None:
    """The one that comes later would win, and nobody would miss the other's."""
    text = message(PluginConflict, plugin("a", kind, "sales"), plugin("b", kind, "sales"))
    assert f"plugin 'a' and plugin 'b': the {kind} 'sales' is declared by each of them. Leave one plugin out" in text
    assert f"replaces=('{kind}:sales',) in the manifest of the one" in text


@pytest.mark.parametrize("kind", sorted(SHARED))
def test_names_that_read_alike_are_refused(kind: str) -> None:
    """Users would get the report of one plugin for that of the other."""
    text = message(PluginConflict, plugin("a", kind, "gift_card"), plugin("b", kind, "giftcard"))
    assert f"the {kind} 'gift_card' and the {kind} 'giftcard' are one name but for case, width, underscores" in text
    assert "replaces" not in text


@pytest.mark.parametrize("kind", sorted(SHARED))
def test_a_plugin_that_declares_a_name_twice_is_refused(kind: str) -> None:
    """One of its own would be lost."""
    text = message(PluginFailed, plugin("a", kind, "sales", "sales"))
    assert f"plugin 'a': the {kind} 'sales' is declared twice. Declare it once." in text


def test_suffixes_are_shared_too() -> None:
    """A file would be read by whichever plugin was found first."""
    one = made("a", declares={"formats": [format_("vcard", ".vcf")]})
    other = made("b", declares={"formats": [format_("contacts", ".vcf")]})
    assert "the suffix '.vcf' is declared by each of them" in message(PluginConflict, one, other)


def test_names_of_the_core_are_shared_too() -> None:
    """A plugin could read the host's spreadsheets in its own way."""
    text = message(PluginConflict, plugin("a", "format", "csv"))
    assert "plugin 'a': the format 'csv' is declared by the core too" in text
    assert "the suffix '.tab' is declared by the core too" in message(
        PluginConflict, made("a", declares={"formats": [format_("table", ".tab")]})
    )


@pytest.mark.parametrize("name", ["export", "cashflow", "cash_flow", "import_undo"])
def test_a_plugin_cannot_be_called_like_a_command_of_the_core(name: str) -> None:
    """`crm export` would be the plugin's, or its commands out of reach."""
    assert f"its commands would be called `crm {name} ...`" in message(PluginConflict, made(name))


def test_commands_and_jobs_are_each_plugins_own() -> None:
    """Authors would have to know the commands of all others."""
    declares = {"commands": [command("expire-points")], "jobs": [job("expire")]}
    registry = load([made("a", declares=declares), made("b", declares=declares)], installed=())
    assert list(registry.slots["command"]) == ["a.expire-points", "b.expire-points"]
    assert [registry.slots["job"][f"{name}.expire"].plugin for name in "ab"] == ["a", "b"]


@pytest.mark.parametrize(("hook", "make"), [("commands", command), ("jobs", job)])
def test_within_one_plugin_they_are_told_apart(hook: str, make: Any) -> None:
    """The second would take the first one's place."""
    error = refused(PluginFailed, made("a", declares={hook: [make("expire"), make("expire")]}))
    assert f"the {hook[:-1]} 'a.expire' is declared twice" in str(error)


@pytest.mark.parametrize("kind", sorted(SHARED))
def test_one_plugin_may_take_over_a_name(kind: str) -> None:
    """A host that likes another report better would have to do without the whole plugin."""
    first, second = plugin("a", kind, "sales"), plugin("z", kind, "sales", replaces=(f"{kind}:sales",))
    for order in permutations([first, second]):
        slot = load(order, installed=()).slots[kind]["sales"]
        assert slot.plugin == "z"
        assert slot.replaced is not None
        assert slot.replaced.plugin == "a"
        assert slot.spec is not slot.replaced.spec


def test_who_takes_over_a_format_of_the_core_gets_all_its_suffixes() -> None:
    """A file that could be read before would have no format any more."""
    better = made("better", declares={"formats": [format_("tsv", ".tsv", ".tabbed")]}, replaces=("format:tsv",))
    registry = load([better], installed=())
    found = registry.slots
    assert found["format"]["tsv"].replaced == slots.Slot("format", "tsv", None)
    assert {suffix for suffix, slot in found["suffix"].items() if slot.plugin == "better"} == {
        ".tsv",
        ".tab",
        ".tabbed",
    }
    assert found["suffix"][".csv"].plugin is None
    (usable,) = formats_of(registry.hooks, found)
    assert set(usable.suffixes) == {".tsv", ".tab", ".tabbed"}


def test_at_most_one_plugin_takes_over() -> None:
    """Of two that take over, one would lose without a word."""
    both = [plugin(name, "report", "sales", replaces=("report:sales",)) for name in "bc"]
    text = message(PluginConflict, plugin("a", "report", "sales"), *both)
    assert text.startswith("plugin 'b' and plugin 'c': each of them replaces the report 'sales', which one may.")


def test_what_takes_over_is_declared_once() -> None:
    """One of the two would be lost."""
    twice = plugin("b", "report", "sales", "sales", replaces=("report:sales",))
    text = message(PluginFailed, plugin("a", "report", "sales"), twice)
    assert text == "plugin 'b': the report 'sales' is declared twice. Declare it once."


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ("report:sails", "has that report. Did you mean 'report:sales'?"),
        ("report:visits", "neither the core nor an active plugin has that report. Leave that out"),
        ("format:csv", "declares no such format itself. Declare a format of exactly that name"),
        ("report:Sales", "has that report. Did you mean 'report:sales'?"),
        ("job:a.expire", "a job cannot be taken over. These can: channel, format, metric, report, template"),
        ("record:customer", "a record cannot be taken over"),
        ("suffix:.csv", "a suffix cannot be taken over"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(wanted: str, what: str) -> None:
    """A slip of the pen would leave both, or take over nothing, without a word."""
    first = made("a", declares={"reports": [report("sales")], "jobs": [job("expire")]})
    text = message(PluginFailed, first, plugin("b", "report", "visits", replaces=(wanted,)))
    assert text.startswith(f"plugin 'b': it replaces {wanted!r}, and ")
    assert what in text


def test_a_plugin_cannot_take_over_from_itself() -> None:
    """It would say nothing, and stand in the way of whoever means it."""
    text = message(PluginFailed, plugin("b", "report", "sales", replaces=("report:sales",)))
    assert "neither the core nor an active plugin has that report" in text


def test_all_conflicts_are_told_at_once() -> None:
    """An administrator would settle one, start, and meet the next."""
    declares: dict[str, Any] = {hook: [make("sales")] for hook, make in SHARED.values()}
    error = refused(PluginConflict, made("a", declares=declares), made("b", declares=declares))
    found = [str(each["what"]) for each in problems(error)]
    assert len(found) == len(SHARED)
    assert found == sorted(found)


def test_what_the_core_has_is_known_to_the_socket() -> None:
    """Who adds a command or format to the core takes the name from plugins that may have it: add it to the list."""
    assert set(COMMANDS) <= slots.COMMANDS
    assert sorted(slots.FORMATS) == sorted(files.FORMATS)
    assert {s: f for f, suffixes in slots.FORMATS.items() for s in suffixes} == files._SUFFIXES


def test_slots_do_not_change() -> None:
    """A plugin that is handed the registry could put itself in another's place."""
    found: Any = load([plugin("a", "report", "sales")], installed=()).slots
    with pytest.raises(TypeError):
        found["report"]["sales"] = None
    with pytest.raises(TypeError):
        found["report"] = {}
