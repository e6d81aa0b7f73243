"""`crm lead`: from a web form to an opportunity."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Crm

LEILA = ("name=Leila Hosseini", "email=leila@example.com", "employer=Zagros Ltd", "roles=lead")
FORM = {"name": "Omar Haddad", "email": "omar@example.com", "subject": "Pumps", "campaign": "spring"}


def forms(folder: Path, content: Any) -> str:
    """A file of forms."""
    file = folder / "forms.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def test_convert(crm: Crm) -> None:
    """A script that converts leads would not find what was made, or not learn that it was made before."""
    id = crm.add("customer", *LEILA)["id"]
    command = ("lead", "convert", "email=leila@example.com", "--amount", "12000 EUR")
    done = crm.json(*command).done
    assert list(done) == ["customer", "account", "opportunity", "lead"]
    assert done["customer"]["id"] == id and done["account"]["name"] == "Zagros Ltd"
    assert done["opportunity"]["name"] == "Zagros Ltd"
    assert done["opportunity"]["amount"] == {"amount": "12000.00", "currency": "EUR"}
    assert done["opportunity"]["customer"] == done["account"]["id"]
    assert (done["lead"]["stage"], done["lead"]["opportunity"]) == ("opportunity", done["opportunity"]["id"])
    assert (done["lead"]["version"], done["customer"]["version"]) == (2, 2)
    again = crm.json(*command).error
    assert (again["type"], again["opportunity"]) == ("IllegalTransition", done["opportunity"]["id"])
    assert crm.json("count", "opportunity").done == {"count": 1}


def test_convert_with_names(crm: Crm) -> None:
    """An opportunity could not be named, nor one of several companies be chosen, nor a line of business."""
    crm.add("customer", *LEILA)
    one, _ = (
        crm.add("customer", "name=Zagros Ltd", "kind=organisation", f"external_id={n}", "source=s") for n in (1, 2)
    )
    refused = crm.json("lead", "convert", "email=leila@example.com").error
    assert refused["type"] == "AmbiguousMatch" and one["id"] in refused["ids"]
    done = crm.json(
        *("lead", "convert", "email=leila@example.com", "--opportunity", "Pumps"),
        *("--account", f"{one['id']}", "--business-line", "pumps"),
    ).done
    assert done["account"]["id"] == one["id"]
    assert (done["opportunity"]["name"], done["lead"]["business_line"]) == ("Pumps", "pumps")


@pytest.mark.parametrize("amount", ["many", "12 XX", "12000,5 EUR €"])
def test_an_amount_that_is_none_is_refused(crm: Crm, amount: str) -> None:
    """A wrong amount would be taken for none."""
    crm.add("customer", *LEILA)
    assert crm.json("lead", "convert", "email=leila@example.com", "--amount", amount).error["type"] == "InvalidRecord"
    assert crm.json("count", "opportunity").done == {"count": 0}


def test_who_is_no_lead(crm: Crm) -> None:
    """A traceback, or an opportunity of nobody."""
    crm.add("customer", "name=Nora", "email=nora@example.com")
    for name, *rest in (("assign",), ("qualify", "need=2"), ("convert",)):
        assert crm.json("lead", name, "email=nobody@example.com", *rest).error["type"] == "NotFound"
        if name != "convert":
            assert crm.json("lead", name, "email=nora@example.com", *rest).error["type"] == "IllegalTransition"
    done = crm.json("lead", "convert", "email=nora@example.com", "--opportunity", "Pumps").done
    assert (done["opportunity"]["name"], done["lead"]["stage"]) == ("Pumps", "opportunity")


def test_capture(crm: Crm, tmp_path: Path) -> None:
    """A web server could not hand its forms over, or would not learn which were refused and why."""
    run = crm.json("lead", "capture", forms(tmp_path, [FORM, FORM, {**FORM, "honeypot": "x"}, {"nmae": "x"}, 7]))
    assert run.status == 3
    counted = {name: run.json[name] for name in ("made", "reopened", "known", "repeated", "refused")}
    assert counted == {"made": 1, "reopened": 0, "known": 0, "repeated": 1, "refused": 3}
    made, repeated, spam, misspelt, number = run.json["items"]
    assert (made["outcome"], made["reasons"]) == ("made", [])
    assert repeated["interaction"] == made["interaction"]
    assert spam["customer"] is None and "people do not see" in spam["reasons"][0]
    assert "nmae" in misspelt["reasons"][0] and "object" in number["reasons"][0]
    assert crm.json("count", "customer").done == {"count": 1}
    again = {**FORM, "body": "casino", "shown_at": "2025-01-15T10:00:00Z", "sent_at": "2025-01-15T10:00:01Z"}
    one = forms(tmp_path, again)
    assert len(crm.json("lead", "capture", one, "--block", "Casino").json["items"][0]["reasons"]) == 2
    assert crm.json("lead", "capture", one, "--min-seconds", "1").done["known"] == 1


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, '{"name": "\\ud800"'])
def test_what_is_no_json_is_refused(crm: Crm, tmp_path: Path, content: str) -> None:
    """A broken file would end in a traceback."""
    assert crm.json("lead", "capture", forms(tmp_path, content)).error["type"] == "InvalidValue"
    assert crm.json("lead", "capture", str(tmp_path / "none.json")).status == 2


def test_score_and_list(crm: Crm) -> None:
    """Sales could not tell from a list whom to call first, nor why."""
    id = crm.add("customer", *LEILA, "city=Cairo")["id"]
    crm.add("lead", f"customer={id}", "stage=mql")
    crm.add("score_rule", "name=near", "side=fit", 'condition=city = "Cairo"', "points=5")
    crm.add("score_rule", "name=calls", "side=engagement", 'condition=channel = "phone"', "points=3")
    crm.add("interaction", f"customer={id}", "at=2025-01-15T10:00:00Z", "channel=phone")
    done = crm.json("lead", "score", id).done
    assert (done["fit"], done["engagement"], done["left_out"]) == (5, 3, [])
    assert [line["rule"] for line in done["lines"]] == ["near", "calls"]
    [item] = crm.json("lead", "list", "--stage", "mql").done["items"]
    assert (item["name"], item["stage"], item["fit"], item["engagement"]) == ("Leila Hosseini", "mql", 5, 3)
    assert crm.json("lead", "list", "--stage", "lost").done == {"items": [], "next": None}
    assert crm.json("lead", "list", "--where", 'campaign = "x"', "--stage", "mql").done["items"] == []
    assert crm.json("lead", "list", "--stage", "hot").error["type"] == "UsageError"
    assert "is none of stranger" in crm("lead", "list", "--stage", "hot").err
    assert crm.json("lead", "score", id, "--as-of", "2020-01-01").error["type"] == "NotFound"
    assert "Leila Hosseini" in crm("lead", "list").out and "near" in crm("lead", "score", id).out


def test_qualify(crm: Crm) -> None:
    """BANT could not be answered, or an incomplete one would pass for a bad one."""
    id = crm.add("customer", *LEILA)["id"]
    crm.add("lead", f"customer={id}")
    first = crm.json("lead", "qualify", id, "budget=2", "authority=1", "--evidence", "call").done
    assert (first["status"], first["score"], first["missing"]) == ("incomplete", None, ["need", "timeline"])
    done = crm.json("lead", "qualify", id, "need=3", "timeline=2").done
    assert (done["status"], done["score"]) == ("qualified", 0.6667)
    assert crm.json("lead", "qualify", id, "need=unknown").done["missing"] == ["need"]
    assert crm.json("lead", "qualify", id, "need=4").error["type"] == "InvalidValue"
    assert crm.json("lead", "qualify", id, "need=x").error["type"] == "InvalidValue"
    assert crm.json("lead", "qualify", id, "charm=1").error["nearest"] == []
    assert crm.json("lead", "qualify", id, "need").error["type"] == "UsageError"


def test_assign(crm: Crm) -> None:
    """A lead would be given to nobody, or nobody could tell why it was given to somebody."""
    sara = crm.add("user", "name=Sara", "email=sara@example.com")["id"]
    id = crm.add("customer", *LEILA, "country=IR")["id"]
    crm.add("lead", f"customer={id}")
    done = crm.json("lead", "assign", id).done
    assert (done["lead"]["owner"], done["lead"]["queue"]) == (None, "unassigned")
    assert done["assignment"]["rule"] == "queue"
    crm.add("territory", "name=Iran", "kind=country", "value=ir", "owner=Sara")
    done = crm.json("lead", "assign", id).done
    assert (done["lead"]["owner"], done["lead"]["queue"], done["assignment"]["rule"]) == (sara, None, "territory")
    omar = crm.add("user", "name=Omar")["id"]
    assert crm.json("lead", "assign", id, "--owner", "Omar").done["assignment"]["user"] == omar
    assert crm.json("lead", "assign", id, "--owner", "Nobody").error["type"] == "InvalidRecord"
    assert crm("lead", "assign", id).out.startswith("Omar (explicit_owner)")


def test_predict_funnel_and_dormant(crm: Crm) -> None:
    """Figures of leads could not be asked for from a script."""
    ids = [crm.add("opportunity", f"name={n}", "lead_source=fair")["id"] for n in range(3)]
    empty = crm.json("lead", "predict", ids[2]).done
    assert empty == {"probability": None, "sample": 0, "influences": [], "ignored": []}
    crm.json("opportunity", "win", ids[0])
    crm.json("opportunity", "lose", ids[1], "--reason", "price")
    done = crm.json("lead", "predict", ids[2]).done
    assert done["sample"] == 2 and 0 < done["probability"] < 1
    assert crm.json("lead", "predict", ids[0]).error["type"] == "IllegalTransition"
    assert "closed opportunities" in crm("lead", "predict", ids[2]).out
    id = crm.add("customer", *LEILA)["id"]
    crm.add("lead", f"customer={id}", "stage=lead")
    stages = {
        row["stage"]: row["entered"] for row in crm.json("lead", "funnel", "--since", "2020-01-01").done["stages"]
    }
    assert (stages["lead"], stages["mql"], len(stages)) == (1, 0, 15)
    assert crm.json("lead", "dormant", "--days", "1").done == {"dormant": 0}
    assert crm.json("lead", "dormant", "--days", "0").status == 2
