"""What needs processes of its own: starting up, and how memory and time grow with an import.

The floor of starting is a program that imports SQLAlchemy Core, attrs and cattrs, makes an engine and a table, and
asks for one row: what crmcore could not do without. No plugin is active. CPU time of the whole process counts, its
interpreter included. An import is compared with smaller ones: its memory with that of one chunk, its time with that of
a tenth of the rows, which is taken before and after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks import data
from benchmarks.report import Result, Target
from benchmarks.stage import ACTOR, Stage, add_customers
from benchmarks.timing import CLOCKS

STARTING, GROWING = Target(1.2, 1.2), Target(11, 11)
ROOM: Final = 50.0
"""How many MB an import may take above that of one chunk."""

CHUNK: Final = 1_000
HEAVY: Final = ("marshmallow", "click", "alembic", "django")
LAST: Final = "import json, sys, time; print(json.dumps([time.process_time(), sorted(sys.modules)]))"
OURS: Final = """
import sys
from uuid import UUID
import crmcore
crm = crmcore.open(sys.argv[1])
with crm.work(actor="bench") as work:
    work.customers.get(UUID(sys.argv[2]))
"""
FLOOR: Final = """
import sys
import attrs, cattrs
from sqlalchemy import Column, MetaData, Table, Text, create_engine, select
table = Table("crm_customer", MetaData(), *(Column(name, Text()) for name in sys.argv[3:]))
with create_engine(sys.argv[1]).begin() as connection:
    found = connection.execute(select(table).where(table.c.external_id == sys.argv[2])).all()
assert len(found) == 1
"""


def start(stage: Stage) -> Iterator[Result]:
    """`import crmcore`, open, first query."""
    with stage.fresh(plugins=()) as database:
        add_customers(database.crm, (bearer.customer(facets=False) for bearer in data.bearers(10)))
        with database.crm.work(actor=ACTOR) as work:
            customer = work.customers.query(limit=1).items[0]
        columns = database.raw.columns("crm_customer")
        runs = []
        for _ in range(2 * stage.size.rounds + 1):
            ours = _cpu(stage, OURS, database.url, customer.id.hex)
            runs.append((ours, _cpu(stage, FLOOR, database.url, str(customer.external_id), *columns)))
    counted = [(ours[0], floor[0]) for ours, floor in runs[1:]]
    ours_ms, floor_ms = (median(side) * 1e3 for side in zip(*counted, strict=True))
    loaded = [name for name in HEAVY if name in runs[0][0][1]]
    target = STARTING.on(stage.storage)
    yield Result("start", stage.storage, ours_ms, floor_ms, "cpu_ms", target, len(counted), {"loaded": loaded})


def grow(stage: Stage) -> Iterator[Result]:
    """`crm import customer` of a long file, against a tenth of it and against one chunk."""
    long = stage.size.file
    chunk, before, whole, after = (_imported(stage, n) for n in (min(CHUNK, long // 10), long // 10, long, long // 10))
    target = None if GROWING.on(stage.storage) is None else (chunk["mb"] + ROOM) / chunk["mb"]
    above = {"above_mb": round(whole["mb"] - chunk["mb"], 1)}
    yield Result(f"import memory, {long:,} rows", stage.storage, whole["mb"], chunk["mb"], "mb", target, long, above)
    target = GROWING.on(stage.storage)
    name, kind = f"import time, {long:,} rows against {long // 10:,}", "cpu" if stage.clock is CLOCKS["cpu"] else "wall"
    yield Result(name, stage.storage, whole[kind], (before[kind] + after[kind]) / 2, "s", target, long)


def _imported(stage: Stage, rows: int) -> dict[str, Any]:
    stage.note(f"importing {rows:,} rows")
    path = stage.scratch / f"{rows}.csv"
    if not path.exists():
        data.write_csv(path, rows)
    with stage.fresh() as database:
        return dict(_run(stage, "-m", "benchmarks.command", database.url, str(path), str(rows)))


def _cpu(stage: Stage, program: str, *arguments: str) -> tuple[float, list[str]]:
    seconds, modules = _run(stage, "-c", program + LAST, *arguments)
    return seconds, modules


def cpu_seconds(stage: Stage, program: str, *arguments: str, folder: Path) -> float:
    """The CPU time of a program in a process of its own, which also imports from this folder."""
    path = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    return _cpu(stage, path + program, *arguments)[0]


def _run(stage: Stage, *arguments: str) -> Any:
    """What a Python of its own prints, as JSON. Compiled modules are kept where all of them find them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(stage.scratch / "compiled"), "PYTHONUTF8": "1"}
    home = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, *arguments], cwd=home, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
