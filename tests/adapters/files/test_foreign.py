"""Tests of formats of plugins: read and written as any other, within the same limits, and no failure without a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from crmcore.adapters.files import Files, Limits
from crmcore.domain.errors import ImportRefused, InvalidSetting, InvalidValue, PluginFailed
from crmcore.ports.exchange import BadRow, ForeignFormat, RawRow
from tests.plugins.desk import CardWriter, read_cards


def cards(reader: Any = read_cards, writer: Any = CardWriter) -> Files:
    """The files with the format `cards` of a plugin."""
    made = ForeignFormat(
        "cards",
        (".cards",),
        "desk",
        None if reader is None else lambda: reader,
        None if writer is None else lambda: writer,
    )
    return Files([made])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two cards, and a line that is none."""
    path = tmp_path / "people.cards"
    path.write_bytes("name: لیلا\ncity: Shiraz\n\nname: Omar\nnonsense\n".encode())
    return path


def test_a_file_of_a_plugins_format_is_read_like_any_other(path: Path) -> None:
    """An import would know of no file but those of the core."""
    rows = cards().open_rows(path)
    assert (rows.format, rows.columns, rows.notes) == ("cards", ("name", "city"), ())
    assert list(rows) == [
        RawRow(1, {"name": "لیلا", "city": "Shiraz"}),
        BadRow(5, None, "nonsense", "no name and value", "nonsense"),
        RawRow(4, {"name": "Omar"}),
    ]
    assert list(rows) == list(rows)
    found = list(rows)
    assert list(cards().open_rows(path.rename(path.with_suffix(".txt")), "cards")) == found


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """An export would lose what an import needs."""
    path = tmp_path / "o.cards"
    with cards().open_sink(path, ("name", "city")) as sink:
        sink.write({"name": "Leila", "city": None})
        sink.write({"name": "Omar", "city": "Cairo"})
        assert not path.exists()
    assert [row.values for row in cards().open_rows(path) if isinstance(row, RawRow)] == [
        {"name": "Leila"},
        {"name": "Omar", "city": "Cairo"},
        {"end": "yes"},
    ]


def test_without_the_plugin_the_format_is_not_known(path: Path) -> None:
    """A file would be read as something else."""
    with pytest.raises(ImportRefused, match="does not tell its format"):
        Files().open_rows(path)
    assert cards().formats == ("csv", "tsv", "jsonl", "xlsx", "cards")


def test_one_way_formats_say_so(path: Path) -> None:
    """Somebody would look for the mistake in the file."""
    with pytest.raises(ImportRefused, match="written only"):
        cards(reader=None).open_rows(path)
    with pytest.raises(InvalidSetting, match="read only"):
        cards(writer=None).open_sink(path, ("name",))


def test_options_of_other_formats_mean_nothing(path: Path) -> None:
    """An encoding would be given and not be used."""
    options: list[dict[str, Any]] = [{"encoding": "cp1256"}, {"sheet": "one"}, {"delimiter": ";"}]
    for given in options:
        with pytest.raises(InvalidSetting, match="means nothing for cards"):
            cards().open_rows(path, **given)
    with pytest.raises(InvalidSetting, match="no format for spreadsheets"):
        cards().open_sink(path, ("name",), for_spreadsheet=True)


def fails(file: BinaryIO) -> Iterable[RawRow]:
    """Fails when it is called."""
    raise SystemExit(1)


def fails_later(file: BinaryIO) -> Iterator[RawRow]:
    """Fails after a row."""
    yield RawRow(1, {"name": "Leila"})
    raise ZeroDivisionError("later")


def giving(*rows: Any) -> Callable[[BinaryIO], Any]:
    """A reader of just these rows."""
    return lambda file: list(rows)


@pytest.mark.parametrize(
    ("reader", "says"),
    [
        (fails, "SystemExit"),
        (fails_later, "ZeroDivisionError: later"),
        (lambda file: None, "TypeError"),
        (lambda file, more: [], "TypeError"),
        (giving({"name": "Leila"}), "dict"),
        (giving(RawRow(1, {"name": 5})), "'name': int"),
        (giving(RawRow(1, {"ratio": 0.5})), "'ratio': float"),
        (giving(RawRow(1, {5: "a"})), "5: str"),  # type: ignore[dict-item]
        (giving(RawRow("1", {})), "RawRow"),  # type: ignore[arg-type]
        (giving(RawRow(1, {f"c{n}": "" for n in range(1_001)})), "more than 1,000 different columns"),
    ],
)
def test_a_reader_that_fails_refuses_the_file_with_its_name(reader: Any, says: str, path: Path) -> None:
    """Half of a file would be imported, or the process would end."""
    with pytest.raises(ImportRefused, match="'desk'") as refused:
        assert cards(reader).open_rows(path).columns
    assert says in refused.value.message
    assert refused.value.details["plugin"] == "desk"


def test_ctrl_c_in_a_reader_is_obeyed(path: Path) -> None:
    """An import could not be stopped."""

    def interrupted(file: BinaryIO) -> Iterator[RawRow]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(cards(interrupted).open_rows(path))


def test_the_limits_of_all_files_hold(path: Path) -> None:
    """A plugin's file would be larger than any other may be, and exhaust the memory."""
    with pytest.raises(ImportRefused, match="bytes"):
        cards().open_rows(path, limits=Limits(bytes=3))

    def endless(file: BinaryIO) -> Iterator[RawRow]:
        while True:
            yield RawRow(1, {"name": "Leila"})

    with pytest.raises(ImportRefused, match="more than 10 rows"):
        assert cards(endless).open_rows(path, limits=Limits(rows=10)).columns


@pytest.mark.parametrize(
    ("value", "reason"),
    [("x" * 131_073, "too long"), ("a\0b", "NUL"), ("\ud800", "surrogate")],
    ids=["long", "nul", "half"],
)
def test_a_cell_that_no_field_can_hold_costs_its_row_only(value: str, reason: str, path: Path) -> None:
    """One bad cell would refuse the file, or reach the database."""
    rows = list(cards(giving(RawRow(1, {"name": value}), RawRow(2, {"name": "Omar"}))).open_rows(path))
    assert isinstance(rows[0], BadRow)
    assert (rows[0].line, rows[0].column, reason in rows[0].reason) == (1, "name", True)
    assert rows[1] == RawRow(2, {"name": "Omar"})


@pytest.mark.parametrize("at", ["__init__", "write", "finish"])
def test_a_writer_that_fails_leaves_no_file(at: str, tmp_path: Path) -> None:
    """A broken file would look like a whole one."""

    def fail(*given: object) -> None:
        raise SystemExit(1)

    broken = type("Broken", (CardWriter,), {at: fail})
    with (
        pytest.raises(PluginFailed, match="'desk'"),
        cards(writer=broken).open_sink(tmp_path / "o.cards", ["a"]) as sink,
    ):
        sink.write({"a": "1"})
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_was_not_announced_is_refused(tmp_path: Path) -> None:
    """A writer would get what it has no place for."""
    with pytest.raises(InvalidValue, match="no such column"), cards().open_sink(tmp_path / "o.cards", ["a"]) as sink:
        sink.write({"b": "1"})


def test_a_plugin_may_take_over_a_format_of_the_core(tmp_path: Path) -> None:
    """`replaces` would do nothing."""
    path = tmp_path / "a.csv"
    path.write_text("name: Leila\n")
    files = Files([ForeignFormat("csv", (".csv",), "desk", lambda: read_cards, None)])
    assert files.open_rows(path).columns == files.open_rows(path, "csv").columns == ("name",)
    assert files.formats.count("csv") == 1
