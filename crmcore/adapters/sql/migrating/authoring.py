"""Writing the next revision of a distribution: from the shapes beside the last one to those that are declared now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.migrating.deriving import Fields, Operation, Shapes, derive
from crmcore.adapters.sql.migrating.shapes import from_plain, shapes_of
from crmcore.adapters.sql.migrating.source import revision_text
from crmcore.adapters.sql.tables import CORE, Tables, build_tables
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.field import Field
from crmcore.plugins.registry import load
from crmcore.plugins.revisions import CORE_PACKAGE, folder_of
from crmcore.plugins.starting.requiring import load_with_required
from crmcore.ports.migration import FIRST

_FILE: Final = re.compile(r"(\d{4})_\w+\.py")


@attrs.frozen
class Draft:
    """A revision that was written: its file, the snapshot beside it, how many operations it has, what it asks."""

    revision: str
    file: Path
    snapshot: Path
    operations: int
    undecided: tuple[str, ...]


def draft_revision(name: str, message: str, folder: Path | None = None, *, data: bool = False) -> Draft:
    """Write the next revision of an installed plugin, or of "core", from its declarations with those that it requires:
    into `folder`, or into the package that its manifest names. Raises InvalidSetting, and what loading it raises."""
    registry = load() if name == CORE else load_with_required(name)
    package = next((each.manifest.migrations for each in registry.plugins if each.name == name), CORE_PACKAGE)
    if folder is None and not package:
        raise InvalidSetting(
            f"the plugin {name!r} does not say where its revisions are: write Plugin({name!r}, "
            f'migrations="PACKAGE.migrations") in its module, or give --dir',
            plugin=name,
        )
    return write_revision(registry.catalogue, name, folder or folder_of(package), message, data=data)


def write_revision(catalogue: Catalogue, name: str, folder: Path, message: str, *, data: bool = False) -> Draft:
    """Write the next revision of a distribution ("core" or a plugin) into the package in `folder`, which is made if it
    is not there. `data`: also if no table has changed, for a data step that its author adds.

    Raises InvalidSetting if nothing has changed, or if the snapshot of the last revision cannot be read.
    """
    tables = build_tables(catalogue, "")
    shapes = shapes_of(tables, name)
    fingerprint = catalogue.fingerprint(None if name == CORE else name)
    last, known, recorded = _last(folder)
    if last and recorded == fingerprint and not data:
        raise InvalidSetting(f"nothing that its tables depend on has changed in {name} since revision {last}")
    operations = derive(known, shapes, fields_of(catalogue, tables, name))
    revision = f"{int(last) + 1:04}" if last else FIRST
    text = revision_text(message, revision, last, fingerprint, operations)
    return _keep(folder, name, revision, message, text, _snapshot(name, revision, fingerprint, shapes), operations)


def fields_of(catalogue: Catalogue, tables: Tables, name: str) -> Fields:
    """The declared fields of the tables of a distribution."""
    found: dict[sa.Table, tuple[Field, ...]] = {}
    for record, table in tables.records.items():
        found[table] = catalogue.record(record).fields
    for (record, part), table in tables.parts.items():
        found[table] = next(p.fields for p in catalogue.record(record).parts if p.name == part)
    for (record, facet), table in tables.facets.items():
        found[table] = next(f.fields for f in catalogue.facets[record] if f.name == facet)
    return {str(table.info["name"]): found[table] for table in tables.of(name) if table in found}


def _last(folder: Path) -> tuple[str | None, Shapes, str]:
    """The last revision in a folder, and the shapes and the fingerprint that were recorded with it."""
    files = sorted(each for each in folder.glob("*.py") if _FILE.fullmatch(each.name)) if folder.is_dir() else []
    if not files:
        return None, {}, ""
    snapshot = files[-1].with_suffix(".json")
    try:
        told: Mapping[str, Any] = json.loads(snapshot.read_text(encoding="utf-8"))
        shapes = {name: from_plain(name, plain) for name, plain in told["tables"].items()}
        return files[-1].name[:4], shapes, str(told["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidSetting(
            f"{snapshot} cannot be read ({error}): the next revision is made by comparing with it; get it back from "
            "your version control",
            file=str(snapshot),
        ) from None


def _snapshot(name: str, revision: str, fingerprint: str, shapes: Shapes) -> str:
    tables = {each.name: each.plain() for each in shapes.values()}
    told = {"distribution": name, "revision": revision, "fingerprint": fingerprint, "tables": tables}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _keep(
    folder: Path, name: str, revision: str, message: str, text: str, snapshot: str, operations: list[Operation]
) -> Draft:
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / "__init__.py"
    if not package.exists():
        package.write_text(f'"""The revisions of the tables of {name}."""\n', encoding="utf-8")
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40].rstrip("_") or "revision"
    file = folder / f"{revision}_{slug}.py"
    file.write_text(text, encoding="utf-8")
    file.with_suffix(".json").write_text(snapshot, encoding="utf-8")
    asked = tuple(each.args[0] for each in operations if each.open)
    return Draft(revision, file, file.with_suffix(".json"), len(operations), asked)
