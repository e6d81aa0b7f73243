"""The contract of plugins, as tests. An author subclasses it beside his own tests, and runs pytest:

    import crmcore_legal
    from crmcore.testing import PluginContract


    class TestLegal(PluginContract):
        plugin = crmcore_legal

It runs in memory and on SQLite, and on the servers of CRMCORE_TEST_POSTGRES and CRMCORE_TEST_MARIADB if they are set.
Needs pytest and Hypothesis, which the extra `test` installs.
"""

import pytest

PARTS = (
    *(
        "case",
        "declaring",
        "fields",
        "forgetting",
        "importing",
        "joining",
        "keeping",
        "moving",
        "repeating",
        "rights",
        "telling",
    ),
    "walking",
)
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in PARTS))

from crmcore.testing.plugins.case import PluginCase  # noqa: E402  # their asserts are to be rewritten
from crmcore.testing.plugins.declaring import DeclaringContract  # noqa: E402
from crmcore.testing.plugins.fields import FieldContract  # noqa: E402
from crmcore.testing.plugins.forgetting import ForgettingContract  # noqa: E402
from crmcore.testing.plugins.importing import ImportingContract  # noqa: E402
from crmcore.testing.plugins.joining import JoiningContract  # noqa: E402
from crmcore.testing.plugins.keeping import KeepingContract  # noqa: E402
from crmcore.testing.plugins.moving import MovingContract  # noqa: E402
from crmcore.testing.plugins.repeating import RepeatingContract  # noqa: E402
from crmcore.testing.plugins.rights import RightsContract  # noqa: E402
from crmcore.testing.plugins.telling import TellingContract  # noqa: E402
from crmcore.testing.plugins.walking import WalkingContract  # noqa: E402

__all__ = ["PluginContract"]


class PluginContract(
    ImportingContract,
    DeclaringContract,
    FieldContract,
    MovingContract,
    WalkingContract,
    RightsContract,
    RepeatingContract,
    TellingContract,
    KeepingContract,
    JoiningContract,
    ForgettingContract,
    PluginCase,
):
    """All that the core expects of a plugin."""
