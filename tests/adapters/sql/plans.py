"""What a database means to do for a statement, on each database in one form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs

from crmcore.adapters.sql.runner import Rows, Runner
from crmcore.adapters.sql.types import Backend


class Recorder:
    """A runner that remembers what is fetched."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.fetched: list[tuple[str, tuple[Any, ...]]] = []

    def fetch(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows, and a note of the question."""
        self.fetched.append((sql, values))
        return self._runner.fetch(sql, values)

    def run(self, sql: str, values: tuple[Any, ...] = ()) -> int:
        """Passed on."""
        return self._runner.run(sql, values)

    def many(self, sql: str, rows: Rows) -> None:
        """Passed on."""
        self._runner.many(sql, rows)

    def store(self, into: Any, rows: Rows) -> None:
        """Passed on."""
        self._runner.store(into, rows)

    def gather_all(self) -> None:
        """Passed on."""
        self._runner.gather_all()


@attrs.frozen
class Plan:
    """The tables that are read from end to end without an index, whether rows are sorted, and the account itself."""

    scanned: tuple[str, ...]
    sorts: bool
    account: str


def plan_of(backend: Backend, runner: Runner, sql: str, values: tuple[Any, ...]) -> Plan:
    """The plan for a statement."""
    match backend:
        case "sqlite":
            lines = [row[3] for row in runner.fetch(f"EXPLAIN QUERY PLAN {sql}", values)]
            made = ("page", "waiting", "numbered", "(subquery")  # what the statement itself has made
            read = [line for line in lines if line.startswith("SCAN") and " INDEX " not in line]
            scanned = [line for line in read if not any(name in line for name in made)]
            return Plan(tuple(scanned), any("TEMP B-TREE FOR ORDER" in line for line in lines), "\n".join(lines))
        case "postgresql":
            [(text,)] = runner.fetch(f"EXPLAIN (FORMAT JSON) {sql}", values)
            nodes = list(_nodes(json.loads(text) if isinstance(text, str) else text))
            scanned = [n["Relation Name"] for n in nodes if n.get("Node Type") == "Seq Scan"]
            return Plan(
                tuple(scanned), any("Sort" in n.get("Node Type", "") for n in nodes), json.dumps(text, indent=1)
            )
    rows = runner.fetch(f"EXPLAIN {sql}", values)
    scanned = [str(row[2]) for row in rows if row[3] == "ALL" and not str(row[2]).startswith("<")]
    return Plan(tuple(scanned), any("filesort" in str(row[-1]) for row in rows), "\n".join(map(str, rows)))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "Node Type" in value:
            yield value
        for each in value.values():
            yield from _nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each)
