"""list, count and search: what fits, no more, page by page; and nothing in a value or a name has power."""

import json

import pytest

from tests.cli.conftest import Crm

VALUES = [
    "' OR '1'='1",
    "'; DROP TABLE contact; --",
    "x') UNION SELECT password_hash FROM user --",
    "1; SELECT pg_sleep(5)",
    "\\",
    "\\' OR 1=1 --",
    "%",
    "_",
    "a_b",
    "100%",
    "*",
    "ʼ OR 1=1 --",
    "’; --",
    "' || (SELECT 1) || '",
    "E'\\''",
    "/*",
    "#",
    "''''''''",
    "((((((((((",
    "ي",
    "NULL",
    "true",
    "-1",
    "NaN",
    '{"$ne":null}',
    "__all__",
    "'+(select sqlite_version())+'",
    "{contact.name}",
    ":param",
    "%(x)s",
    "?1",
]
NAMES = [
    "name; DROP TABLE contact",
    'name" FROM user --',
    "name, (SELECT password_hash FROM user LIMIT 1)",
    "(CASE WHEN (SELECT 1)=1 THEN name ELSE email END)",
    "password_hash",
    "owner.password_hash",
    "owner->password_hash",
    "secret_note",
    "metadata",
    "facets",
    "_sa_instance_state",
    "__class__",
    "tenant_id",
    "name ASC; --",
    'name COLLATE "C"',
    "pg_sleep(5)",
    "name DESC NULLS LAST, secret_note",
    "nаme",
    "",
    " ",
]
LIMITS = ["-1", "0", "1e9", "1;DROP", "NaN", "99999999999999999999", "'", "10001", ""]
WORDS = ['"', "a OR b", "name:x", "a*", "-a", "NEAR(a b)", "a & !b", "<->", "--", "---", "-1", "--x"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Crm:
    """A database whose customers have the values as their names, and a few harmless ones."""
    folder = tmp_path_factory.mktemp("filled")
    rows = [json.dumps({"name": each}) for each in (*VALUES, "axb", "100 apples", "Leila", "a b")]
    (folder / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    made = Crm(f"sqlite:///{folder}/crm.db")
    assert made("import", "customer", str(folder / "rows.jsonl")).status == 0
    return made


def quoted(value: str) -> str:
    """Give a value as a text of the filter language."""
    return '"' + value.replace('"', '""') + '"'


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_only_itself(filled: Crm, value: str) -> None:
    """A quote or a wildcard in a value would find others, or run as SQL."""
    where = f"name = {quoted(value)} or name in ({quoted(value)})"
    assert filled.json("list", "customer", "--where", where, "--columns", "name").done["items"] == [{"name": value}]


def test_values_among_others_and_their_opposite(filled: Crm) -> None:
    """A list of values would end at a quote or a parenthesis in one of them."""
    listed = ", ".join(map(quoted, VALUES))
    items = filled.json("list", "customer", "--where", f"name in ({listed})").done["items"]
    assert sorted(each["name"] for each in items) == sorted(VALUES)
    others = " and ".join(f"name != {quoted(value)}" for value in VALUES)
    assert filled.json("count", "customer", "--where", others).done == {"count": 4}


@pytest.mark.parametrize(
    ("text", "fits"),
    [("%", {"%"}), ("_", {"_"}), ("a_b", {"a_b", "a b"}), ("100%", {"100%", "100 apples"}), ("*", {"*", "/*"})],
)
def test_containing_is_literal_but_for_the_fold(filled: Crm, text: str, fits: set[str]) -> None:
    """% and _ would fit everything; what the fold takes for a blank may stand for one."""
    items = filled.json("list", "customer", "--where", f'name ~ "{text}"').done["items"]
    assert {each["name"] for each in items} == fits


@pytest.mark.parametrize("value", [each for each in VALUES if each.strip(" \\'%*_#(/")])
def test_a_search_is_literal(filled: Crm, value: str) -> None:
    """A search would read its text as a pattern, or find what does not begin like it."""
    found = filled.json("search", value)
    assert value in {each["label"] for each in found.done["items"]}
    assert "Leila" not in {each["label"] for each in found.json["items"]}


@pytest.mark.parametrize("text", WORDS)
def test_a_search_has_no_syntax(filled: Crm, text: str) -> None:
    """Somebody who searches for a dash would be told about options or syntax."""
    found = filled.json("search", *(["--"] if text == "--" else []), text)
    assert set(found.done) == {"items"}


def test_what_a_search_gives(crm: Crm) -> None:
    """Programs that read the result would not find their keys; a customer would be missed for an accent."""
    id = crm.add("customer", "name=Luís Gonçalves", "email=luis@example.com")["id"]
    for text in ("luis goncalves", "LUIS", "luis@example.com", "Luís G"):
        [hit] = crm.json("search", text).done["items"]
        assert set(hit) == {"type", "id", "label", "score", "why"}
        assert (hit["type"], hit["id"], hit["label"]) == ("customer", id, "Luís Gonçalves")
    assert crm.json("search", "luis", "goncalves", "--limit", "1").done["items"][0]["score"] == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_field_is_refused_everywhere(filled: Crm, name: str) -> None:
    """A name would reach SQL, or a hidden field could be told from one that does not exist."""
    for option in ("--sort", "--columns"):
        refused = filled.json("list", "customer", option, name).error
        assert refused["type"] == "UnknownName"
        assert "unknown field of " in refused["message"]
    assert filled.json("list", "customer", "--where", f'{name} = "x"').error["type"] in {
        "PredicateError",
        "UnknownName",
    }


@pytest.mark.parametrize("name", ["name; DROP TABLE contact", "secret_note", "", "name, secret_note"])
def test_an_unknown_field_is_exported_by_nobody(filled: Crm, name: str) -> None:
    """An export would be the way round what a list refuses."""
    assert filled.json("export", "customer", "--columns", name, "--out", "x.csv").error["type"] == "UnknownName"


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize(
    "command", [["list", "customer"], ["search", "x"], ["timeline", "email=x"]], ids=lambda c: c[0]
)
def test_no_page_is_unlimited(filled: Crm, command: list[str], limit: str) -> None:
    """One request would load a whole database."""
    refused = filled.json(*command, "--limit", limit)
    assert refused.status == 2
    assert "--limit" in refused.error["message"]


def test_all_fields_are_listed_unless_some_are_asked_for(loyal: Crm) -> None:
    """A program that reads a list would miss fields, or get more than it asked for."""
    loyal.add("customer", "name=A", "email=a@example.com", "loyalty.tier=bronze")
    loyal.add("customer", "name=B")
    page = loyal.json("list", "customer", "--sort", "name").done
    assert set(page) == {"items", "next"}
    assert [each["loyalty.tier"] for each in page["items"]] == ["bronze", None]
    assert all(
        {"id", "version", "email", "city", "roles", "loyalty.card_number"} <= set(each) for each in page["items"]
    )
    columns = loyal.json("list", "customer", "--sort", "-name", "--columns", "name, loyalty.tier").done["items"]
    assert columns == [{"name": "B", "loyalty.tier": None}, {"name": "A", "loyalty.tier": "bronze"}]


def test_columns_reach_through_references_and_into_parts(crm: Crm) -> None:
    """A list of orders would show ids where people want names and places."""
    sara = crm.add("user", "name=Sara")["id"]
    id = crm.add("customer", "name=A", "city=Cairo", f"owner={sara}")["id"]
    tea = crm.add("product", "name=Tea", "code=T")["id"]
    crm.add("order", f"customer={id}", "ordered_at=2025-01-01", "product=Tea", "quantity=2", "unit_price=1 EUR")
    crm.add("order", "ordered_at=2025-01-02")
    names = "customer.city,customer.owner.name,product,quantity,lines"
    first, second = crm.json("list", "order", "--sort", "ordered_at", "--columns", names).done["items"]
    assert (first["customer.city"], first["customer.owner.name"]) == ("Cairo", "Sara")
    assert (first["product"], first["quantity"]) == ([tea], ["2.0000"])
    assert first["lines"][0]["product"] == tea
    assert (second["customer.city"], second["lines"]) == (None, [])
    for name in ("customer.nme", "customer.owner.nme", "total.amount", "customer."):
        assert crm.json("list", "order", "--columns", name).error["type"] == "UnknownName"


def test_pages_follow_each_other(crm: Crm) -> None:
    """Records would be listed twice or left out between pages."""
    for name in "CABED":
        crm.add("customer", f"name={name}")
    seen, after = "", None
    while True:
        page = crm.json(
            "list", "customer", "--sort", "name", "--limit", "2", *(("--after", after) if after else ())
        ).done
        seen += "".join(each["name"] for each in page["items"])
        after = page["next"]
        if after is None:
            break
    assert seen == "ABCDE"
    first = crm.json("list", "customer", "--sort", "name", "--limit", "2").done["next"]
    assert crm.json("list", "customer", "--sort", "-name", "--after", first).error["type"] == "InvalidValue"
    assert crm.json("list", "customer", "--after", "'; DROP").error["type"] == "InvalidValue"


def test_an_error_in_a_filter_is_pointed_at(crm: Crm) -> None:
    """A person would have to guess what is wrong with a long filter."""
    refused = crm.json("list", "customer", "--where", 'name = "A" and city == "Cairo"').error
    assert refused["type"] == "PredicateError"
    assert refused["position"] == 21
    assert refused["expected"]
    plain = crm("list", "customer", "--where", 'name = "A" and city == "Cairo"').err.splitlines()
    assert plain[-1].index("^") == plain[-2].index("==") + 1


def test_a_list_for_people_names_what_ids_stand_for(crm: Crm) -> None:
    """The owner of a customer would be shown as a number that nobody knows."""
    crm.add("user", "name=Sara")
    crm.add("customer", "name=Leila", "owner=Sara", "city=Cairo")
    lines = crm("list", "customer").out.splitlines()
    assert {"id", "name", "city", "owner"} <= set(lines[0].split())
    assert "Sara" in lines[2]


def test_nothing_in_a_cell_is_obeyed(crm: Crm) -> None:
    """A name with a control would move other text, or colour the terminal of whoever lists it."""
    crm.add("customer", "name=ali\u202egnp.exe\x1b[31m")
    for arguments in (["list", "customer"], ["search", "ali"], ["show", "customer", "name=ali\u202egnp.exe\x1b[31m"]):
        out = crm(*arguments).out
        assert "\\u202e" in out
        assert not {"\u202e", "\x1b"} & set(out)


def test_a_note_says_whether_there_is_more(crm: Crm) -> None:
    """A person would take the first page for all there is; --quiet would not be quiet."""
    for name in "AB":
        crm.add("customer", f"name={name}")
    listed = crm("list", "customer", "--limit", "1")
    assert "there are more: --after " in listed.err
    assert crm("--quiet", "list", "customer", "--limit", "1").err == ""
    assert crm.json("list", "customer", "--limit", "1").err == ""
