"""How databases on servers are backed up and restored: by the servers' own tools, which the refusals name."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from crmcore.adapters.sql.types import Backend
from crmcore.domain.errors import InvalidSetting

_NAMES: Final = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}
_PUBLIC: Final = "public"


def backup_refusal(url: sa.URL, backend: Backend, path: Path, schema: str | None = None) -> InvalidSetting:
    """What to raise for a backup of a server's database: the command that takes it, without a password."""
    if backend == "postgresql":
        only = [f"--schema={schema}"] if schema not in (None, _PUBLIC) else []
        words = ["pg_dump", "--format=custom", *only, f"--file={path}", f"--dbname={_address(url)}"]
    else:
        whole = ["--single-transaction", "--quick", "--hex-blob", "--default-character-set=utf8mb4"]
        words = ["mariadb-dump", *whole, *_account(url), f"--result-file={path}", schema or url.database or ""]
    return _refusal("backed up", backend, words)


def restore_refusal(url: sa.URL, backend: Backend, path: Path) -> InvalidSetting:
    """What to raise for a restore to a server's database: the command that does it, without a password."""
    if backend == "postgresql":
        whole = ["--clean", "--if-exists", "--exit-on-error", "--single-transaction", "--no-owner"]
        words = ["pg_restore", *whole, f"--dbname={_address(url)}", str(path)]
    else:
        settings = ["--default-character-set=utf8mb4", *_account(url)]
        words = ["mariadb", *settings, f"--execute=source {path}", url.database or ""]
    return _refusal("restored", backend, words)


def _refusal(done: str, backend: Backend, words: list[str]) -> InvalidSetting:
    command = shlex.join(words)
    return InvalidSetting(
        f"a database on {_NAMES[backend]} is {done} by its own tool; run:\n{command}", command=command
    )


def _address(url: sa.URL) -> str:
    """The address as the tools of PostgreSQL take it; they ask for the password, or have it from ~/.pgpass."""
    bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string()


def _account(url: sa.URL) -> list[str]:
    """The address as options of the tools of MariaDB; a password is asked for."""
    socket = url.query.get("unix_socket")
    if socket:
        place = [f"--socket={socket}"]
    else:
        place = ["--protocol=tcp", f"--host={url.host or 'localhost'}", f"--port={url.port or 3306}"]
    user = [f"--user={url.username}"] if url.username else []
    return [*place, *user, *(["--password"] if url.password else [])]
