"""Storage in the memory of one process: for tests, examples and data that need not last."""

from crmcore.adapters.memory.database import MemoryDatabase
from crmcore.adapters.memory.storage import MemoryStorage

__all__ = ["MemoryDatabase", "MemoryStorage"]
