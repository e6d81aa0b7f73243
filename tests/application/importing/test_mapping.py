"""Mapping files: what they say holds, and what they cannot mean is refused before anything is written."""

import datetime as dt
from decimal import Decimal

import pytest

from crmcore.application.importing import ImportPlan, read_mapping
from crmcore.domain.errors import ImportRefused, InvalidSetting
from tests.application.importing.desk import Desk, counts, emails

WHOLE = """
record = "customer"
ignore = ["internal"]
[columns]
nr = "external_id"
who = "name"
sort = { field = "kind", values = { P = "person", Firm = "organisation" } }
born = { field = "birth_date", date_format = "%d.%m.%Y" }
mails = { field = "email", split = "|" }
points = { field = "specimen.points", decimal = "," }
credit = { field = "specimen.credit", currency = "USD", decimal = "," }
[defaults]
source = "old crm"
lead_source = "fair"
tags = ["imported", "2025"]
birth_date = 1970-01-02
"""
FILE = "nr,who,sort,born,mails,points,credit,internal\n"


def test_each_rule_of_a_map_holds(desk: Desk) -> None:
    """A column would be read by another rule than the one that the map gives."""
    report = desk.take(FILE + '7,Leila,P,31.01.1990,a@x|b@x,"1.200","2.000,50",secret\n8,Acme,Firm,,,,,\n', map=WHOLE)
    assert counts(report) == (2, 2, 0, 0, 0)
    profile = next(iter(desk.crm.catalogue.facet_by_class))
    leila, acme = desk.all(with_=[profile])
    assert (leila.external_id, leila.source, leila.name, leila.kind) == ("7", "old crm", "Leila", "person")
    assert (leila.birth_date, emails(leila)) == (dt.date(1990, 1, 31), ["a@x", "b@x"])
    facet = leila.facet(profile)
    assert (facet.points, facet.credit.amount, facet.credit.currency) == (1200, Decimal("2000.50"), "USD")
    assert (leila.lead_source, leila.tags) == ("fair", {"imported", "2025"})
    assert (acme.kind, acme.birth_date, acme.facet_or_none(profile)) == ("organisation", dt.date(1970, 1, 2), None)


def test_a_value_that_the_map_does_not_list_is_refused(desk: Desk) -> None:
    """A new code of the other system would pass for something that it is not."""
    report = desk.take(FILE + "7,Leila,X,,,,,\n", map=WHOLE)
    assert [(r.line, r.column, r.value) for r in report.rejects] == [(2, "sort", "X")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("columns = 3", "columns is a table"),
        ("[columns]\nname = 3", "a field's name or a table"),
        ("[columns]\nname = { values = {} }", "does not say which `field`"),
        ("[colums]\nname = 'name'", "did you mean 'columns'"),
        ("[columns]\nname = { field = 'name', spilt = ';' }", "did you mean 'split'"),
        ("[columns]\nname = { field = 'owner', missing = 'guess' }", "one of reject, create, leave"),
        ("[columns]\nname = { field = 'name', decimal = ';' }", "one of ., ,"),
        ("[columns]\nname = { field = 'birth_date', calendar = 'mayan' }", "one of gregorian"),
        ("[columns]\nname = { field = 'kind', values = { a = 1 } }", "values.a is a text"),
        ("ignore = 'name'", "ignore is a list"),
        ("[defaults]\nname = 08:00:00", "cannot be"),
        ("not toml", "it is not TOML"),
        ("a = " + "[" * 5_000, "it is not TOML"),
    ],
)
def test_a_map_is_read_strictly(text: str, reason: str) -> None:
    """A slip of the pen in a map would silently change what is imported."""
    with pytest.raises(ImportRefused, match="the map cannot be used") as refused:
        read_mapping(text)
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[columns]\nnmae = 'name'", r"no column 'nmae' \(did you mean 'name'"),
        ("[columns]\nname = 'nmae'", r"no field 'nmae' \(did you mean 'name'"),
        ("[columns]\nname = 'name'\ncity = 'name'", "are both 'name'"),
        ("[columns]\nname = 'created_at'", "set by crmcore itself"),
        ("[defaults]\nnmae = 'x'", "no field 'nmae'"),
        ("[defaults]\nkind = 'robot'", "defaults do not fit"),
        ("[defaults]\nowner = 'Nobody'", "means no record"),
        ("[columns]\nname = { field = 'name', missing = 'leave' }", "is no reference"),
        ("[columns]\ncity = { field = 'owner', match = 'team' }", "cannot be matched by team"),
        ("[columns]\ncity = { field = 'specimen.adviser', match = 'specimen.card' }", "own fields"),
    ],
)
def test_a_map_that_does_not_fit_the_file_is_refused(in_memory: Desk, text: str, reason: str) -> None:
    """A map for another file, or for another type, would leave columns out or put them in the wrong field."""
    with pytest.raises(ImportRefused, match=reason):
        in_memory.take("name,city\nLeila,Rasht\n", map=text)
    assert in_memory.all() == []


def test_a_missing_record_is_created_only_from_what_makes_one(in_memory: Desk) -> None:
    """An order, say, would be made of nothing but its number."""
    with pytest.raises(ImportRefused, match="needs taken_at as well"):
        in_memory.take(
            "label,taken_at,parent\nA,2025-01-01,B\n",
            "specimen.sample",
            map="[columns]\nparent = { field = 'parent', missing = 'create' }",
        )


def test_a_map_for_another_type_is_refused() -> None:
    """Products would be read by the map of customers."""
    with pytest.raises(InvalidSetting, match="for customer, not for product"):
        ImportPlan(record="product", mapping=read_mapping('record = "customer"'))
    with pytest.raises(InvalidSetting, match="on_duplicate is one of"):
        ImportPlan(record="product", on_duplicate="replace")  # type: ignore[arg-type]  # as from a command line


def test_the_source_of_the_command_line_goes_over_that_of_the_map(in_memory: Desk) -> None:
    """Records would be booked under another system than the one that was named."""
    in_memory.take("external_id,name\n1,A\n", map='[defaults]\nsource = "map"', source="line")
    in_memory.take("external_id,name,source\n2,B,own\n3,C,\n", source="line")
    assert [each.source for each in in_memory.all()] == ["line", "own", "line"]
