"""Which rows mean a record that is there, and what becomes of them."""

import pytest

from crmcore.domain.errors import ImportRefused
from crmcore.testing.fakes import Restricted
from tests.application.importing.desk import Desk, counts, emails, phones
from tests.shared import SharedCrm

FIRST = "name,email,phone\nLeila Rad,leila@x,0912 1\n"


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ("Leila Rad,leila@x,0912 1", True),
        ("leila  RAD,LEILA@X,", True),  # however it is written
        ("Leila Rad,other@x,09121", True),  # the phone will do
        ("Leila,leila@x,0912 1", False),  # a family may share an address
        ("Leila Rad,other@x,", False),
        (",leila@x,", True),  # it says nothing new
        (",leila@x,0999", False),
    ],
)
def test_a_customer_is_known_by_a_contact_and_the_name(desk: Desk, row: str, known: bool) -> None:
    """The same person would be there twice, or two people of one household would become one."""
    desk.take(FIRST)
    report = desk.take(f"name,email,phone\n{row}\n")
    assert (report.created, report.unchanged) == ((0, 1) if known else (1, 0))


def test_the_number_in_the_system_of_origin_comes_first(desk: Desk) -> None:
    """Two people with one e-mail address and name would be one, though their system tells them apart."""
    content = "external_id,name,email\n1,Leila,l@x\n2,Leila,l@x\n"
    assert counts(desk.take(content, source="a")) == (2, 2, 0, 0, 0)
    assert counts(desk.take(content, source="a")) == (2, 0, 0, 2, 0)
    other = desk.take("external_id,name,email\n1,Omid,o@x\n", source="b")
    assert counts(other) == (1, 1, 0, 0, 0)


def test_a_record_without_a_number_is_known_by_the_rest(desk: Desk) -> None:
    """A customer typed in by hand would be there twice once the shop is connected, and never get its number."""
    desk.take("name,email\nLeila,l@x\n")
    assert counts(desk.take("external_id,name,email\n7,Leila,l@x\n", source="shop", on_duplicate="update"))[2] == 1
    assert [(c.source, c.external_id) for c in desk.all()] == [("shop", "7")]
    desk.take("external_id,name,email\n9,Leila,l@x\n", source="news", on_duplicate="update")
    assert [(c.source, c.external_id) for c in desk.all()] == [("shop", "7")]


def test_a_product_is_known_by_its_code_and_a_user_by_the_name(desk: Desk) -> None:
    """A catalogue imported again would double, or sizes of one name become one product."""
    content = "code,name\nT-S,Tee\nT-M,Tee\n,Cap\n"
    assert counts(desk.take(content, "product")) == (3, 3, 0, 0, 0)
    assert counts(desk.take(content.replace("T-S", "t-s").replace("Cap", "CAP"), "product")) == (3, 0, 0, 3, 0)
    assert counts(desk.take("name\nSara\nsara\nOmid\n", "user")) == (3, 2, 0, 1, 0)


def test_a_product_is_known_by_its_number_whatever_its_code(desk: Desk) -> None:
    """A code that the shop has changed would be refused for ever, since its number is taken."""
    desk.take("external_id,code,name\n1,C-1,Tea\n", "product", source="shop")
    new = "external_id,code,name\n1,C-2,Tea\n1,C-3,Tea\n"
    assert counts(desk.take(new, "product", source="shop")) == (2, 0, 0, 2, 0)
    assert counts(desk.take(new, "product", source="shop", on_duplicate="update")) == (2, 0, 2, 0, 0)
    assert [(p.external_id, p.code) for p in desk.all("product")] == [("1", "C-3")]


def test_an_id_of_an_export_is_known(desk: Desk) -> None:
    """An export could not be edited and taken back; a number of another system would be taken for an id."""
    desk.take(FIRST)
    id = desk.all()[0].id
    report = desk.take(f"id,name\n{id},Leila R.\n42,Omid\n", on_duplicate="update")
    assert counts(report) == (2, 0, 1, 0, 1)
    assert "map the column to external_id" in report.rejects[0].reason
    assert [(c.id, c.name, phones(c)) for c in desk.all()] == [(id, "Leila R.", ["0912 1"])]


@pytest.mark.parametrize(
    ("match", "row", "known"),
    [
        ("email", "Somebody,Leila@X,,", True),
        ("email", "Leila Rad,other@x,0912 1,", False),
        ("name", "LEILA RAD,,,", True),
        ("specimen.card", "Somebody,,,C-1", True),
        ("specimen.card", "Leila Rad,leila@x,,C-2", False),
        ("specimen.card", "Leila Rad,leila@x,,", True),  # without the field, as usual
    ],
)
def test_one_field_alone_can_make_a_record_known(desk: Desk, match: str, row: str, known: bool) -> None:
    """A file of cards would double its people whose names are written in another way."""
    desk.take("name,email,phone,specimen.card\nLeila Rad,leila@x,0912 1,C-1\n")
    report = desk.take(f"name,email,phone,specimen.card\n{row}\n", match=match)
    assert (report.created, report.unchanged) == ((0, 1) if known else (1, 0))


def test_a_field_that_finds_nothing_cannot_be_asked_for(in_memory: Desk) -> None:
    """An import would double everything, because what it goes by is not there or tells nobody apart."""
    with pytest.raises(ImportRefused, match="by city"):
        in_memory.take("name,city\nA,Rasht\n", match="city")
    with pytest.raises(ImportRefused, match="no column of the file gives it"):
        in_memory.take("name\nA\n", match="email")


def test_of_several_that_fit_none_is_chosen(desk: Desk) -> None:
    """A row would change whichever of two records comes first."""
    desk.take("external_id,name,email\n1,Leila,l@x\n2,Leila,l@x\n")
    report = desk.take("name,email,note\nLeila,l@x,new\n", on_duplicate="update")
    assert counts(report) == (1, 0, 0, 0, 1)
    assert all(str(c.id) in report.rejects[0].reason for c in desk.all())


@pytest.mark.parametrize("choice", ["skip", "update", "create"])
def test_what_becomes_of_a_known_record(desk: Desk, choice: str) -> None:
    """A record would be changed though it was to be left alone, or blank cells would wipe what is known."""
    desk.take("external_id,name,email,note,specimen.points\n1,Leila,l@x,old,7\n", source="a")
    again = "external_id,name,email,note,specimen.points\n1,Leila,l2@x,,8\n1,Leila,l2@x,,8\n"
    report = desk.take(again, source="a", on_duplicate=choice)
    outcome = {"skip": (2, 0, 0, 2, 0), "update": (2, 0, 1, 1, 0), "create": (2, 0, 0, 0, 2)}
    assert counts(report) == outcome[choice]
    profile = next(iter(desk.crm.catalogue.facet_by_class))
    [leila] = desk.all(with_=[profile])
    points = leila.facet(profile).points
    assert (emails(leila), leila.note, points) == ((["l2@x"], "old", 8) if choice == "update" else (["l@x"], "old", 7))


def test_a_second_row_changes_what_the_first_has_left(desk: Desk) -> None:
    """The second of two rows for one person would undo the first, or be applied to what was there before."""
    report = desk.take(
        "external_id,name,note,city\n1,Leila,,\n1,,one,\n1,,,Rasht\n1,,two,\n", source="a", on_duplicate="update"
    )
    assert counts(report) == (4, 1, 3, 0, 0)
    assert [(c.note, c.addresses[0].city, c.version) for c in desk.all()] == [("two", "Rasht", 4)]


def test_rows_that_nothing_makes_known_are_known_by_all_that_they_say(desk: Desk) -> None:
    """The same file twice would double every call, and two equal sales of one day would become one."""
    content = "at,channel,subject\n2025-01-01,phone,hi\n2025-01-01,phone,hi\n2025-01-02,phone,\n"
    assert counts(desk.take(content, "interaction")) == (3, 3, 0, 0, 0)
    assert counts(desk.take(content, "interaction")) == (3, 0, 0, 3, 0)
    assert counts(desk.take("at,channel,subject\n2025-01-01,phone,ho\n", "interaction")) == (1, 1, 0, 0, 0)


def test_hidden_records_and_values_make_nothing_known(desk: Desk) -> None:
    """Whether somebody is a customer could be found out, or be changed, by whoever may not see it."""
    desk.take("name,email,lead_source\nLeila,l@x,secret\nOmid,o@x,open\n")
    kernel = desk.crm.kernel
    kernel.policy = Restricted(rows={"customer": 'lead_source = "open"'})
    assert counts(desk.take("name,email\nLeila,l@x\nOmid,o@x\n")) == (2, 1, 0, 1, 0)
    kernel.policy = Restricted(hidden={"customer": ["email"]})
    assert counts(desk.take("name,phone\nOmid,1\n")) == (1, 1, 0, 0, 0)


def test_a_crowd_with_one_address_is_told_apart_by_name(shared_sqlite: SharedCrm, in_memory: Desk) -> None:
    """Of the many customers of one office address, each would be created again, or cost a look at all others."""
    desk = Desk(shared_sqlite.fresh(), in_memory.rejected.parent)
    content = "name,email\n" + "".join(f"Person {n},office@x\n" for n in range(700))
    content += "Twin,office@x\n" + "".join(f"Twin,twin{n}@x\n" for n in range(200))
    assert counts(desk.take(content)) == (901, 901, 0, 0, 0)
    assert counts(desk.take(content)) == (901, 0, 0, 901, 0)


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_one_person_in_every_row_is_one_record(shared_sqlite: SharedCrm, in_memory: Desk, size: int) -> None:
    """A list of one person, written in many ways, would make as many customers, or take the longer the longer it is."""
    desk = Desk(shared_sqlite.fresh(), in_memory.rejected.parent)
    ways = ["ali@example.com", "ALI@example.com", " ali@example.com ", "Ali@EXAMPLE.com"]
    rows = "".join(f"Ali {n},{ways[n % 4]}\n" for n in range(size))
    steps: list[int] = []
    report = desk.take("name,email\n" + rows, match="email", progress=steps.append)
    assert counts(report) == (size, 1, 0, size - 1, 0)
    assert steps == list(range(500, size + 1, 500))  # so each batch is matched and let go of
