"""INV-5, INV-7 and INV-8 for whatever world: what is merged and taken back is as it was; nothing is lost between."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.testing.crm import make_crm
from tests.application.merging.world_checks import check_edited, check_exact, check_in_turn, check_leaving
from tests.application.merging.worlds import PLUGINS

Check = Callable[[Crm, Random], bool]
CHECKS = (check_exact, check_in_turn, check_edited, check_leaving)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@settings(max_examples=50)
@given(seed=st.integers(0, 2**32))
def test_worlds(check: Check, seed: int) -> None:
    """Some value, part, facet, reference or key would not come back, or one would be lost meanwhile."""
    with make_crm(plugins=PLUGINS) as crm:
        check(crm, Random(seed))


def test_worlds_in_a_database(fresh_url: str) -> None:
    """The same where references are repointed by statements, several worlds beside each other."""
    with make_crm(fresh_url, plugins=PLUGINS) as crm:
        assert sum(check(crm, Random(seed)) for check in CHECKS for seed in range(4)) > 6
