"""`make docs`: write docs/reference from the declarations; `--check` only tells what would change.

Nothing in the reference is written by hand: record types, errors, hooks, the filter language, the commands and the
Python interface are read from the code that runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.generate import commands, errors, filters, hooks, python, records

REFERENCE = Path(__file__).resolve().with_name("reference")
NOTICE = "<!-- Made by docs/build.py from the code: change the code, then run `make docs`. -->"


def made() -> dict[str, str]:
    """Every page of the reference by its file name; the same code always gives the same text."""
    pages = {
        "records.md": records.page(),
        "filter-language.md": filters.page(),
        "command-line.md": commands.page(),
        "python.md": python.page(),
        "hooks.md": hooks.page(),
        "errors.md": errors.page(),
    }
    return {name: f"{NOTICE}\n\n{text.strip()}\n" for name, text in pages.items()}


def stale() -> list[str]:
    """The names of the files that are not as they would be made now, superfluous ones included."""
    wanted = made()
    there = {path.name: path.read_text(encoding="utf-8") for path in sorted(REFERENCE.glob("*"))}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main() -> int:
    """Write the pages, or with --check tell which are stale; gives the exit status."""
    parser = argparse.ArgumentParser(description="Make docs/reference from the code.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is stale")
    only_check = parser.parse_args().check
    changed = stale()
    if not only_check:
        REFERENCE.mkdir(exist_ok=True)
        for name, text in made().items():
            (REFERENCE / name).write_text(text, encoding="utf-8")
        for name in set(changed) - set(made()):
            (REFERENCE / name).unlink()
    for name in changed:
        print(f"docs/reference/{name}: {'stale, run `make docs`' if only_check else 'written'}")
    return 1 if only_check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
