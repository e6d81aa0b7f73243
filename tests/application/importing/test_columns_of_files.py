"""Columns of a file and the fields that they are, without a map."""

import pytest

from crmcore.domain.errors import ImportRefused
from crmcore.testing.fakes import Restricted
from tests.application.importing.desk import Desk, counts, emails, phones
from tests.shared import SharedCrm

GOOGLE = (
    "First Name,Last Name,Nickname,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,"
    "E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Value,Address 1 - Street,Address 1 - City,Address 1 - Country,"
    "Website 1 - Value\n"
    'Leila,Hosseini,Lili,Acme,Buyer,1990-01-31,"two\nlines",* myContacts ::: Friends,* Home,l@x ::: l2@x,l3@x,0912,'
    "Azadi 1,Tehran,Iran,example.com\n"
)
OUTLOOK = (
    "First Name,Last Name,E-mail Address,E-mail 2 Address,Home Phone,Business Phone,Company,Business Street,"
    "Business City,Home Street,Home City,Home Country/Region,Web Page,Birthday,Spouse\n"
    "Omid,Rad,o@x,o2@x,1,2,Acme,B 1,Karaj,H 1,Rasht,Iran,example.org,1991-02-03,Sara\n"
)


def test_names_compare_without_case_blanks_and_underscores(in_memory: Desk) -> None:
    """A header written a little otherwise would have to be mapped by hand."""
    in_memory.take("Given Name,FAMILY_NAME,e-mail,Birth Date,Specimen Motto\nLeila,Rad,l@x,1990-01-02,go\n")
    [customer] = in_memory.all()
    assert (customer.given_name, customer.family_name, emails(customer)) == ("Leila", "Rad", ["l@x"])


def test_an_export_of_google_contacts_is_understood(in_memory: Desk) -> None:
    """Addresses joined by ::: would be one address, and every Google user would need a map."""
    report = in_memory.take(GOOGLE, ignore_unknown=True)
    assert (counts(report), report.left_out) == ((1, 1, 0, 0, 0), ("E-mail 1 - Label",))
    [leila] = in_memory.all()
    assert (leila.name, leila.note) == ("Leila Hosseini", "two\nlines")
    assert (leila.employer, leila.job_title) == ("Acme", "Buyer")
    assert (emails(leila), phones(leila)) == (["l@x", "l2@x", "l3@x"], ["0912"])
    assert leila.tags == {"* myContacts", "Friends"}
    assert [(a.street, a.city, a.country) for a in leila.addresses] == [("Azadi 1", "Tehran", "Iran")]
    assert [n.name for n in leila.alternative_names] == ["Lili"]


def test_the_parts_of_an_address_come_from_one_place(in_memory: Desk) -> None:
    """The street of the home would stand beside the city of the office."""
    with pytest.raises(ImportRefused, match="'Business Street' is another street") as refused:
        in_memory.take(OUTLOOK)
    assert refused.value.details["columns"] == ["Business Street", "Business City", "Spouse"]
    in_memory.take(OUTLOOK, ignore_unknown=True)
    [omid] = in_memory.all()
    assert [(a.street, a.city, a.country) for a in omid.addresses] == [("H 1", "Rasht", "Iran")]
    assert (emails(omid), phones(omid)) == (["o@x", "o2@x"], ["1", "2"])


@pytest.mark.parametrize(
    ("header", "name"), [("نام", "name"), ("الاسم", "name"), ("ايميل", "email"), ("شهر", "city"), ("المدينة", "city")]
)
def test_headers_in_persian_and_arabic_are_known(in_memory: Desk, header: str, name: str) -> None:
    """A file from Tehran or Cairo would need a map for its commonest columns."""
    in_memory.take(f"{header}\nvalue\n")
    assert len(in_memory.all(where=f'{name} = "value"')) == 1


def test_unknown_columns_are_listed_and_left_out_only_on_purpose(in_memory: Desk) -> None:
    """Data would be left behind without a word."""
    with pytest.raises(ImportRefused) as refused:
        in_memory.take("name,nots,shoe\nLeila,x,39\n")
    assert refused.value.details["columns"] == ["nots", "shoe"]
    assert "did you mean 'note'" in refused.value.message
    assert in_memory.take("name,nots,shoe\nLeila,x,39\n", ignore_unknown=True).left_out == ("nots", "shoe")
    ignored = in_memory.take("name,nots,shoe\nOmid,x,39\n", map='ignore = ["nots", "shoe"]')
    assert (ignored.created, ignored.left_out) == (1, ())


def test_two_columns_for_one_value_are_refused(in_memory: Desk) -> None:
    """One of two names would win by chance."""
    with pytest.raises(ImportRefused, match="'Full Name' is name, as 'name' is already"):
        in_memory.take("Full Name,name\nLeila Rad,Leila\n")


def test_what_crmcore_keeps_itself_is_left_out_and_told(in_memory: Desk) -> None:
    """A file with the time of creation could not be imported, or would rewrite when we learnt of somebody."""
    report = in_memory.take("name,created_at,version\nLeila,2001-01-01T00:00:00Z,9\n")
    assert (report.created, report.left_out) == (1, ("created_at", "version"))
    assert (in_memory.all()[0].version, in_memory.all()[0].created_at.year) == (1, 2025)


@pytest.mark.parametrize("hidden", ["birth_date", "email", "contact_points", "specimen.motto", "specimen"])
def test_a_hidden_field_does_not_exist(shared_memory: SharedCrm, in_memory: Desk, hidden: str) -> None:
    """Whoever may not see a field could write it, or learn that there is such a field."""
    crm = shared_memory.fresh(policy=Restricted(hidden={"customer": [hidden]}))
    column = {"specimen": "specimen.motto", "contact_points": "email"}.get(hidden, hidden)
    with pytest.raises(ImportRefused, match=f"'{column}' is no field"):
        Desk(crm, in_memory.rejected.parent).take(f"name,{column}\nLeila,x\n")


def test_a_name_is_put_together_from_its_parts(in_memory: Desk) -> None:
    """People with first and last name only would have no name to be found by; a given name would be overwritten."""
    in_memory.take("name,given_name,family_name\n,Leila,Rad\nDr Rad,Leila,Rad\n,,Rad\n")
    assert [each.name for each in in_memory.all()] == ["Leila Rad", "Dr Rad", "Rad"]


def test_json_lines_give_values_as_they_are(in_memory: Desk) -> None:
    """Lists, numbers and parts of JSON would be taken for their text."""
    line = (
        '{"name": "Leila", "tags": ["a;b"], "archived": true, "specimen.points": 7, "email": ["a@x", "b@x"], '
        '"addresses": [{"no": 4, "city": "Rasht", "preferred": false}], "owner": null}'
    )
    assert counts(in_memory.take(line, name="rows.jsonl")) == (1, 1, 0, 0, 0)
    [leila] = in_memory.all()
    assert (leila.tags, leila.archived, emails(leila)) == ({"a;b"}, True, ["a@x", "b@x"])
    assert [(a.no, a.city) for a in leila.addresses] == [(4, "Rasht")]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('[{"city": 3}]', "address[0].city"),
        ('[{"town": "x"}]', "no field 'town'"),
        ('["Rasht"]', "address[0] is an object"),
        ('{"city": "x"}', "expected a list"),
        ('[{"city": "x", "kind": "tent"}]', "address[0].kind"),
    ],
)
def test_whole_parts_are_read_strictly(in_memory: Desk, value: str, reason: str) -> None:
    """Parts that do not fit would be stored as they are, or stop the whole import."""
    report = in_memory.take(f'{{"name": "A", "addresses": {value}}}\n{{"name": "B"}}\n', name="rows.jsonl")
    assert counts(report) == (2, 1, 0, 0, 1)
    assert report.rejects[0].column == "addresses"
    assert reason in report.rejects[0].reason
