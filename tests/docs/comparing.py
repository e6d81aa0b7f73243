"""Shown output compared with what was printed; `…` stands for what may differ."""

import difflib
import re

ANYTHING = "…"


def pattern_of(shown: str) -> re.Pattern[str]:
    """What the shown output means: `…` on a line of its own is any lines, within a line any of its characters."""
    pieces = []
    for line in plain_lines(shown):
        if line.strip() == ANYTHING:
            pieces.append(r"(?:.*\n)*?")
        else:
            pieces.append(r"[^\n]*?".join(map(re.escape, line.split(ANYTHING))) + r"\n")
    return re.compile("".join(pieces))


def plain_lines(text: str) -> list[str]:
    """The lines without blanks at their ends, and without empty lines before and after."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def difference(shown: str, printed: str) -> str:
    """What is wrong with the shown output, as a diff; empty if it is what was printed."""
    lines = plain_lines(printed)
    if pattern_of(shown).fullmatch("".join(f"{line}\n" for line in lines)):
        return ""
    return "\n".join(difflib.unified_diff(plain_lines(shown), lines, "shown", "printed", lineterm="", n=99))
