"""What the core keeps about a database: settings by key, and the stamp that says what the database was made by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.model import Model, insertion
from crmcore.adapters.sql.runner import Insertion, Runner
from crmcore.domain.errors import SchemaMismatch
from crmcore.ports.stamp import KnownPlugin, Stamp

STAMP: Final = "stamp"

_REPLACE: Final = {
    "sqlite": ' ON CONFLICT ("key") DO UPDATE SET value = excluded.value',
    "postgresql": " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    "mariadb": " ON DUPLICATE KEY UPDATE value = VALUES(value)",
}


class Settings:
    """The statements about settings, made once for a model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._table = model.tables.setting

    @cached_property
    def _insertion(self) -> Insertion:
        suffix = _REPLACE[self._model.backend]
        return insertion(self._model.dialect, self._table, list(self._table.columns), suffix)

    def get(self, runner: Runner, key: str) -> str | None:
        """The value, or None."""

        def make() -> Any:
            held = self._table.c.key == sa.bindparam("p0", type_=self._table.c.key.type)
            return sa.select(self._table.c.value).where(held)

        rows = runner.fetch(self._model.statement("setting", make).text, (key,))
        return rows[0][0] if rows else None

    def put(self, runner: Runner, key: str, value: str) -> None:
        """Keep a value."""
        runner.run(self._insertion.insert, (key, value))


def stamp_text(stamp: Stamp) -> str:
    """The stamp as it is kept; the revisions are in the version tables, where Alembic changes them."""
    kept: dict[str, Any] = {
        "fingerprints": dict(stamp.fingerprints),
        "plugins": list(stamp.plugins),
        "fold": stamp.fold,
        "keys": stamp.keys,
        "known": {name: attrs.asdict(each) for name, each in stamp.known.items()},
    }
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def stamp_from(text: str, revisions: Mapping[str, str]) -> Stamp:
    """The stamp back; `SchemaMismatch` for a text that is none."""
    try:
        kept = json.loads(text)
        fingerprints, plugins = dict(kept["fingerprints"]), tuple(kept["plugins"])
        known = {name: _known(each) for name, each in kept.get("known", {}).items()}
        return Stamp(revisions, fingerprints, plugins, int(kept["fold"]), int(kept["keys"]), known)
    except (ValueError, TypeError, KeyError):
        raise SchemaMismatch(f"the setting {STAMP!r} of this database cannot be read: {text[:80]!r}") from None


def _known(kept: dict[str, Any]) -> KnownPlugin:
    lists = {name: tuple(kept[name]) for name in ("requires", "capabilities")}
    return KnownPlugin(**{**kept, **lists})


def stamped(text: str) -> Iterable[str]:
    """The distributions that a stamp names."""
    return sorted(stamp_from(text, {}).fingerprints)
