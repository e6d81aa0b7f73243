"""Plugins that misbehave, one to a module: what a host has to survive. Those of `IMPORTED` cannot be imported."""

from __future__ import annotations

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
IMPORTED: Final = {
    "raises_import_error": "ImportError: boom",
    "raises_syntax_error": "SyntaxError: ",
    "raises_name_error": "NameError: name 'no_such_name' is not defined",
    "raises_missing_module": "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
    "raises_recursion_error": "RecursionError: ",
    "raises_memory_error": "MemoryError",
    "raises_group": "BaseExceptionGroup: two at once",
    "exits": "SystemExit: 3",
    "raises_without_text": "Mute: without a readable message",
}
"""What importing each of them raises."""

HANGING: Final = ("hangs_sleeping", "hangs_waiting", "hangs_in_manifest")
"""Those that never come to an end of being imported, or read."""


def source(name: str) -> str:
    """The text of a bad plugin, to be installed under whatever name."""
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")
