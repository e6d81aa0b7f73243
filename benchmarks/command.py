"""`crm import` as a measurement runs it, in this process or in one of its own: `python -m benchmarks.command`."""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

from crmcore.cli import main

STATUS: Final = Path("/proc/self/status")


def import_file(url: str, path: Path, rows: int) -> None:
    """Import a file of so many customers; raises RuntimeError unless every one of them was created."""
    options = ["--database", url, "--plugins", "loyalty", "--actor", "bench", "--json", "--quiet"]
    answer = _answer([*options, "import", "customer", str(path), "--source", "bench"])
    if answer.get("created") != rows:
        raise RuntimeError(f"{rows} customers should have been created: {json.dumps(answer)[:500]}")


def _answer(arguments: list[str]) -> dict[str, Any]:
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding="utf-8", write_through=True)) as output:
        main(arguments)
        output.flush()
    found: dict[str, Any] = json.loads(written.getvalue())
    return found


def peak_memory() -> float:
    """The most memory that this process ever held, in MB.

    Linux counts what the parent held before the program began into `ru_maxrss`, so there the program's own mark is
    read.
    """
    if STATUS.exists():
        mark = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(mark.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def report(url: str, path: str, rows: str) -> None:
    """Import a file and print the seconds that it took and the memory, as JSON."""
    wall, cpu = time.perf_counter(), time.process_time()
    import_file(url, Path(path), int(rows))
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**taken, "mb": peak_memory()}))


if __name__ == "__main__":
    report(*sys.argv[1:])
