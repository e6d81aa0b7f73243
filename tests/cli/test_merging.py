"""`crm merge`, `crm merge-preview`, `crm unmerge` and `crm not-duplicate`."""

from __future__ import annotations

from typing import Any

from tests.cli.conftest import Crm


def two(crm: Crm) -> tuple[str, str]:
    """Two customers, the second with a call."""
    a = crm.add("customer", "name=Leila", "email=leila@example.com")["id"]
    b = crm.add("customer", "name=Leila Hosseini", "email=lh@example.com", "phone=+20100")["id"]
    crm.add("interaction", f"customer={b}", "at=2025-01-15T09:00:00Z", "channel=phone", "subject=Hello")
    crm.add("relationship", f"from_customer={a}", f"to_customer={b}", "kind=spouse_of")
    return a, b


def fields(crm: Crm, id: str) -> dict[str, Any]:
    """A customer as `crm list` has it."""
    [found] = crm.json("list", "customer", "--where", f'id = "{id}"', "--columns", "name,email,phone").done["items"]
    return {name: found.get(name) for name in ("name", "email", "phone")}


def test_merge_and_unmerge(crm: Crm) -> None:
    """A script would not learn what moved, or could not take it back."""
    a, b = two(crm)
    before = [fields(crm, id) for id in (a, b)]
    shown = crm.json("merge-preview", a, "email=lh@example.com").done
    assert crm.json("count", "customer").done == {"count": 2}
    done = crm.json("merge", "email=leila@example.com", b).done
    assert list(done)[:3] == ["merge", "survivor", "repointed"]
    assert (done["survivor"], done["repointed"]) == (a, {"interaction": 1})
    assert (shown["moves"], shown["stays"], shown["refused"]) == (done["repointed"], done["stays"], [])
    assert shown["fields"]["name"] == {
        "before": "Leila",
        "after": "Leila Hosseini",
        "from": b,
        "rule": "most_complete",
    }
    [stay] = done["stays"]
    assert (stay["record"], stay["field"], stay["customer"]) == ("relationship", "to_customer", b)
    assert crm.json("count", "customer").done == {"count": 1}
    assert crm.json("show", "customer", b).done["customer"]["id"] == a
    assert crm.json("show", "customer", "email=lh@example.com").done["customer"]["id"] == a
    [item] = crm.json("list", "merge", "--columns", "id,survivor,status").done["items"]
    assert (item["id"], item["survivor"], item["status"]) == (done["merge"], a, "merged")
    assert [e["operation"] for e in crm.json("history", "customer", a).done["items"]] == ["add", "merge"]

    taken = crm.json("unmerge", done["merge"]).done
    assert (taken["merge"], taken["survivor"], taken["repointed"]) == (done["merge"], a, {"interaction": 1})
    assert (taken["customers"], taken["to_review"], taken["again"]) == ([a, b], 0, None)
    assert [fields(crm, id) for id in (a, b)] == before


def test_refusals_are_data(crm: Crm) -> None:
    """A reason would have to be read out of a sentence."""
    a, b = two(crm)
    c = crm.add("customer", "name=Zagros", "kind=organisation")["id"]
    crm.add("relationship", f"from_customer={a}", f"to_customer={b}", "kind=referred")
    refused = crm.json("merge", a, b, c).error
    assert (refused["type"], len(refused["reasons"])) == ("MergeRefused", 2)
    assert crm.json("merge-preview", a, b, c).done["refused"] == refused["reasons"]
    assert crm.json("merge", a, a).error["type"] == "MergeRefused"
    assert crm.json("merge", a, "email=nobody@example.com").error["type"] == "NotFound"
    assert crm.json("merge", a).status == 2
    assert crm.json("unmerge", "x").status == 2
    assert crm.json("unmerge", a).error["type"] == "NotFound"
    assert crm.json("merge", a, b, "--rule", "name").status == 2


def test_what_blocks_an_unmerge_is_data(crm: Crm) -> None:
    """Whoever is to mend it would not find it."""
    a, b = two(crm)
    merge = crm.json("merge", a, b).done["merge"]
    crm.json("change", "customer", a, "name=Other")
    error = crm.json("unmerge", merge).error
    [blocker] = error["blockers"]
    assert (error["type"], error["merge"]) == ("UnmergeBlocked", merge)
    assert (blocker["record"], blocker["id"], blocker["field"]) == ("customer", a, "name")


def test_apart(crm: Crm) -> None:
    """They would be proposed again, or merged by the next one who comes along."""
    a, b = two(crm)
    made = crm.json("not-duplicate", a, b, "--reason", "twins").done
    assert ({made["one"], made["other"]}, made["reason"]) == ({a, b}, "twins")
    assert "somebody decided" in crm.json("merge", a, b).error["reasons"][0]
    merge = crm.json("merge", a, b, "--overrule").done["merge"]
    crm.json("unmerge", merge, "--apart")
    assert crm.json("count", "not_duplicate").done == {"count": 1}
    c = crm.add("customer", "name=L")["id"]
    merge = crm.json("merge", a, c, "--keep", f"name={c}").done["merge"]
    assert fields(crm, a)["name"] == "L"
    crm.json("unmerge", merge, "--apart")
    assert crm.json("merge", c, a).status == 1
    assert crm.json("count", "not_duplicate").done == {"count": 2}


def test_some_leave(crm: Crm) -> None:
    """One wrong record of three could not be taken out."""
    a, b = two(crm)
    c = crm.add("customer", "name=L", "email=c@example.com")["id"]
    merge = crm.json("merge", a, b, c, "--rule", "email=pin", "--trust", "shop").done["merge"]
    taken = crm.json("unmerge", merge, "--only", b, "--apart").done
    assert taken["again"]["survivor"] == a
    assert crm.json("show", "customer", c).done["customer"]["id"] == a
    assert crm.json("show", "customer", b).done["customer"]["id"] == b
    assert crm.json("merge", a, b).status == 1


def test_for_people(crm: Crm) -> None:
    """The text would not tell what the document does."""
    a, b = two(crm)
    preview = crm("merge-preview", a, b).out
    assert "Leila Hosseini" in preview and "most_complete" in preview and "interaction" in preview
    out = crm("merge", a, b).out
    merge = crm.json("list", "merge", "--columns", "id").done["items"][0]["id"]
    assert f"merged 1 into {a} (merge {merge})" in out and "no relationship with itself" in out
    crm.add("interaction", f"customer={a}", "at=2025-01-15T09:00:00Z", "channel=phone")
    out = crm("unmerge", merge).out
    assert "2 customers are as they were" in out and "1 to review" in out
    assert "cannot be merged with itself" in crm("merge", a, a).err
