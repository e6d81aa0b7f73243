"""Tests of the databases that all other tests are handed."""

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.databases import storages


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_is_handed_an_empty_database(fresh_url: str, turn: int) -> None:
    """One test would see the tables of another, and pass or fail by their order."""
    engine = create_engine(fresh_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE leftover (id INTEGER PRIMARY KEY)"))
    assert inspect(engine).get_table_names() == ["leftover"]
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("fresh_url", storages("postgres", "mariadb"), indirect=True)
def test_a_connection_left_open_does_not_block_the_next_test(fresh_url: str, turn: int) -> None:
    """A test that fails inside a transaction would hang all those after it on the table that it locked."""
    engine = create_engine(fresh_url)
    connection = engine.connect()
    connection.execute(text("CREATE TABLE held (id INTEGER PRIMARY KEY)"))
    connection.execute(text("INSERT INTO held VALUES (1)"))
    connection.detach()
    _left_open.append(connection)


_left_open: list[object] = []


def test_unicode_outside_the_basic_plane_is_kept(fresh_url: str) -> None:
    """A database in three-byte utf8 would lose or refuse emoji and rare characters."""
    engine = create_engine(fresh_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word VARCHAR(20))"))
        connection.execute(text("INSERT INTO words VALUES (:word)"), {"word": "لیلا 🜁"})
        assert connection.execute(text("SELECT word FROM words")).scalar_one() == "لیلا 🜁"
    engine.dispose()
