"""Part of the contract of plugins: what a plugin declares, looked at without a database."""

from __future__ import annotations

from collections.abc import Mapping

from crmcore.plugins.registry import load
from crmcore.testing.plugins.case import PluginCase


class DeclaringContract(PluginCase):
    """Manifest and declarations."""

    def test_it_starts(self) -> None:
        """The core refuses the plugin: the manifest is wrong, a hook does not fit its specification, or what it
        declares cannot be. The message says who, what, and how to mend it."""
        assert self.name in load(self.active).names

    def test_it_declares_the_same_again(self) -> None:
        """Declare hooks answer something else each time, by a clock or a counter, say: two processes over one database
        would disagree about its tables. They have to be pure."""
        one, other = load(self.active), load(self.active)
        assert one.describe(()) == other.describe(())
        assert one.catalogue.fingerprint(self.name) == other.catalogue.fingerprint(self.name)

    def test_everything_is_named_in_the_same_languages(self) -> None:
        """Some labels of the plugin are there in a language and others are not: a screen in that language would be
        half in another one. Give every label in each language, or no labels at all."""
        languages = {name: set(label) for name, label in self._labels().items() if label}
        every = set().union(*languages.values()) if languages else set()
        assert {name: sorted(every - held) for name, held in languages.items() if held != every} == {}

    def _labels(self) -> dict[str, Mapping[str, str]]:
        catalogue = load(self.active).catalogue
        types = [type for type in catalogue.records.values() if type.plugin == self.name]
        facets = [f for held in catalogue.facets.values() for f in held if f.name == self.name]
        found = {f"{type.name}.{f.name}": f.label for type in types for f in type.own}
        found |= {facet.dotted(f): f.label for facet in facets for f in facet.fields}
        return found
