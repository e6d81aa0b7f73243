"""The snippet runner sees what it is there to see."""

from pathlib import Path

import pytest

from tests.docs.comparing import difference
from tests.docs.console import forget_modules
from tests.docs.pages import blocks
from tests.docs.running import PageRun

FENCE = "`" * 3


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *fenced: tuple[str, str]) -> None:
    """Run a page of these blocks: (what opens it, its text)."""
    page = folder / "page.md"
    page.write_text("\n\n".join(f"{FENCE}{info}\n{text}\n{FENCE}" for info, text in fenced), encoding="utf-8")
    place = folder / "place"
    place.mkdir()
    try:
        PageRun(place, monkeypatch).run(blocks(page))
    finally:
        forget_modules(place)


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("one\ntwo", "one\ntwo\n", True),
        ("one", "two\n", False),
        ("one", "one\ntwo\n", False),  # more than is shown
        ("id …, version 1", "id 0190, version 1\n", True),
        ("id …, version 1", "id 0190, version 2\n", False),
        ("a … b", "a\nb\n", False),  # within a line only
        ("one\n…\nfour", "one\ntwo\nthree\nfour\n", True),
        ("one\n…\nfour", "one\nfour\n", True),
        ("one\n…\nfour", "one\nfive\n", False),
        ("a.b", "acb\n", False),  # no pattern of another kind
    ],
)
def test_shown_output_is_compared(shown: str, printed: str, equal: bool) -> None:
    """Pages could show anything, or nothing that ever changes."""
    assert (difference(shown, printed) == "") is equal


def test_blocks_of_a_page_share_what_they_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guide could not go on from one step to the next."""
    run(tmp_path, monkeypatch, ("python", "x = 1"), ("python", "print(x + 1)"), ("text", "2"))


@pytest.mark.parametrize(
    "fenced",
    [
        [("python", "1 / 0")],
        [("python", "print(1)"), ("text", "2")],
        [("console", "$ crm count customr\n0")],
        [("console", "$ crm count nothing")],  # fails, and the page shows nothing of it
        [("console", "$ crm count nothing\n…")],  # fails, and the page does not say with which status
        [("console", "$ crm count nothing\n…\n$ echo $?\n0")],
        [("console", "$ make nothing")],
        [("console", "$ rm -r .")],
        [("console", "crm count customer")],
        [('python source="crmcore/crm.py"', "no such line")],
    ],
)
def test_the_runner_sees_what_is_not_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fenced: list[tuple[str, str]]
) -> None:
    """A page could say what is not so."""
    with pytest.raises((AssertionError, ArithmeticError)):
        run(tmp_path, monkeypatch, *fenced)


def test_a_failure_that_the_page_tells_of_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No guide could tell what goes wrong."""
    commands = (
        "$ crm count nothing\nError: unknown record type: 'nothing'\n$ echo $?\n1\n$ make test\n$ crm count user\n0"
    )
    run(tmp_path, monkeypatch, ("console", commands))


def test_titled_blocks_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guide could not show a file that it goes on to use."""
    run(
        tmp_path,
        monkeypatch,
        ('csv title="in/names.csv"', "name\nLeila"),
        ('python title="made.py"', "ANSWER = 42"),
        ("python", "import made\nprint(made.ANSWER)"),
        ("text", "42"),
        ("console", "$ cat in/names.csv\nname\nLeila"),
    )


def test_excerpts_stand_in_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guide could not quote an example, whatever it quotes."""
    run(tmp_path, monkeypatch, ('python source="tests/docs/pages.py"', 'GENERATED = ROOT / "docs" / "reference"'))
