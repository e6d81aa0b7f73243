"""Every snippet of the README, the guides and the examples' pages runs and prints what it shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import SERVERS
from tests.docs import pages
from tests.docs.pages import Block, blocks, is_output
from tests.docs.running import URLS, PageRun, forget_modules


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


def every_block() -> list[object]:
    """All blocks of all pages."""
    return [pytest.param(block, id=block.place) for page in pages.pages() for block in blocks(page)]


@pytest.mark.parametrize("block", every_block())
def test_every_block_is_of_a_kind_that_is_looked_at(block: Block) -> None:
    """A block in a language that nobody runs, or with a misspelt option, would be believed without a test."""
    assert block.language in (*pages.RUN, *pages.DATA)
    assert set(block.options) <= set(pages.OPTIONS)
    assert block.needs in (None, *SERVERS)


@pytest.mark.parametrize("block", every_block())
def test_an_address_of_a_server_is_used_only_where_it_is_replaced(block: Block) -> None:
    """A snippet would be run against a server of whoever runs the tests, or fail where there is none."""
    if block.language in pages.RUN and "source" not in block.options and "title" not in block.options:
        used = {server for server, url in URLS.items() if url.partition(":")[0] in block.text}
        assert used <= {block.needs}


@pytest.mark.parametrize("page", pages.pages(), ids=pages.name_of)
def test_every_shown_output_is_compared(page: Path) -> None:
    """A reader would take a drawing for output, or output that nobody compares for the truth."""
    before = None
    for block in blocks(page):
        printed = block.text.lstrip().startswith((">>>", "Traceback"))
        assert not (block.language == "text" and printed and not is_output(block, before)), block.place
        before = block
