"""The page of errors: the tree, and what each one says of itself."""

from __future__ import annotations

import inspect

from crmcore.domain import errors
from crmcore.domain.errors import CrmError
from docs.generate.markdown import code, codes, doc, document, table

INTRODUCTION = """\
Everything that crmcore raises on purpose is a `CrmError` from `crmcore.domain.errors`. Each says what was wrong, with
which value, and what to do. `message` is the sentence for a person, `details` are its facts as plain values; the
command line prints them as `{"error": {"type": ..., "message": ..., ...}}`. Most are subclasses of a built-in
exception too."""


def page() -> str:
    """The page."""
    found = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, CrmError)]
    tree = "\n".join(_branch(CrmError, 0, found))
    rows = [(code(e.__name__), codes(_builtins(e)), doc(e).replace("\n\n", " ")) for e in sorted(found, key=_name)]
    return document("Errors", INTRODUCTION, f"```text\n{tree}\n```", table(("error", "also a", "when"), rows))


def _name(error: type[CrmError]) -> str:
    return error.__name__


def _branch(error: type[CrmError], depth: int, found: list[type[CrmError]]) -> list[str]:
    under = sorted((each for each in found if error in each.__bases__), key=_name)
    return ["    " * depth + error.__name__, *(line for each in under for line in _branch(each, depth + 1, found))]


def _builtins(error: type[CrmError]) -> list[str]:
    return [base.__name__ for base in error.__bases__ if base.__module__ == "builtins" and base is not Exception]
