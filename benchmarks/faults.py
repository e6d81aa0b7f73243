"""Faults: imports that are killed at random places and resumed. `python -m benchmarks.faults` does so at length.

Each storage imports a file twice: once in one go, and once by processes that are killed (SIGKILL) and resumed until
one ends. Both databases and both reports must be equal then, ids and times aside.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import crmcore
from benchmarks.places import available, opened
from crmcore.crm import Crm
from crmcore.domain.import_batch import ImportBatch

ACTOR: Final = "faults"
BOOKS: Final = ("import_batch", "import_chunk")
CHILD: Final = """
import sys, crmcore
from benchmarks.faults import take
crm = crmcore.open(sys.argv[1])
take(crm, sys.argv[2], int(sys.argv[3]), sys.argv[4] or None, lambda rows: print(rows, flush=True))
"""


def write_file(folder: Path, rows: int) -> Path:
    """A file of users with managers further down, rows that are known already and rows that are refused."""
    path = folder / "users.csv"
    lines = ["external_id,name,email,manager"]
    for n in range(rows):
        manager = str(n + 700) if n % 5 == 0 and n + 700 < rows else ""
        lines.append(f"{n % (rows - 50)},{'' if n % 97 == 5 else f'User {n}'},u{n}@example.com,{manager}")
    path.write_text("\n".join(lines) + "\n")
    return path


def take(crm: Crm, path: str, chunk: int, resume: str | None, progress: Any = None) -> dict[str, Any]:
    """The report of one import, without what differs from run to run."""
    report = crm.import_file(
        path, "user", actor=ACTOR, source="s", on_duplicate="update", chunk=chunk, resume=resume, progress=progress
    )
    return {name: value for name, value in report.plain().items() if name not in ("batch", "seconds")}


def killed(url: str, path: Path, chunk: int, resume: str | None, rows: int, pause: float) -> bool:
    """Import in a process that is killed a moment after it says that so many rows are done; False if it ended first."""
    command = [sys.executable, "-c", CHILD, url, str(path), str(chunk), resume or ""]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if child.stdout is None:
        raise RuntimeError("the process says nothing")
    with child.stdout:
        for line in child.stdout:
            if int(line) >= rows:
                break
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
    return child.wait() == -signal.SIGKILL


def contents(crm: Crm) -> dict[str, Counter[str]]:
    """Every record in words, by type: references by number, ids and times aside."""
    with crm.work(ACTOR) as work:
        held = {name: list(work.records(name).stream()) for name in crm.catalogue.records if name not in BOOKS}
    labels = {each.id: f"{name} {each.external_id}" for name, records in held.items() for each in records}
    found: dict[str, Counter[str]] = {}
    for name, records in held.items():
        fields = [f.name for f in crm.catalogue.record(name).own] + ["version", "source", "external_id"]
        told = (
            [labels.get(v, v) if isinstance(v, UUID) else v for v in map(each.__getattribute__, fields)]
            for each in records
        )
        found[name] = Counter(map(repr, told))
    return found


def batches(crm: Crm) -> list[ImportBatch]:
    """The batches that are stored."""
    with crm.work(ACTOR) as work:
        return list(work[ImportBatch].stream())


def unfinished(crm: Crm) -> str | None:
    """The batch that was interrupted, if there is one."""
    return next((str(each.id) for each in batches(crm) if each.status == "running"), None)


def counts(crm: Crm) -> dict[str, Any]:
    """What the record of the one batch counts."""
    [batch] = batches(crm)
    names = ("rows", "created", "updated", "unchanged", "rejected", "records")
    return {name: getattr(batch, name) for name in names}


def compare(whole_url: str, url: str, path: Path, chunk: int, kills: int, seed: int) -> Iterator[dict[str, Any]]:
    """Import into both databases, the second time with so many kills; what was found after each, and in the end."""
    dice = random.Random(seed)  # places, not secrets
    rows = path.read_text().count("\n") - 1
    whole, broken = crmcore.open(whole_url), crmcore.open(url)
    try:
        for crm in (whole, broken):
            crm.upgrade()
        report = take(whole, str(path), chunk, None)
        places = sorted(dice.randrange(rows) for _ in range(kills))
        for place in places:
            if killed(url, path, chunk, unfinished(broken), place, dice.uniform(0, 0.05)):
                yield {"killed_at": place, "batch": unfinished(broken)}
            else:  # the process was faster than the signal
                yield {"ended_before": place}
                break
        resume = unfinished(broken)
        if resume is not None or not batches(broken):
            again = take(broken, str(path), chunk, resume)
        else:
            again = {"rejects": report["rejects"], **counts(broken)}
        yield {"rows": rows, "same_end": contents(whole) == contents(broken), "same_report": again == report}
    finally:
        whole.close()
        broken.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill and resume on every storage that is given; 1 if an end differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--storage", action="append")
    asked = parser.parse_args(arguments)
    failed = False
    for storage in asked.storage or available():
        with ExitStack() as stack:
            place = stack.enter_context(opened(storage))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crmcore-faults-")))
            whole, broken = place.empty(), place.empty()
            path = write_file(folder, asked.rows)
            for found in compare(whole, broken, path, asked.chunk, asked.kills, asked.seed):
                print(json.dumps({"storage": storage, **found}), flush=True)
                failed = failed or not found.get("same_end", True) or not found.get("same_report", True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
