"""The text of a revision's file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from crmcore.adapters.sql.migrating.deriving import Operation

WIDTH: Final = 100


def revision_text(message: str, revision: str, down: str | None, fingerprint: str, operations: list[Operation]) -> str:
    """A module with `revision`, `down_revision`, `fingerprint` and `upgrade(op)`."""
    title = " ".join(message.replace("\\", "/").replace('"', "'").split()).rstrip(".")
    body = list(_body(operations)) or ["    # no table changes: add what is to be done with the rows"]
    return "\n".join(
        [
            f'"""{title[:1].upper()}{title[1:]}."""',
            "",
            *_imports(operations),
            "from crmcore.ports.migration import Operations",
            "",
            f"revision = {_literal(revision)}",
            f"down_revision = {_literal(down)}",
            f"fingerprint = {_literal(fingerprint)}",
            "",
            "",
            "def upgrade(op: Operations) -> None:",
            '    """What leads here from the revision before; each operation is left out where it is done already."""',
            *body,
            "",
        ]
    )


def _imports(operations: Iterable[Operation]) -> list[str]:
    values = [value for each in operations for value in each.args]
    found = ["import datetime"] if any(isinstance(v, dt.date) for v in values) else []
    found += ["from decimal import Decimal"] if any(isinstance(v, Decimal) for v in values) else []
    return [*found, ""] if found else []


def _body(operations: Iterable[Operation]) -> Iterator[str]:
    for each in operations:
        yield from (f"    # {line}" for line in each.note.splitlines())
        yield from _call(each)


def _call(operation: Operation) -> Iterator[str]:
    given = [_literal(value) for value in operation.args]
    given += [f"{name}={_literal(value)}" for name, value in operation.options.items()]
    line = f"    op.{operation.name}({', '.join(given)})"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"    op.{operation.name}("
    for value in operation.args:
        yield from _long("        ", "", value)
    for name, value in operation.options.items():
        yield from _long("        ", f"{name}=", value)
    yield "    )"


def _long(indent: str, head: str, value: Any) -> Iterator[str]:
    line = f"{indent}{head}{_literal(value)},"
    if len(line) <= WIDTH or not isinstance(value, list | dict):
        yield line
        return
    opening, closing = "[]" if isinstance(value, list) else "{}"
    yield f"{indent}{head}{opening}"
    if isinstance(value, list):
        yield from (f"{indent}    {_literal(each)}," for each in value)
    else:
        yield from (f"{indent}    {_literal(key)}: {_literal(each)}," for key, each in value.items())
    yield f"{indent}{closing},"


def _literal(value: Any) -> str:
    """A value as Python writes it, with the quotes of this house."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple():
            inner = ", ".join(map(_literal, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case Mapping():
            return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
        case Decimal():
            return f'Decimal("{value}")'
        case frozenset():
            return f"frozenset({_literal(sorted(value))})"
    return repr(value)
