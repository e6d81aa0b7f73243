"""The measurements, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.report import Result
from benchmarks.stage import Stage
from benchmarks.tasks import auditing, bulk, customer, feeding, listing, merging, plugins, process, selling, single

Task = Callable[[Stage], Iterator[Result]]

TASKS: Final[dict[str, Task]] = {
    "start": process.start,
    "bulk": bulk.add_many,
    "csv": bulk.import_file,
    "xlsx": bulk.import_workbook,
    "add": single.add_one,
    "change": single.change_one,
    "grow": process.grow,
    "load": bulk.add_all,
    "get": customer.get,
    "find": customer.find,
    "view": customer.view,
    "timeline": listing.pages,
    "count": listing.count,
    "move": selling.move_one,
    "pipeline": selling.pipeline,
    "forecast": selling.forecasts,
    "dispatch": plugins.dispatch,
    "start-plugins": plugins.start,
    "add-plugins": plugins.unit,
    "bulk-plugins": plugins.bulk,
    "page-plugins": plugins.page,
    "feed": feeding.feed,
    "chain": auditing.chaining,
    "merge": merging.merge_many,
}
"""The short name of each measurement, for `--task`."""
