"""The contracts of ports, as tests. For a storage subclass `StorageContract`, give its `source`, and run pytest:

    from crmcore.testing.contract import StorageContract

    class TestMyStorage(StorageContract):
        def source(self):
            return MySource(...)  # over an empty database

A fixture of the subclass can make the database; `source` is called once or more in each test.
"""

import pytest

PARTS = (
    "altering",
    "asking",
    "auditing",
    "case",
    "consuming",
    "finding",
    "history",
    "holding",
    "migrating",
    "moves",
    "moving",
    "outside",
    "removing",
    "retiring",
    "sorting",
    "texts",
    "uniqueness",
    "units",
    "writing",
)
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in PARTS))

from crmcore.testing.contract.altering import AlteringContract  # noqa: E402  # their asserts are to be rewritten
from crmcore.testing.contract.asking import AskingContract  # noqa: E402
from crmcore.testing.contract.auditing import ChainContract, ErasingContract  # noqa: E402
from crmcore.testing.contract.case import StorageCase  # noqa: E402
from crmcore.testing.contract.consuming import BacklogContract, LeaseContract, RunContract  # noqa: E402
from crmcore.testing.contract.finding import FindingContract, SearchContract, TimelineContract  # noqa: E402
from crmcore.testing.contract.history import FeedContract, HistoryContract  # noqa: E402
from crmcore.testing.contract.holding import FacetContract, PartsContract  # noqa: E402
from crmcore.testing.contract.migrating import MigratingContract  # noqa: E402
from crmcore.testing.contract.moves import MovesContract  # noqa: E402
from crmcore.testing.contract.moving import MovingContract  # noqa: E402
from crmcore.testing.contract.outside import ClockContract, IdsContract  # noqa: E402
from crmcore.testing.contract.removing import RemovingContract  # noqa: E402
from crmcore.testing.contract.retiring import RetiringContract  # noqa: E402
from crmcore.testing.contract.sorting import FiguresContract, SortingContract  # noqa: E402
from crmcore.testing.contract.texts import ExactnessContract, TextContract  # noqa: E402
from crmcore.testing.contract.uniqueness import UniquenessContract  # noqa: E402
from crmcore.testing.contract.units import UnitContract  # noqa: E402
from crmcore.testing.contract.writing import WritingContract  # noqa: E402

__all__ = ["ClockContract", "IdsContract", "StorageCase", "StorageContract"]


class StorageContract(
    WritingContract,
    RemovingContract,
    PartsContract,
    FacetContract,
    AlteringContract,
    RetiringContract,
    MigratingContract,
    UniquenessContract,
    AskingContract,
    SortingContract,
    FiguresContract,
    TextContract,
    ExactnessContract,
    FindingContract,
    SearchContract,
    TimelineContract,
    HistoryContract,
    FeedContract,
    LeaseContract,
    BacklogContract,
    RunContract,
    MovingContract,
    MovesContract,
    ChainContract,
    ErasingContract,
    UnitContract,
    StorageCase,
):
    """All that the core expects of a storage."""
