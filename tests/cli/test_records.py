"""add, change, remove, show, history and timeline, from end to end."""

from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Crm

ENVELOPE = {"id", "version", "source", "external_id", "created_at", "changed_at"}
CUSTOMER = ENVELOPE | set(
    "kind name given_name family_name employer job_title email phone website street city region postal_code country "
    "language birth_date gender roles owner lead_source tags note archived".split()
)
WHOLE_VIEW = {
    "customer",
    "contact_points",
    "relationships",
    "timeline",
    "opportunities",
    "orders",
    "invoices",
    "open_balances",
    "value",
    "panels",
}


def now() -> str:
    """Give this moment as --as-of takes it."""
    return datetime.now(UTC).isoformat()


def test_a_record_is_added_with_the_names_of_the_contract(crm: Crm) -> None:
    """Programs that read the record would not find its fields."""
    made = crm.add("customer", "name=لیلا حسینی", "email=leila@example.com", "city=Cairo", "roles=lead;donor")
    assert set(made) >= CUSTOMER
    assert (made["name"], made["email"], made["city"]) == ("لیلا حسینی", "leila@example.com", "Cairo")
    assert (made["version"], made["kind"], made["archived"], made["phone"]) == (1, "person", False, None)
    assert made["roles"] == ["lead", "donor"]
    assert crm.json("show", "customer", made["id"]).done["customer"] == made


def test_letters_stay_letters_in_json(crm: Crm) -> None:
    """A Persian name would be a row of escapes to whoever looks at the output."""
    assert "لیلا" in crm.json("add", "customer", "name=لیلا").out


def test_a_value_that_does_not_fit_is_refused_with_every_problem(crm: Crm) -> None:
    """One problem at a time makes people run a command again and again."""
    refused = crm.json("add", "customer", "birth_date=31/12/1999", "archived=perhaps", "kind=human")
    assert refused.status == 1
    assert refused.error["type"] == "InvalidRecord"
    assert set(refused.error["problems"]) == {"birth_date", "archived", "kind"}
    assert crm.json("count", "customer").done == {"count": 0}


@pytest.mark.parametrize("name", ["version", "created_at", "changed_at"])
def test_what_crmcore_sets_itself_cannot_be_stated(crm: Crm, name: str) -> None:
    """A version or time that was given would be dropped in silence."""
    value = "7" if name == "version" else "2020-01-01"
    assert name in crm.json("add", "customer", "name=A", f"{name}={value}").error["problems"]
    id = crm.add("customer", "name=A")["id"]
    assert name in crm.json("change", "customer", id, f"{name}={value}").error["problems"]
    assert "id" in crm.json("change", "customer", id, f"id={id}").error["problems"]


def test_several_values_of_one_field(crm: Crm) -> None:
    """The second address would replace the first, or be lost."""
    made = crm.add("customer", "name=A", "email=a@example.com", "email=b@example.com")
    points = crm.json("show", "customer", made["id"]).done["contact_points"]
    assert [(each["value"], each["preferred"]) for each in points] == [
        ("a@example.com", True),
        ("b@example.com", False),
    ]
    assert crm.json("add", "customer", "name=A", "name=B").error["type"] == "InvalidRecord"


def test_a_change_gives_the_record_and_an_empty_value_clears(crm: Crm) -> None:
    """A wrong phone number could be replaced but never taken away."""
    made = crm.add("customer", "name=A", "phone=+20 2 1234", "city=Cairo")
    changed = crm.json("change", "customer", made["id"], "city=Giza", "phone=").done
    assert (changed["version"], changed["city"], changed["phone"]) == (2, "Giza", None)
    assert set(changed) >= CUSTOMER


def test_a_stale_version_is_refused_without_effect(crm: Crm) -> None:
    """Two people's changes would overwrite each other."""
    id = crm.add("customer", "name=A")["id"]
    assert crm.json("change", "customer", id, "name=B", "--version", "1").done["version"] == 2
    stale = crm.json("change", "customer", id, "name=C", "--version", "1").error
    assert (stale["type"], stale["expected"], stale["found"]) == ("ConcurrentChange", 1, 2)
    assert crm.json("remove", "customer", id, "--version", "1").error["type"] == "ConcurrentChange"
    assert crm.json("show", "customer", id).done["customer"]["name"] == "B"


def test_a_removed_record_is_gone_and_its_history_stays(crm: Crm) -> None:
    """What was removed could never be looked up again."""
    made = crm.add("customer", "name=A")
    assert crm.json("remove", "customer", made["id"]).done == made
    assert crm.json("show", "customer", made["id"]).error["type"] == "NotFound"
    items = crm.json("history", "customer", made["id"]).done["items"]
    assert [each["operation"] for each in items] == ["add", "remove"]


def test_what_is_referred_to_is_not_removed(crm: Crm) -> None:
    """An order would be left without its customer."""
    customer = crm.add("customer", "name=A")["id"]
    crm.add("order", f"customer={customer}", "ordered_at=2025-01-01")
    assert crm.json("remove", "customer", customer).error["type"] == "StillReferenced"


def test_references_are_given_by_what_people_know(crm: Crm) -> None:
    """Every owner and customer would have to be looked up by hand first."""
    sara = crm.add("user", "name=Sara", "email=sara@example.com", "external_id=7", "source=hr")["id"]
    for given in (sara, "Sara", "7", "email=sara@example.com", "external_id=7"):
        assert crm.add("customer", f"owner={given}")["owner"] == sara
    refused = crm.json("add", "customer", "owner=Omid").error
    assert "there is no user 'Omid'" in refused["problems"]["owner"]


def test_a_reference_that_fits_several_is_refused(crm: Crm) -> None:
    """The order would go to whichever of them came first."""
    for _ in range(2):
        crm.add("customer", "name=Ali")
    refused = crm.json("add", "order", "customer=Ali", "ordered_at=2025-01-01").error
    assert "may be any of" in refused["problems"]["customer"]


def test_history_says_who_changed_what_when(crm: Crm) -> None:
    """The audit trail could not be read, or not in its order."""
    id = crm.json("--actor", "sara", "add", "customer", "name=A").done["id"]
    crm.json("--actor", "plugin:sync", "change", "customer", id, "name=B", "city=Cairo")
    items = crm.json("history", "customer", id).done["items"]
    assert [set(each) for each in items] == [{"seq", "at", "actor", "work", "operation", "version", "changes"}] * 2
    assert [(each["actor"], each["operation"], each["version"]) for each in items] == [
        ("sara", "add", 1),
        ("plugin:sync", "change", 2),
    ]
    assert items[1]["changes"]["name"] == ["A", "B"]
    assert items[0]["seq"] < items[1]["seq"]
    assert items[0]["at"] < items[1]["at"]
    assert items[0]["work"] != items[1]["work"]


def test_history_for_people_has_a_row_for_each_field(crm: Crm) -> None:
    """Two changed fields in one row could not be told apart."""
    id = crm.add("customer", "name=A")["id"]
    crm("change", "customer", id, "name=B", "note=called")
    lines = crm("history", "customer", id).out.splitlines()
    assert [line.split()[-3:] for line in lines if " name " in line and " B" in line] == [["name", "A", "B"]]
    assert any(line.split() == ["note", "called"] for line in lines)


def test_as_of_shows_what_was_known_then(crm: Crm) -> None:
    """A complaint about last week's address could not be settled."""
    id = crm.add("customer", "name=A", "city=Cairo", "email=a@example.com")["id"]
    crm.add("order", f"customer={id}", "ordered_at=2025-01-01", "total=10 EUR", "external_id=1")
    then = now()
    crm.json("change", "customer", id, "city=Giza", "email=b@example.com")
    crm.json("change", "order", "external_id=1", "total=99 EUR")
    crm.add("order", f"customer={id}", "ordered_at=2025-01-02", "total=5 EUR", "external_id=2")
    crm.add("interaction", f"customer={id}", "at=2025-01-03", "channel=call")
    view = crm.json("show", "customer", id, "--as-of", then).done
    assert set(view) == WHOLE_VIEW
    assert view["customer"]["city"] == "Cairo"
    assert [each["value"] for each in view["contact_points"]] == ["a@example.com"]
    assert view["value"] == {"orders": 1, "totals": [{"amount": "10.00", "currency": "EUR"}]}
    assert [each["external_id"] for each in view["orders"]] == ["1"]
    assert [each["type"] for each in view["timeline"]] == ["order"]
    assert crm.json("show", "order", "external_id=1", "--as-of", then).done["total"]["amount"] == "10.00"
    today = crm.json("show", "customer", id).done
    assert today["customer"]["city"] == "Giza"
    assert today["value"] == {"orders": 2, "totals": [{"amount": "104.00", "currency": "EUR"}]}


def test_as_of_shows_the_relationships_of_then(crm: Crm) -> None:
    """Somebody would seem to have been employed before anybody knew of it."""
    id = crm.add("customer", "name=A")["id"]
    acme, globex = (crm.add("customer", "kind=organisation", f"name={name}")["id"] for name in ("Acme", "Globex"))
    first = crm.add("relationship", f"from_customer={acme}", f"to_customer={id}", "kind=employs")["id"]
    then = now()
    crm("change", "relationship", first, "kind=represents")
    crm.add("relationship", f"from_customer={globex}", f"to_customer={id}", "kind=employs")
    past = crm.json("show", "customer", id, "--as-of", then).done["relationships"]
    assert [(each["kind"], each["label"]) for each in past] == [("employed_by", "Acme")]
    today = crm.json("show", "customer", id).done["relationships"]
    assert {(each["kind"], each["label"]) for each in today} == {("represented_by", "Acme"), ("employed_by", "Globex")}


def test_as_of_before_the_record_was_there(crm: Crm) -> None:
    """A record would seem to have been there all along."""
    id = crm.add("customer", "name=A")["id"]
    assert crm.json("show", "customer", id, "--as-of", "2020-01-01").error["type"] == "NotFound"
    assert crm.json("show", "customer", id, "--as-of", "last week").error["type"] == "InvalidValue"


def test_the_whole_view_holds_what_the_contract_says(loyal: Crm) -> None:
    """Whoever is about to speak with the customer would miss a part of what is known."""
    employer = loyal.add("customer", "kind=organisation", "name=Acme")["id"]
    id = loyal.add("customer", "name=Leila", "email=leila@example.com", "loyalty.tier=bronze")["id"]
    loyal.add("relationship", f"from_customer={employer}", f"to_customer={id}", "kind=employs", "from_date=2020-01-01")
    loyal.add("order", f"customer={id}", "ordered_at=2025-01-01", "product=", "quantity=2", "unit_price=1.50 USD")
    loyal.add("order", f"customer={id}", "ordered_at=2025-02-01", "total=10 EUR")
    loyal.add("interaction", f"customer={id}", "at=2025-03-01", "channel=call", "subject=Asked for a price")
    loyal.add("invoice", f"customer={id}", "issued_on=2025-02-02", "due_on=2025-02-15", "total=10 EUR")
    view = loyal.json("show", "customer", "email=LEILA@example.com").done
    assert set(view) == WHOLE_VIEW
    assert view["customer"]["loyalty.tier"] == "bronze"
    assert view["panels"] == {"loyalty": {"tier": "bronze", "joined_on": None, "card_number": None}}
    assert view["contact_points"][0]["kind"] == "email"
    [seen] = view["relationships"]
    assert (seen["kind"], seen["label"], seen["customer"]) == ("employed_by", "Acme", employer)
    assert [(each["type"], each["at"]) for each in view["timeline"]] == [
        ("interaction", "2025-03-01T00:00:00Z"),
        ("invoice", "2025-02-02T00:00:00Z"),
        ("order", "2025-02-01T00:00:00Z"),
        ("order", "2025-01-01T00:00:00Z"),
    ]
    assert view["timeline"][0]["label"] == "Asked for a price"
    assert view["opportunities"] == []
    assert [each["total"]["currency"] for each in view["orders"]] == ["EUR", "USD"]
    [line] = view["orders"][1]["lines"]
    assert (line["quantity"], line["unit_price"]) == ("2.0000", {"amount": "1.50", "currency": "USD"})
    [invoice] = view["invoices"]
    assert (invoice["due_on"], invoice["days_overdue"] > 0) == ("2025-02-15", True)
    assert [invoice["open"]] == view["open_balances"] == [{"amount": "10.00", "currency": "EUR"}]
    assert "10.00 EUR" in loyal("show", "customer", "email=leila@example.com").out
    assert view["value"]["orders"] == 2
    assert {(each["amount"], each["currency"]) for each in view["value"]["totals"]} == {
        ("10.00", "EUR"),
        ("3.00", "USD"),
    }


def test_panels_and_facet_fields_are_there_for_those_who_have_none(loyal: Crm) -> None:
    """Every program would have to ask first whether a customer is a member."""
    id = loyal.add("customer", "name=A")["id"]
    view = loyal.json("show", "customer", id).done
    assert view["customer"]["loyalty.tier"] is None
    assert view["panels"] == {"loyalty": {"tier": None, "joined_on": None, "card_number": None}}


def test_the_whole_view_for_people(loyal: Crm) -> None:
    """A person would be shown JSON, or nothing of the orders."""
    id = loyal.add("customer", "name=Leila", "email=leila@example.com")["id"]
    loyal.add("order", f"customer={id}", "ordered_at=2025-02-01", "total=10 EUR")
    text = loyal("show", "customer", id).out
    assert all(part in text for part in ("Leila", "CONTACT POINTS", "leila@example.com", "ORDERS", "10.00 EUR"))
    assert "RELATIONSHIPS" not in text


def test_other_records_are_shown_flat_with_their_parts(crm: Crm) -> None:
    """An order would be shown without what was bought."""
    id = crm.add("order", "ordered_at=2025-01-01", "quantity=2", "unit_price=1.50 USD", "description=Tea")["id"]
    shown = crm.json("show", "order", id).done
    assert set(shown) == ENVELOPE | {"customer", "ordered_at", "status", "total", "discount", "lines"}
    assert shown["lines"][0]["description"] == "Tea"
    assert "LINES" in crm("show", "order", id).out


def test_records_are_found_by_unique_fields_and_contact_points(crm: Crm) -> None:
    """A script would have to know our ids."""
    id = crm.add("customer", "name=A", "email=a@example.com", "phone=+98 912 345 6789", "external_id=42", "source=x")[
        "id"
    ]
    for given in ("email=A@Example.com", "phone=+989123456789", "external_id=42", id, id.upper()):
        assert crm.json("show", "customer", given).done["customer"]["id"] == id
    assert crm.json("show", "customer", "external_id=42", "--source", "x").status == 0
    assert crm.json("show", "customer", "external_id=42", "--source", "y").error["type"] == "NotFound"


def test_one_that_fits_several_is_an_error_that_lists_them(crm: Crm) -> None:
    """One of two customers with the same address would be changed by chance."""
    ids = {crm.add("customer", f"name={name}", "email=shared@example.com")["id"] for name in ("Ali", "Reza")}
    refused = crm.json("show", "customer", "email=shared@example.com")
    assert refused.status == 1
    assert refused.error["type"] == "AmbiguousMatch"
    assert {each["id"] for each in refused.error["items"]} == ids == set(refused.error["ids"])
    assert {each["label"] for each in refused.error["items"]} == {"Ali", "Reza"}
    plain = crm("show", "customer", "email=shared@example.com")
    assert all(id in plain.err for id in ids)


@pytest.mark.parametrize("id", ["nonsense", "city=Cairo", "nme=A", "with_=A", "self=A", "=A", "source=a"])
def test_an_id_that_names_nothing_unique_is_refused(crm: Crm, id: str) -> None:
    """A record would be picked by what many share, or a traceback be shown."""
    crm.add("customer", "name=A", "city=Cairo", "source=a")
    assert crm.json("show", "customer", id).error["type"] in {"InvalidValue", "UnknownName", "InvalidSetting"}


def test_records_that_are_not_there(crm: Crm) -> None:
    """A script could not tell a typing error from an empty database."""
    unknown = "01234567-89ab-7def-8123-456789abcdef"
    for arguments in (["show"], ["history"], ["remove"]):
        assert crm.json(*arguments, "customer", unknown).error["type"] == "NotFound"
    assert crm.json("change", "customer", unknown, "name=A").error["type"] == "NotFound"
    assert crm.json("timeline", unknown).error["type"] == "NotFound"
    assert crm.json("show", "custmer", unknown).error["nearest"][0] == "customer"


def test_the_timeline_goes_on_where_it_stopped(crm: Crm) -> None:
    """Old entries would be out of reach, or be listed twice."""
    id = crm.add("customer", "name=A", "external_id=1")["id"]
    for day in range(1, 6):
        crm.add("interaction", f"customer={id}", f"at=2025-01-0{day}", "channel=call", "direction=in")
    seen, after = [], None
    while True:
        page = crm.json("timeline", "external_id=1", "--limit", "2", *(("--after", after) if after else ())).done
        assert set(page) == {"items", "next"}
        seen += [each["at"][:10] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"2025-01-0{day}" for day in (5, 4, 3, 2, 1)]
    [first, *_] = crm.json("timeline", id).done["items"]
    assert set(first) >= {"type", "id", "at", "label", "channel", "direction", "subject", "outcome"}
    assert crm.json("timeline", id, "--after", "nonsense").error["type"] == "InvalidValue"


def test_a_plugins_field_is_added_changed_and_guarded(loyal: Crm) -> None:
    """A plugin's fields would be second-class on the command line."""
    id = loyal.add("customer", "name=A", "loyalty.tier=bronze")["id"]
    assert loyal.json("change", "customer", id, "loyalty.tier=gold").status == 1
    changed = loyal.json("change", "customer", id, "loyalty.tier=gold", "loyalty.card_number=C-1").done
    assert (changed["loyalty.tier"], changed["loyalty.card_number"]) == ("gold", "C-1")
    operations = [each["operation"] for each in loyal.json("history", "customer", id).done["items"]]
    assert operations == ["add", "facet"]
    assert loyal.json("show", "customer", "loyalty.card_number=C-1").done["customer"]["id"] == id


def test_without_the_plugin_its_fields_are_unknown(crm: Crm) -> None:
    """A field of a plugin that is off would be stored nowhere, without a word."""
    assert crm.json("add", "customer", "name=A", "loyalty.tier=gold").error["type"] == "UnknownName"
