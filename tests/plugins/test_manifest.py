"""Tests of the manifest: what a plugin may call itself, and what it may say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.records import CORE
from crmcore.plugins import Plugin
from crmcore.plugins.manifest import squash


@pytest.mark.parametrize("name", ["a", "loyalty", "email", "points_2", "a" * 30])
def test_a_plain_name_is_taken(name: str) -> None:
    """Authors could not use the names that they are told to use."""
    assert Plugin(name).name == name


@pytest.mark.parametrize(
    "name",
    ["", "Loyalty", "ｌoyalty", "loyal-ty", "loyal.ty", "2nd", "_x", "a" * 31, "عضو", "loyalty\n", None, 3, ("a",)],
)
def test_what_cannot_name_tables_and_fields_is_refused(name: Any) -> None:
    """The name becomes part of tables, filters and commands, where such a name breaks or misleads."""
    with pytest.raises(InvalidDeclaration, match="cannot be a plugin's name"):
        Plugin(name)


@pytest.mark.parametrize(
    "name",
    [
        "core",
        "none",
        "custom",
        "history",
        "and",
        "not_",
        "customer",
        "custo_mer",
        *(c.__crm__.name for c in CORE if c.__crm__),
    ],
)
def test_names_of_the_core_are_refused(name: str) -> None:
    """`customer.name` in a filter could mean a field of the core or of the plugin."""
    with pytest.raises(InvalidDeclaration, match=name):
        Plugin(name)


@pytest.mark.parametrize("where", ["requires", "after", "conflicts"])
@pytest.mark.parametrize("names", ["points", ("Points",), (None,), ("loyalty",)])
def test_what_it_says_of_others_has_to_name_plugins(where: str, names: Any) -> None:
    """`requires="points"` would require p, o, i, n, t and s; a name that none can have is never found."""
    with pytest.raises(InvalidDeclaration, match=f"{where} has|in {where}|tuples of names"):
        Plugin("loyalty", **{where: names})


@pytest.mark.parametrize("wrong", [{"api": 0}, {"api": "1"}, {"api": True}, {"description": None}, {"version": 1.0}])
def test_the_rest_is_checked_too(wrong: Any) -> None:
    """The mistake would come out far from here, in a comparison or on somebody's screen."""
    with pytest.raises(InvalidDeclaration, match=next(iter(wrong))):
        Plugin("loyalty", **wrong)


def test_it_does_not_change_afterwards() -> None:
    """A plugin could change what it requires after the order was made from that."""
    names = ["points"]
    plugin = Plugin("loyalty", requires=names)
    names.append("coupons")
    assert plugin.requires == ("points",)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), st.data())
def test_names_that_a_person_takes_for_one_are_squashed_to_one(name: str, data: st.DataObject) -> None:
    """Two plugins that read alike could both get in, and one be taken for the other."""
    place = data.draw(st.integers(0, len(name)))
    wide = "".join(chr(ord(c) + 0xFEE0) for c in name)
    assert {squash(name.upper()), squash(f"{name[:place]}_{name[place:]}"), squash(wide)} == {squash(name)}
