"""Settings: an option over a variable over crm.toml, and nothing in that file is overlooked."""

from pathlib import Path

import pytest

from crmcore.cli.settings import Settings, account, plugin_names, settings
from crmcore.domain.errors import InvalidSetting, UnknownName
from tests.cli.conftest import Crm, run


def test_an_option_wins_over_a_variable_and_that_over_the_file(tmp_path: Path) -> None:
    """A run would work on another database than the one that was named for it."""
    (tmp_path / "crm.toml").write_text('database = "sqlite:///file.db"\nzone = "Asia/Tehran"\ncurrency = "IRR"\n')
    variables = {"CRMCORE_DATABASE": "sqlite:///variable.db", "CRMCORE_ZONE": "Africa/Cairo"}
    found = settings({"database": "sqlite:///option.db"}, variables, tmp_path)
    assert (found.database, found.zone, found.currency) == ("sqlite:///option.db", "Africa/Cairo", "IRR")


def test_sources_and_logged_reads_are_set_in_the_file_or_by_variables(tmp_path: Path) -> None:
    """A merge would trust the wrong system, or reads that have to be logged would not be."""
    (tmp_path / "crm.toml").write_text('sources = ["erp", "web"]\nlog_reads = true\n')
    found = settings({}, {}, tmp_path)
    assert (found.sources, found.log_reads) == (("erp", "web"), True)
    other = settings({}, {"CRMCORE_SOURCES": "web,erp", "CRMCORE_LOG_READS": "false"}, tmp_path)
    assert (other.sources, other.log_reads) == (("web", "erp"), False)
    with pytest.raises(InvalidSetting, match="true or false, not 'maybe'"):
        settings({}, {"CRMCORE_LOG_READS": "maybe"}, tmp_path)


def test_without_any_setting(tmp_path: Path) -> None:
    """The contract's defaults would not hold."""
    assert settings({}, {"CRMCORE_DATABASE": ""}, tmp_path) == Settings(actor=account())
    assert Settings().database == "sqlite:///crm.db"
    assert (Settings().zone, Settings().plugins) == ("UTC", None)


@pytest.mark.parametrize(
    ("text", "names"), [("a,b", ("a", "b")), (" a , ,b ", ("a", "b")), ("none", "none"), ("", ()), ("a", ("a",))]
)
def test_plugins_are_named_in_one_text(text: str, names: object) -> None:
    """A blank beside a comma would name a plugin that does not exist."""
    assert plugin_names(text) == names


@pytest.mark.parametrize("given", ['["a", "b"]', '"a,b"'])
def test_plugins_of_the_file_are_for_new_databases(tmp_path: Path, given: str) -> None:
    """An existing database would be asked for plugins that it does not have, or lose sight of those that it has."""
    (tmp_path / "crm.toml").write_text(f"plugins = {given}")
    found = settings({}, {}, tmp_path)
    assert (found.plugins, found.new_plugins) == (None, ("a", "b"))
    assert settings({"plugins": "none"}, {}, tmp_path).plugins == "none"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('databse = "x"', UnknownName, "did you mean 'database'"),
        ("database = 1", InvalidSetting, "database is a text, not 1"),
        ('actor = " "', InvalidSetting, "actor is a text"),
        ("plugins = [1]", InvalidSetting, "plugins is a list of names, not [1]"),
        ("database =", InvalidSetting, "crm.toml is no TOML"),
        ("[table]\nx = 1", UnknownName, "unknown setting of crm.toml: 'table'"),
    ],
)
def test_what_the_file_says_wrongly_is_refused(tmp_path: Path, text: str, error: type, said: str) -> None:
    """A misspelt setting would be ignored, and the default database written to instead."""
    (tmp_path / "crm.toml").write_text(text)
    with pytest.raises(error, match=None) as raised:
        settings({}, {}, tmp_path)
    assert said in str(raised.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """A traceback would be all that a person sees of a file saved by an old editor."""
    (tmp_path / "crm.toml").write_bytes('actor = "Zoë"'.encode("utf-16"))
    with pytest.raises(InvalidSetting, match="no TOML in UTF-8"):
        settings({}, {}, tmp_path)
    (tmp_path / "crm.toml").write_bytes(b'\xef\xbb\xbfactor = "sara"')
    assert settings({}, {}, tmp_path).actor == "sara"


def test_a_folder_named_as_the_file_is_refused(tmp_path: Path) -> None:
    """A traceback would be shown."""
    (tmp_path / "crm.toml").mkdir()
    with pytest.raises(InvalidSetting, match="cannot be read"):
        settings({}, {}, tmp_path)


def test_the_variables_are_those_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CRMCORE_ACTOR and CRMCORE_DATABASE would have no effect."""
    monkeypatch.setenv("CRMCORE_DATABASE", f"sqlite:///{tmp_path}/named.db")
    monkeypatch.setenv("CRMCORE_ACTOR", "sara")
    id = run("--json", "add", "customer", "name=Leila").done["id"]
    assert (tmp_path / "named.db").is_file()
    assert run("--json", "history", "customer", id).done["items"][0]["actor"] == "sara"
    assert run("--json", "--actor", "omid", "change", "customer", id, "name=L").status == 0
    assert run("--json", "history", "customer", id).done["items"][1]["actor"] == "omid"


def test_without_a_name_the_account_acts(crm: Crm) -> None:
    """The history would name nobody, or every first command would be refused."""
    id = crm.add("customer", "name=Leila")["id"]
    assert crm.json("history", "customer", id).done["items"][0]["actor"] == account()


def test_the_zone_reads_times_without_one(crm: Crm) -> None:
    """Times would be off by hours for everybody outside UTC."""
    made = crm.json("--zone", "Asia/Tehran", "add", "interaction", "at=2025-01-15T10:00", "channel=call").done
    assert made["at"] == "2025-01-15T06:30:00Z"
    assert crm.json("--zone", "Nowhere/Else", "count", "customer").error["type"] == "InvalidSetting"


def test_the_currency_is_that_of_bare_amounts(crm: Crm) -> None:
    """A bare amount would be read in a currency that nobody meant."""
    made = crm.json("--currency", "USD", "add", "product", "name=Tea", "price=4.50").done
    assert made["price"] == {"amount": "4.50", "currency": "USD"}
    assert crm.json("--currency", "USD", "count", "product", "--where", "price > 4").done == {"count": 1}
    assert crm.json("count", "product", "--where", "price > 4").done == {"count": 0}
    assert crm.json("--currency", "usd", "count", "product").error["type"] == "InvalidSetting"
