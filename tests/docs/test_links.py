"""The pages lead to one another."""

import re
import unicodedata
from pathlib import Path

import pytest

from tests.docs.pages import GENERATED, ROOT, name_of, pages

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)


def everything() -> list[Path]:
    """All pages, those that are generated too."""
    return [*pages(), *sorted(GENERATED.glob("*.md"))]


def prose(page: Path) -> str:
    """The text without its fenced blocks."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What a link to a heading is called, by the rule of the usual hosts of repositories."""
    return {_anchor(heading) for heading in _HEADING.findall(prose(page))}


def _anchor(heading: str) -> str:
    kept = (c for c in heading.strip().lower() if c in " -_" or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


def dead(page: Path) -> list[str]:
    """The links of a page that lead nowhere in the repository."""
    found = []
    for link in _LINK.findall(_CODE.sub("", prose(page))):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", everything(), ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A reader would be sent to a page that is not there."""
    assert dead(page) == []


def test_every_guide_can_be_reached_from_the_readme() -> None:
    """A page that nobody links to is read by nobody."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = _LINK.findall(prose(page))
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links if not link.startswith("#")}
        waiting += [each for each in targets - reached if each.suffix == ".md" and each.is_file()]
    guides = {page for page in everything() if page.is_relative_to(ROOT / "docs")}
    assert sorted(map(name_of, guides - reached)) == []


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("there.md", []),
        ("there.md#a-heading-in-it", []),
        ("gone.md", ["gone.md"]),
        ("there.md#gone", ["there.md#gone"]),
    ],
)
def test_the_rule_sees_a_dead_link(tmp_path: Path, link: str, expected: list[str]) -> None:
    """The rule would hold because it looks at nothing."""
    (tmp_path / "there.md").write_text("# A heading: in it\n", encoding="utf-8")
    (tmp_path / "page.md").write_text(f"[link]({link})\n", encoding="utf-8")
    assert dead(tmp_path / "page.md") == expected
