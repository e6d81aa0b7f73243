"""Contacts as common programs export them, their header rows byte for byte: taken in without a map."""

import csv
import datetime as dt
import io

import pytest

from crmcore.domain.errors import ImportRefused
from tests.application.importing.desk import Desk, counts, emails, phones
from tests.cases import data_file


def filled(name: str, *rows: dict[str, str], more: str = "") -> bytes:
    """A file with the header row of that program and these rows; a byte order mark, as Google writes it."""
    header = data_file(f"contact_csv_headers/{name}.csv").read_text(encoding="utf-8").strip()
    columns = next(csv.reader([header + more]))
    unknown = {column for row in rows for column in row} - set(columns)
    assert unknown == set()
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def test_google_contacts_of_2024(desk: Desk) -> None:
    """Whoever moves from Google would need a map, lose second addresses, or leave those behind who have no name."""
    leila = {
        "First Name": "لیلا",
        "Last Name": "حسینی",
        "Nickname": "Lili",
        "Organization Name": "Acme",
        "Organization Title": "Buyer",
        "Birthday": "1990-01-31",
        "Notes": "two\nlines",
        "Labels": "* myContacts ::: Friends",
        "E-mail 1 - Label": "* Home",
        "E-mail 1 - Value": "l@x.com ::: l2@x.com",
        "E-mail 2 - Value": "l3@x.com",
        "Phone 1 - Value": "0912 ::: 0913",
        "Address 1 - Formatted": "Azadi 1\nTehran",
        "Address 1 - Street": "Azadi 1\nUnit 3",
        "Address 1 - City": "Tehran",
        "Address 1 - Country": "IR",
        "Website 1 - Value": "https://example.com",
        "File As": "حسینی، لیلا",
    }
    report = desk.take(filled("google_contacts_2024", leila, {"Phone 1 - Value": "0999"}))
    assert (counts(report), report.rejects) == ((2, 2, 0, 0, 0), ())
    assert {"File As", "E-mail 1 - Label", "Photo", "Phonetic First Name"} <= set(report.left_out)
    first, second = desk.all()
    assert (first.name, first.employer, first.job_title) == ("لیلا حسینی", "Acme", "Buyer")
    assert (emails(first), phones(first)) == (["l@x.com", "l2@x.com", "l3@x.com"], ["0912", "0913"])
    assert (first.note, first.birth_date, "Friends" in first.tags) == ("two\nlines", dt.date(1990, 1, 31), True)
    assert [(a.street, a.city, a.country) for a in first.addresses] == [("Azadi 1\nUnit 3", "Tehran", "IR")]
    assert (second.name, emails(second), phones(second)) == (None, [], ["0999"])
    again = desk.take(filled("google_contacts_2024", leila))
    assert (again.created, again.unchanged) == (0, 1)


def test_google_contacts_before_2024(in_memory: Desk) -> None:
    """An older archive could not be read."""
    row = {
        "Name": "Leila Rad",
        "Given Name": "Leila",
        "Family Name": "Rad",
        "Group Membership": "* myContacts ::: Friends",
        "E-mail 1 - Type": "Home",
        "E-mail 1 - Value": "l@x.com",
        "Phone 4 - Value": "0912",
        "Organization 1 - Name": "Acme",
        "Organization 1 - Title": "Buyer",
        "Occupation": "Poet",
        "Address 1 - City": "Rasht",
        "Maiden Name": "Karimi",
    }
    report = in_memory.take(filled("google_contacts_legacy", row))
    assert (counts(report), "Occupation" in report.left_out) == ((1, 1, 0, 0, 0), True)
    [leila] = in_memory.all()
    assert (leila.name, leila.given_name, leila.employer, leila.job_title) == ("Leila Rad", "Leila", "Acme", "Buyer")
    assert (emails(leila), phones(leila), "Friends" in leila.tags) == (["l@x.com"], ["0912"], True)
    assert ([a.city for a in leila.addresses], [n.name for n in leila.alternative_names]) == (["Rasht"], ["Karimi"])


@pytest.mark.parametrize(
    ("name", "country"), [("google_as_outlook_csv", "Home Country"), ("outlook_com", "Home Country/Region")]
)
def test_the_form_of_outlook(in_memory: Desk, name: str, country: str) -> None:
    """The columns of three addresses would be mixed, or Outlook's users be asked about their hobbies."""
    row = {
        "First Name": "Omid",
        "Last Name": "Rad",
        "E-mail Address": "o@x.com",
        "E-mail 2 Address": "o2@x.com",
        "E-mail 3 Address": "o3@x.com",
        "Mobile Phone": "1",
        "Business Phone 2": "2",
        "Car Phone": "3",
        "Home Fax": "4",
        "Company": "Acme",
        "Job Title": "Buyer",
        "Home Street": "Azadi 1",
        "Home City": "Rasht",
        country: "Iran",
        "Business City": "Karaj",
        "Birthday": "1991-02-03",
        "Spouse": "Sara",
        "Hobby": "chess",
        "Web Page": "example.com",
        "Notes": "a\r\nb",
    }
    report = in_memory.take(filled(name, row))
    assert (counts(report), {"Spouse", "Hobby", "Business City"} <= set(report.left_out)) == ((1, 1, 0, 0, 0), True)
    [omid] = in_memory.all()
    assert (omid.name, omid.employer, omid.job_title, omid.note) == ("Omid Rad", "Acme", "Buyer", "a\r\nb")
    assert (emails(omid), sorted(phones(omid))) == (["o@x.com", "o2@x.com", "o3@x.com"], ["1", "2", "3"])
    assert [(a.street, a.city, a.country) for a in omid.addresses] == [("Azadi 1", "Rasht", "Iran")]


PIPEDRIVE = {
    "Person - Name*": "Leila Rad",
    "Person - Phone": "0912",
    "Person - Email (Work)": "l@x.com",
    "Person - Email (Home)": "home@x.com",
    "Organization - Name*": "Acme",
    "Organization - Address": "Azadi 1, Tehran",
    "Deal - Title": "Acme deal",
    "Deal - Value": "100.0",
    "Activity - Subject*": "Call",
    "Activity - Due date": "45631.0",
    "Note - Content*": "keen",
}


@pytest.mark.parametrize("name", ["pipedrive_sample_import", "pipedrive_sample_import_with_products"])
def test_pipedrive_gives_people_and_deals(desk: Desk, name: str) -> None:
    """One table of persons, organisations and deals could not be imported as either."""
    content = filled(name, PIPEDRIVE)
    report = desk.take(content)
    assert (counts(report), {"Deal - Value", "Activity - Due date"} <= set(report.left_out)) == ((1, 1, 0, 0, 0), True)
    [leila] = desk.all()
    assert (leila.name, leila.employer, leila.note) == ("Leila Rad", "Acme", "keen")
    assert (emails(leila), phones(leila)) == (["l@x.com", "home@x.com"], ["0912"])
    assert [a.street for a in leila.addresses] == ["Azadi 1, Tehran"]
    deals = desk.take(
        content, "opportunity", map='[columns]\n"Person - Name*" = { field = "customer", match = "name" }'
    )
    assert (counts(deals), "Person - Phone" in deals.left_out) == ((1, 1, 0, 0, 0), True)
    [deal] = desk.all("opportunity")
    assert (deal.name, str(deal.amount), deal.customer) == ("Acme deal", "100.00 EUR", leila.id)


def test_a_column_that_the_program_does_not_write_is_still_asked_about(in_memory: Desk) -> None:
    """A column that somebody added to the export, with what matters to them, would be left behind."""
    row = {"First Name": "Leila", "Shoe size": "39"}
    with pytest.raises(ImportRefused) as refused:
        in_memory.take(filled("google_contacts_2024", row, more=",Shoe size"))
    assert refused.value.details["columns"] == ["Shoe size"]
