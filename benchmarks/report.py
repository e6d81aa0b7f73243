"""What a measurement gives, and how it is told: one JSON line each."""

from __future__ import annotations

import json
from typing import Any

import attrs

from benchmarks.timing import Times


@attrs.frozen
class Result:
    """One ratio: `ours` and `floor` in `unit` (us: microseconds for one of `n`; s, mb, cpu_ms).

    `target`: the ratio that is aimed at; None where the figure only informs. `more`: whatever else belongs to it.
    """

    task: str
    storage: str
    ours: float
    floor: float
    unit: str
    target: float | None
    n: int
    more: dict[str, Any] = attrs.field(factory=dict)

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.ours / self.floor

    @property
    def ok(self) -> bool | None:
        """Whether the target was reached; None without one."""
        return None if self.target is None else self.ratio <= self.target

    def line(self) -> str:
        """The result as a JSON line."""
        plain = {
            "task": self.task,
            "storage": self.storage,
            "ratio": round(self.ratio, 3),
            "target": None if self.target is None else round(self.target, 3),
            f"ours_{self.unit}": round(self.ours, 4),
            f"floor_{self.unit}": round(self.floor, 4),
            "n": self.n,
            "ok": self.ok,
            **self.more,
        }
        return json.dumps(plain, ensure_ascii=False)


@attrs.frozen
class Target:
    """The ratio that is aimed at, for each storage that has one."""

    sqlite: float
    postgresql: float

    def on(self, storage: str) -> float | None:
        """The target of a storage; MariaDB has none."""
        return {"sqlite": self.sqlite, "postgresql": self.postgresql}.get(storage)


def per_unit(task: str, storage: str, times: Times, target: float | None, n: int, **more: Any) -> Result:
    """The medians of these times, in microseconds."""
    ours, floor = times.medians
    return Result(task, storage, ours * 1e6, floor * 1e6, "us", target, n, more)
