"""The Maven sample: where it is, what it should come to, and how it is taken in."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from tests.cli.conftest import Run, run

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = ROOT.parent / "shared" / "data" / "maven_crm_every4th"
MAPS: Final = ROOT / "examples" / "maven_pipeline"
DEALS: Final = DATA / "sales_pipeline_every4th.csv"
FILES: Final = {"customer": "accounts", "product": "products", "user": "sales_teams"}


def expected() -> dict[str, Any]:
    """The figures that come with the data; skips where these are not."""
    if not DATA.is_dir():
        pytest.skip(f"needs the data in {'/'.join(DATA.parts[-3:])}, beside the repository")
    text = (DATA / "EXPECTED.md").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.partition("```json")[2].partition("```")[0])
    return found


def deals() -> Iterator[dict[str, str]]:
    """The rows of the file of opportunities."""
    with DEALS.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@attrs.frozen
class Maven:
    """A database for the sample, in US dollars."""

    url: str

    def __call__(self, *arguments: str) -> Run:
        """`crm --json` on it."""
        return run("--json", "--currency", "USD", "--actor", "sara", "--database", self.url, *arguments)

    def prepare(self) -> None:
        """Accounts, products and agents."""
        assert self("db", "upgrade").status == 0
        for record, name in FILES.items():
            taken = self("import", record, str(DATA / f"{name}.csv"), "--map", str(MAPS / f"{name}.toml"))
            assert taken.status == 0, taken

    def deals(self, *options: str, map: str = "opportunities", file: Path = DEALS) -> Run:
        """Import the opportunities, as the example's page says."""
        asked = ("--map", str(MAPS / f"{map}.toml"), "--create-pipeline", *options)
        return self("import", "opportunity", str(file), *asked)

    def count(self, record: str, where: str | None = None) -> int:
        """How many records fit."""
        found = self("count", record, *(() if where is None else ("--where", where))).done["count"]
        return int(found)

    def pipeline(self, where: str | None = None) -> dict[str, Any]:
        """The report of what fits."""
        return self("pipeline", *(() if where is None else ("--where", where))).done

    def listed(self, record: str, where: str, columns: str, sort: str = "id") -> list[dict[str, Any]]:
        """All records that fit (there are less than 10,000)."""
        asked = ("--where", where, "--columns", columns, "--sort", sort, "--limit", "10000")
        found: list[dict[str, Any]] = self("list", record, *asked).done["items"]
        return found
