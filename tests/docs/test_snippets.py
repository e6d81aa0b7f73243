"""Every snippet of the README, the guides and the examples' pages runs and prints what it shows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import SERVERS
from tests.docs import pages
from tests.docs.console import forget_modules
from tests.docs.pages import Block, blocks, is_output
from tests.docs.running import URLS, PageRun


def needed(page: Path) -> set[str]:
    """The servers that some block of a page needs."""
    return {block.needs for block in blocks(page) if block.needs}


def runs() -> Iterator[object]:
    """Each page by itself, and once more for each server that it tells of."""
    for page in pages.pages():
        if any(block.language in pages.RUN and block.needs is None for block in blocks(page)):
            yield pytest.param(page, None, id=pages.name_of(page))
        for server in sorted(needed(page) & set(SERVERS)):
            yield pytest.param(page, server, id=f"{pages.name_of(page)}-{server}", marks=getattr(pytest.mark, server))


@pytest.mark.parametrize(("page", "server"), list(runs()))
def test_a_page_does_what_it_says(
    page: Path,
    server: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """A reader would type what the page says and get something else."""
    url = "" if server is None else str(request.getfixturevalue(f"{server}_url"))
    try:
        PageRun(tmp_path, monkeypatch, server, url).run(blocks(page))
    finally:
        forget_modules(tmp_path)


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name_of)
def test_every_block_is_of_a_kind_that_is_looked_at(page: Path) -> None:
    """A block in a language that nobody runs, or with a misspelt option, would be believed without a test."""
    assert [block.place for block in blocks(page) if not is_looked_at(block)] == []


def is_looked_at(block: Block) -> bool:
    """Whether the runner knows what to do with a block."""
    known = block.language in (*pages.RUN, *pages.DATA) and set(block.options) <= set(pages.OPTIONS)
    return known and block.needs in (None, *SERVERS)


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name_of)
def test_an_address_of_a_server_is_used_only_where_it_is_replaced(page: Path) -> None:
    """A snippet would be run against a server of whoever runs the tests, or fail where there is none."""
    run = [b for b in blocks(page) if b.language in pages.RUN and not {"source", "title"} & set(b.options)]
    assert [block.place for block in run if not addressed(block) <= {block.needs}] == []


def addressed(block: Block) -> set[str]:
    """The servers whose addresses stand in a block."""
    return {server for server, url in URLS.items() if re.search(rf"\b{url[:5]}\w*(\+\w+)?://", block.text)}


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name_of)
def test_every_shown_output_is_compared(page: Path) -> None:
    """A reader would take for output what nobody compares with anything."""
    found, before = [], None
    for block in blocks(page):
        session = block.text.lstrip().startswith((">>>", "$ ", "Traceback"))
        if block.language == "text" and session and not is_output(block, before):
            found.append(block.place)
        before = block
    assert found == []
