"""The page of hooks: what a plugin may implement, from the specifications."""

from __future__ import annotations

import inspect

from crmcore.plugins.hookspecs import Hooks
from crmcore.plugins.manifest import API, Plugin
from docs.generate.markdown import code, doc, document, table

INTRODUCTION = """\
A hook is a function of a plugin's module, named and called as specified here and marked with `@hookimpl` from
`crmcore.plugins`. A plugin implements those that it needs. This is version {api} of the specifications."""


def page() -> str:
    """The page."""
    specified = [each for name, each in vars(Hooks).items() if inspect.isfunction(each) and not name.startswith("_")]
    rows = [(code(each.__name__), code(_returns(each)), doc(each)) for each in specified]
    manifest = [(code(n), code(str(p.annotation)), _default(p)) for n, p in _parameters()]
    return document(
        "Hooks",
        INTRODUCTION.format(api=API),
        f"## Declare hooks\n\n{doc(Hooks)}\n\n{table(('hook', 'returns', 'what'), rows)}",
        f"## The manifest\n\n{doc(Plugin)}\n\n{table(('attribute', 'type', 'default'), manifest)}",
    )


def _returns(hook: object) -> str:
    return str(inspect.get_annotations(hook).get("return", ""))  # type: ignore[arg-type]  # a function


def _parameters() -> list[tuple[str, inspect.Parameter]]:
    return list(inspect.signature(Plugin).parameters.items())


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is parameter.empty else code(repr(parameter.default))
