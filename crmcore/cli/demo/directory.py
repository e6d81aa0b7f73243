"""`crm demo --pipeline DIR`: a sales team's own files, taken in by the bundled maps, and their figures.

The files are those of the Maven set "CRM Sales Opportunities". Deals come in as they are written first. Those whose
product nobody knows are rejected then, and taken in again by a map that says what is meant, where it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from crmcore.cli import output, tables
from crmcore.cli.demo.loading import ACTOR, DATA, told
from crmcore.cli.demo.team import selling
from crmcore.cli.importing import Request, import_into
from crmcore.domain.errors import ImportRefused

if TYPE_CHECKING:
    from crmcore.application.importing import ImportReport
    from crmcore.cli.session import Session
    from crmcore.crm import Crm

MAPS: Final = DATA / "pipeline"
FILES: Final = (("customer", "accounts"), ("product", "products"), ("user", "sales_teams"))
DEALS: Final = "sales_pipeline*.csv"
AS_WRITTEN: Final = MAPS / "opportunities_as_written.toml"
MENDING: Final = MAPS / "opportunities.toml"
REJECTED: Final = "rejected.csv"
SHOWN: Final = 10
"""How many reasons are shown to people."""


def deals_of(folder: Path) -> list[Path]:
    """The files of deals in a folder of this form; `ImportRefused` names what is missing there."""
    wanted = [f"{name}.csv" for _, name in FILES]
    missing = [name for name in wanted if not (folder / name).is_file()]
    found = sorted(folder.glob(DEALS))
    if missing or not found:
        named = ", ".join([*missing, *([] if found else [DEALS])])
        raise ImportRefused(f"{folder} has no {named}: a pipeline is {', '.join(wanted)} and {DEALS}", file=str(folder))
    return found


def taken(session: Session, crm: Crm, folder: Path, rejected: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Take a folder in: the facts, and for people the sections by their headings. Rows that stay out are put into the
    file `rejected`, or further ones beside it."""
    imports = load(session, crm, folder, rejected)
    out = sum(each["rejected"] for each in imports if not each["taken_again"])
    with crm.work(actor=ACTOR) as work:
        found = selling(work)
    facts = {"pipeline": {"imports": imports, "rejected": out, **found.document()}}
    return facts, {f"The files of {folder}": import_text(imports), **found.sections()}


def load(session: Session, crm: Crm, folder: Path, rejected: Path) -> list[dict[str, Any]]:
    """Take the files in; what came of each, with the reasons for which rows were refused."""
    deals = deals_of(folder)
    imports = [_take(session, crm, record, folder / f"{name}.csv", MAPS / f"{name}.toml") for record, name in FILES]
    for number, file in enumerate(deals):
        place = rejected if not number else rejected.with_name(f"{rejected.stem}-{number + 1}.csv")
        imports += _take_deals(session, crm, file, place)
    return imports


def _take_deals(session: Session, crm: Crm, file: Path, rejected: Path) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="crm-demo-") as folder:
        doubtful = Path(folder) / file.name
        first = _take(session, crm, "opportunity", file, AS_WRITTEN, doubtful)
        yield {**first, "taken_again": bool(first["rejected"])}
        if first["rejected"]:
            again = _take(session, crm, "opportunity", doubtful, MENDING, rejected)
            yield {**again, "file": f"the rejected rows of {file.name}"}
            if not again["rejected"]:
                rejected.unlink(missing_ok=True)


def _take(
    session: Session, crm: Crm, record: str, file: Path, map: Path, rejects: Path | None = None
) -> dict[str, Any]:
    new = record == "opportunity"
    request = Request(record=record, file=file, map=map, rejects=rejects, ignore_unknown=True, create_pipeline=new)
    report = import_into(session, crm, request, ACTOR)
    return {
        **told(request, report),
        "map": map.name,
        "taken_again": False,
        "left_out": list(report.left_out),
        "reasons": _reasons(report),
        "reasons_of": len(report.rejects),
    }


def _reasons(report: ImportReport) -> list[dict[str, Any]]:
    """Why rows were refused, most frequent first, over those that the report lists."""
    counted = Counter((each.column, each.value, each.reason) for each in report.rejects)
    names = ("column", "value", "reason")
    return [{"rows": count, **dict(zip(names, each, strict=True))} for each, count in counted.most_common()]


def import_text(imports: Sequence[dict[str, Any]]) -> str:
    """What came of each file, and why rows stayed out."""
    most = output.terminal_width()
    columns = ("file", "map", "rows", "created", "rejected")
    shown = [tables.table(imports, columns, most)]
    for each in imports:
        if each["rejected"]:
            of = f" (of the first {each['reasons_of']:,})" if each["reasons_of"] < each["rejected"] else ""
            shown.append(f"{each['file']}: rejected{of}\n{tables.table(each['reasons'][:SHOWN], most=most)}")
        if each["left_out"]:
            shown.append(f"{each['file']}: columns that were left out: {', '.join(each['left_out'])}")
    return "\n\n".join(shown)
