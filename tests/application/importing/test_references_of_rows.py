"""References: which record a text means."""

from typing import Any

import pytest

from crmcore.application.importing import entries
from crmcore.testing.fakes import Restricted
from tests.application.importing.desk import Desk, counts

PEOPLE = "external_id,name,email,source\n1,Leila,l@x,a\n2,Omid,o@x,a\n1,Sara,s@x,b\n,Mina,m@x,\n"
CALLS = "at,channel,customer\n2025-01-01,phone,{}\n"


def named(desk: Desk) -> Any:
    """The names of the customers of all interactions, in order."""
    names = {customer.id: customer.name for customer in desk.all()}
    return [names.get(each.customer) for each in desk.all("interaction")]


@pytest.mark.parametrize(
    ("text", "source", "name"),
    [
        ("1", "a", "Leila"),
        ("1", "b", "Sara"),  # the row's own source decides
        ("2", None, "Omid"),  # where the row names none, a number that is unique will do
        ("sara", "a", "Sara"),
        ("M@X", "a", "Mina"),
        ("", "a", None),
    ],
)
def test_a_text_means_the_record_that_it_identifies(desk: Desk, text: str, source: str, name: str | None) -> None:
    """A call would be booked on a customer of another shop who happens to have the same number."""
    desk.take(PEOPLE)
    assert counts(desk.take(CALLS.format(text), "interaction", source=source)) == (1, 1, 0, 0, 0)
    assert named(desk) == [name]


@pytest.mark.parametrize(
    ("text", "source", "reason"),
    [("1", None, "several records"), ("2", "b", "no customer '2'"), ("Nobody", "a", "no customer 'Nobody'")],
)
def test_what_means_nobody_for_certain_is_refused(desk: Desk, text: str, source: str, reason: str) -> None:
    """A call would be lost to whoever comes first, or to nobody at all."""
    desk.take(PEOPLE)
    report = desk.take(CALLS.format(text), "interaction", source=source)
    assert counts(report) == (1, 0, 0, 0, 1)
    assert (report.rejects[0].column, report.rejects[0].value) == ("customer", text)
    assert reason in report.rejects[0].reason


def test_an_id_means_its_record(desk: Desk) -> None:
    """An export could not be taken in again."""
    desk.take(PEOPLE)
    mina = desk.all()[3]
    desk.take(CALLS.format(str(mina.id).upper()), "interaction", source="a")
    assert named(desk) == ["Mina"]


@pytest.mark.parametrize(
    ("missing", "match", "expected", "names"),
    [
        ("reject", "name", (3, 1, 0, 0, 2), ["Leila"]),
        ("leave", "name", (3, 3, 0, 0, 0), ["Leila", None, None]),
        ("create", "name", (3, 3, 0, 0, 0), ["Leila", "Nima", "Nima"]),
    ],
)
def test_the_map_says_what_becomes_of_the_missing(
    desk: Desk, missing: str, match: str, expected: tuple[int, ...], names: list[str | None]
) -> None:
    """Calls of unknown customers would be refused though they were to stay, or make a customer each."""
    desk.take(PEOPLE)
    rule = f"[columns]\nwho = {{ field = 'customer', match = '{match}', missing = '{missing}' }}"
    content = "at,channel,who\n2025-01-01,phone,Leila\n2025-01-02,phone,Nima\n2025-01-03,phone,NIMA\n"
    assert counts(desk.take(content, "interaction", map=rule, source="a")) == expected
    assert named(desk) == names
    assert counts(desk.take(content, "interaction", map=rule, source="a"))[1] == 0


@pytest.mark.parametrize(
    ("match", "made"),
    [
        ("", ("7", "7", "a", [])),
        ("match = 'external_id',", (None, "7", "a", [])),
        ("match = 'name',", ("7", None, "a", [])),
        ("match = 'email',", (None, None, "a", ["7"])),
    ],
)
def test_a_created_record_is_found_again(desk: Desk, match: str, made: tuple[Any, ...]) -> None:
    """The next file would create the same customer once more."""
    rule = f"[columns]\nwho = {{ field = 'customer', {match} missing = 'create' }}"
    desk.take("at,channel,who\n2025-01-01,phone,7\n", "interaction", map=rule, source="a")
    desk.take("at,channel,who\n2025-01-02,phone,7\n", "interaction", map=rule, source="a")
    [customer] = desk.all()
    points = [point.value for point in customer.contact_points]
    assert (customer.name, customer.external_id, customer.source, points) == made


def test_defaults_refer_as_well(desk: Desk) -> None:
    """Every imported customer would have to name the one who looks after it."""
    desk.take("name\nSara\n", "user")
    desk.take("name\nLeila\n", map='[defaults]\nowner = "sara"')
    assert [customer.owner for customer in desk.all()] == [desk.all("user")[0].id]


def test_a_link_says_itself_of_which_type_its_ends_are(desk: Desk) -> None:
    """A link would join records of the wrong type, or end the import."""
    desk.take(PEOPLE)
    desk.take(CALLS.format("Mina"), "interaction", source="a")
    call = desk.all("interaction")[0].id
    content = f"from_type,from_id,to_type,to_id,kind\ninteraction,{call},customer,Sara,about\nshoe,1,customer,Sara,x\n"
    report = desk.take(content, "link")
    assert counts(report) == (2, 1, 0, 0, 1)
    assert report.rejects[0].column == "from_id"
    assert [link.to_id for link in desk.all("link")] == [desk.all()[2].id]


def test_a_hidden_record_cannot_be_referred_to(desk: Desk) -> None:
    """Who the hidden customers are could be found out by trying their names and numbers."""
    desk.take(PEOPLE)
    leila = desk.all()[0]
    desk.crm.kernel.policy = Restricted(rows={"customer": 'name != "Leila"'})
    for text in ("Leila", "1", "l@x", str(leila.id)):
        assert desk.take(CALLS.format(text), "interaction", source="a").rejected == 1


CLERKS = "".join(f"Clerk {n},\n" for n in range(600))
STAFF = "name,manager\nWorker,Head\nHead,Boss\nBoss,\n"


def staff(desk: Desk) -> dict[str, str | None]:
    """Each user's manager, by name."""
    names = {user.id: user.name for user in desk.all("user")}
    return {user.name: names.get(user.manager) for user in desk.all("user")}


def test_a_reference_may_stand_before_its_record(desk: Desk) -> None:
    """A list of staff could only be imported after it was sorted from the top down."""
    assert counts(desk.take(STAFF, "user")) == (3, 3, 0, 0, 0)
    assert staff(desk) == {"Worker": "Head", "Head": "Boss", "Boss": None}
    assert counts(desk.take(STAFF, "user", on_duplicate="update")) == (3, 0, 0, 3, 0)


def test_a_reference_may_stand_far_before_its_record(desk: Desk) -> None:
    """Only references within a batch would be found, so that the size of the file would matter."""
    many = "".join(f"Clerk {n},Head\n" for n in range(600))
    assert counts(desk.take(STAFF.replace("Head,Boss", many + "Head,Boss"), "user")) == (603, 603, 0, 0, 0)
    assert staff(desk)["Clerk 7"] == "Head"


@pytest.mark.parametrize(
    ("content", "expected", "reason"),
    [
        ("name,manager\nA,B\nB,A\nC,C\n", (3, 1, 0, 0, 2), "circle"),
        (f"name,manager\nA,B\n{CLERKS}B,A\nC,C\n", (603, 601, 0, 0, 2), "circle"),
        ("name,manager\nA,Nobody\nB,A\nC,\n", (3, 1, 0, 0, 2), "Nobody"),
        ("name,manager,active\nA,B,yes\nB,,perhaps\n", (2, 0, 0, 0, 2), "perhaps"),
    ],
)
def test_whoever_depends_on_what_is_not_there_is_refused(
    desk: Desk, content: str, expected: tuple[int, ...], reason: str
) -> None:
    """A user would be there without the manager that the file names, or the import would never end."""
    report = desk.take(content, "user")
    assert counts(report) == expected
    assert any(reason in each.reason for each in report.rejects)
    assert len(desk.all("user")) == report.created


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_the_size_of_a_batch_makes_no_difference(desk: Desk, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """Whether a manager is found would depend on how many rows stand between, and a circle would never end."""
    monkeypatch.setattr(entries, "BATCH", batch)
    content = "name,team,manager\nA,x,B\nB,x,C\nC,x,A\nD,x,E\nE,x,F\nF,x,\nG,x,G\nH,x,Nobody\nI,x,H\n"
    report = desk.take(content, "user")
    assert {r.line for r in report.rejects} == {2, 3, 4, 9, 10}
    assert staff(desk) == {"D": "E", "E": "F", "F": None, "G": "G"}
    assert counts(desk.take(content, "user", on_duplicate="update")) == (9, 0, 0, 4, 5)


def test_a_row_far_off_is_no_missing_manager(desk: Desk) -> None:
    """A manager whose own manager is missing would be made of a name alone, and all that its row says be lost."""
    rule = "[columns]\nmanager = { field = 'manager', match = 'name', missing = 'create' }"
    many = "".join(f"Clerk {n},low,Head\n" for n in range(600))
    report = desk.take(f"name,team,manager\n{many}Head,top,Boss\n", "user", map=rule)
    assert counts(report) == (601, 601, 0, 0, 0)
    teams = {user.name: user.team for user in desk.all("user")}
    assert (teams["Head"], teams["Boss"]) == ("top", None)
    assert (staff(desk)["Clerk 7"], staff(desk)["Head"]) == ("Head", "Boss")


def test_a_missing_manager_is_created_only_if_the_file_has_none(desk: Desk) -> None:
    """The row of a manager further down would come too late, and all that it says be lost."""
    rule = "[columns]\nmanager = { field = 'manager', match = 'name', missing = 'create' }"
    report = desk.take("name,team,manager\nA,x,Boss\nB,x,Chief\nBoss,top,\n", "user", map=rule)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert {user.name: user.team for user in desk.all("user")} == {"A": "x", "B": "x", "Boss": "top", "Chief": None}
    assert staff(desk) == {"A": "Boss", "B": "Chief", "Boss": None, "Chief": None}


@pytest.mark.parametrize("apart", [1, 600])
def test_a_manager_of_many_is_created_once(desk: Desk, apart: int) -> None:
    """There would be as many managers of one name as there are people under them, each with one."""
    rule = "[columns]\nmanager = { field = 'manager', match = 'name', missing = 'create' }"
    people = "".join(f"Clerk {n},{'boss' if n % 2 else 'Boss'}\n" for n in range(3 * apart))
    assert counts(desk.take(f"name,manager\n{people}", "user", map=rule))[1] == 3 * apart
    assert [user.name for user in desk.all("user") if user.manager is None] == ["Boss"]
    assert desk.all("user", 'manager.name = "Boss"')[0].name == "Clerk 0"


@pytest.mark.parametrize(("missing", "names"), [("reject", []), ("leave", ["Ann"]), ("create", ["Boss", "Ann"])])
def test_who_refers_to_a_refused_row(desk: Desk, missing: str, names: list[str]) -> None:
    """The reason would name an id that nobody has ever seen, and another one each time; the map would not count."""
    map = f'[columns]\nmanager = {{ field = "manager", missing = "{missing}" }}\n'
    report = desk.take("name,manager,email\nAnn,Boss,\nBoss,,a@x b@x\n", "user", map=map)
    assert {each.name for each in desk.all("user")} == set(names)
    reasons = {each.line: each.reason for each in report.rejects}
    assert "not one e-mail address" in reasons[3]
    if missing == "reject":
        assert reasons[2].startswith("there is no user 'Boss' by")


@pytest.mark.parametrize(("missing", "numbers"), [("reject", "4"), ("leave", "124"), ("create", "1234")])
def test_who_refers_to_a_row_that_the_storage_refuses(desk: Desk, missing: str, numbers: str) -> None:
    """As above, where it is found out only when the record is to be stored."""
    map = f'[columns]\nmanager = {{ field = "manager", missing = "{missing}" }}\n'
    rows = "external_id,name,manager\n1,Ann,2\n2,Bob,3\n3,,\n4,Dan,\n"
    report = desk.take(rows, "user", map=map, source="s")
    assert "".join(sorted(each.external_id for each in desk.all("user"))) == numbers
    assert {each.line: each.reason for each in report.rejects}[4] == "is required"
    if missing == "reject":
        assert [each.reason for each in report.rejects[:2]] == [
            "there is no user '2' by id or external_id or name or email in s",
            "there is no user '3' by id or external_id or name or email in s",
        ]
