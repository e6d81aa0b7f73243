"""What plugins tell beside records; whatever they do, nothing is handed out that only looks whole."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from crmcore import Person
from crmcore.adapters.reports.subject import subject_json
from crmcore.application.subjects.handing_out import handed_out
from crmcore.domain.errors import PluginFailed
from crmcore.plugins import Disclosing, Plugin, hookimpl
from crmcore.testing.crm import make_crm
from tests.application.subjects.test_export import exported


def telling(**hooks: Any) -> SimpleNamespace:
    """A plugin that implements these hooks."""
    return SimpleNamespace(plugin=Plugin("telling"), **{name: hookimpl(hook) for name, hook in hooks.items()})


def test_what_plugins_add_is_in_the_document() -> None:
    """By plugin, as plain values; the customer that they are given has every facet."""

    def contribute_subject(context: Disclosing) -> Mapping[str, Any]:
        return {"stars": Decimal("4.50"), "called": context.customer.name}

    def contribute_panel(context: object) -> Mapping[str, Any]:
        return {"mood": "sunny"}

    plugin = telling(contribute_subject=contribute_subject, contribute_panel=contribute_panel)
    with make_crm(plugins=[plugin]) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
        document = exported(crm, leila)
    assert document["plugins"] == {"telling": {"stars": "4.50", "called": "Leila"}}
    assert document["figures"]["panels"] == {"telling": {"mood": "sunny"}}


def test_a_plugin_that_fails_stops_the_export() -> None:
    """Nobody would know what is missing."""

    def contribute_subject(context: Disclosing) -> Mapping[str, Any]:
        raise ZeroDivisionError("no stars")

    with make_crm(plugins=[telling(contribute_subject=contribute_subject)]) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
        with pytest.raises(PluginFailed, match=r"telling.*contribute_subject"):
            exported(crm, leila)


def test_a_panel_that_fails_is_named() -> None:
    """It only shows what is known anyway."""

    def contribute_panel(context: object) -> Mapping[str, Any]:
        raise ZeroDivisionError

    with make_crm(plugins=[telling(contribute_panel=contribute_panel)]) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
        [missing] = exported(crm, leila)["figures"]["missing"]
    assert (missing["plugin"], missing["hook"]) == ("telling", "contribute_panel")


def test_others_write_while_an_export_is_read(fresh_url: str) -> None:
    """It is of one moment: what is written meanwhile is not half in it."""
    with make_crm(fresh_url) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
        with handed_out(partial(crm.work, "root"), lambda: crm.storage, leila) as export:
            sections = export.sections()
            read = [next(sections) for _ in range(5)]
            with crm.work("other") as work:
                work.customers.change(leila, name="Laila")
            text = "".join(subject_json([*read, *sections]))
    assert "Leila" in text and "Laila" not in text
