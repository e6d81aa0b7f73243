"""The revisions of distributions: found in the package that a manifest names, imported, and put in order."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from crmcore.domain.errors import InvalidSetting, PluginFailed
from crmcore.plugins.refusal import Origin, Problem, refuse, text_of
from crmcore.ports.migration import Chain, Revision

CORE: Final = "core"
CORE_PACKAGE: Final = "crmcore.adapters.sql.migrations"
LONGEST: Final = 32
"""What fits into a version table of Alembic's form."""

_FILE: Final = re.compile(r"\d{4}_\w+")


def chain(origin: Origin, package: str) -> Chain:
    """The revisions that stand in a package ("": there are none), oldest first.

    Raises PluginFailed for a package or module that cannot be imported, and for revisions that are no single line.
    """
    if not package:
        return Chain(origin.plugin)
    return Chain(origin.plugin, tuple(_in_line(origin, package, list(_found(origin, package)))))


def core_chain() -> Chain:
    """The revisions of the core."""
    return chain(Origin(CORE), CORE_PACKAGE)


def folder_of(package: str) -> Path:
    """Where a package of revisions stands, or is to stand, in the distribution that holds it.

    `InvalidSetting` if there is no package around it.
    """
    around, _, last = package.rpartition(".")
    try:
        found, holder = find_spec(package), find_spec(around) if around else None
    except ModuleNotFoundError:
        found = holder = None
    if found is not None and found.submodule_search_locations:
        return Path(found.submodule_search_locations[0])
    if holder is not None and holder.submodule_search_locations:
        return Path(holder.submodule_search_locations[0]) / last
    raise InvalidSetting(
        f"there is no package {around or package!r} to hold the revisions: name another in Plugin(migrations=...), or "
        "say where they are to be written with --dir",
        package=package,
    )


def _found(origin: Origin, package: str) -> Iterator[Revision]:
    holder = _imported(origin, package)
    for each in sorted(pkgutil.iter_modules(getattr(holder, "__path__", ())), key=lambda m: m.name):
        if _FILE.fullmatch(each.name):
            yield _revision(origin, f"{package}.{each.name}")


def _imported(origin: Origin, name: str) -> Any:
    try:
        return import_module(name)
    except Exception as error:
        _refuse(origin, f"importing {name} raised {text_of(error)}", "Mend it or install the distribution anew", error)


def _revision(origin: Origin, name: str) -> Revision:
    module = _imported(origin, name)
    id, down = getattr(module, "revision", None), getattr(module, "down_revision", None)
    fingerprint: str = getattr(module, "fingerprint", "")
    upgrade: Any = getattr(module, "upgrade", None)
    texts = isinstance(id, str) and 0 < len(id) <= LONGEST and isinstance(fingerprint, str)
    if not texts or not isinstance(down, str | None) or not callable(upgrade):
        what = f"{name} is no revision: it needs revision, down_revision, fingerprint and upgrade(op)"
        _refuse(origin, what, "Write it with `crm plugins migrate`")
    return Revision(str(id), down, fingerprint, upgrade, (module.__doc__ or "").strip(), name)


def _in_line(origin: Origin, package: str, found: list[Revision]) -> Iterator[Revision]:
    """The revisions from the first to the last, each after the one that it names."""
    following = {each.down: each for each in found}
    if len(following) < len(found):
        _refuse(origin, f"two revisions in {package} follow on the same one", "Let one follow on the other")
    last, passed = None, 0
    while (each := following.get(last)) is not None and passed < len(found):
        yield each
        last, passed = each.id, passed + 1
    if passed < len(found):
        loose = sorted(each.name for each in found if each.down not in {None, *(f.id for f in found)})
        what = f"the revisions in {package} are no single line: {', '.join(loose) or 'one follows on itself'}"
        _refuse(origin, what, "Let down_revision name the revision before")


def _refuse(origin: Origin, what: str, remedy: str, cause: BaseException | None = None) -> Any:
    refuse([Problem(error=PluginFailed, origins=(origin,), what=what, remedy=remedy, cause=cause)])
