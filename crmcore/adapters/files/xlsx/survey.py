"""A look at a sheet's XML before it is loaded: how large its grid is, and which cells hold no value.

The library that loads sheets makes a grid of all cells up to the last one, wherever that stands, and gives errors and
formulas that were never computed as empty cells. Nearly every sheet is small and has neither, which searching its bytes
shows in a fraction of the time of parsing it; all others are parsed.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

import attrs

from crmcore.adapters.files.limits import MAX_CELLS, excerpt
from crmcore.adapters.files.xlsx.package import Package

__all__ = ["Fault", "Survey", "column_number", "survey"]

NO_RESULT: Final = "a formula without a result: open the file in a spreadsheet and save it there"
ERROR: Final = "the spreadsheet's error in place of a value: mend the formula, or type the value"
_ROWS: Final = re.compile(rb'<row r="([0-9]+)"')
_WIDE: Final = re.compile(rb'="([A-Z]{2,3})[0-9]')
_UNUSUAL: Final = (b't="e"', b"<f>", b"<f ", b"<f/", b"='", b"\0", b"<c>", b":c>")
_LONGEST_TAG: Final = 1 << 22
_NUL: Final = b"_x0000_"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ROW: Final = re.compile(r"[0-9]{1,7}")
_ELSEWHERE: Final = re.compile(rb'[\t\r\n]r=|\sr\s+=| r=(?!"(?:[A-Z]{1,3})?[0-9]{1,7}")')
"""A reference that is to no place in a sheet, or not written as spreadsheets do: the library makes a grid up to it."""


@attrs.frozen
class Fault:
    """A cell without a value that can be taken: its column, counted from 0, what stands there, and why not."""

    column: int
    value: str
    reason: str


@attrs.define
class Survey:
    """The size of a sheet's grid (at least), and the first fault of each row that has one. `nul`: some text of the
    workbook may have the escape of a NUL character."""

    rows: int = 0
    columns: int = 0
    faults: dict[int, Fault] = attrs.field(factory=dict)
    nul: bool = False


def survey(package: Package, part: str) -> Survey:
    """What a look at this sheet gives. `ImportRefused` for a grid of more than `MAX_CELLS` cells, and for a cell or row
    that says it is where no sheet has any."""
    nul = False
    for other in package.others():
        tail = b""
        for chunk in package.chunks(other):  # unpacked to the end: sizes and checksums are true
            nul = nul or _NUL in tail + chunk
            tail = chunk[-len(_NUL) :]
    found = _searched(package, part)
    if found is None or found.rows * found.columns > MAX_CELLS:
        nul = nul or found is None or found.nul
        found = _Parsed(package, part).survey
    if found.rows * found.columns > MAX_CELLS:
        package.refuse(
            f"its sheet spans {found.rows:,} rows and {found.columns:,} columns, at most {MAX_CELLS:,} cells"
        )
    found.nul = found.nul or nul
    return found


def column_number(letters: str) -> int:
    """The number of a column, counted from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _searched(package: Package, part: str) -> Survey | None:
    """The survey of a sheet in the usual form and without faults, its size rounded up; None for any other."""
    last, widest, nul, rest = 0, "Z", False, b""
    cells = references = 0
    for chunk in package.chunks(part):
        data = rest + chunk
        cut = data.rfind(b"<")  # no tag is looked at by halves
        data, rest = data[:cut], data[cut:]
        if len(rest) > _LONGEST_TAG or any(mark in data for mark in _UNUSUAL) or _ELSEWHERE.search(data):
            return None
        last = max(last, *map(int, _ROWS.findall(data)), 0)
        if re.search(rb'="[A-Z]{1,3}[0-9]{%d,}"' % (len(str(last)) + 1), data):
            return None  # a cell outside all rows
        if wide := _WIDE.findall(data):
            widest = max(widest, *(letters.decode() for letters in set(wide)), key=column_number)
        cells += data.count(b"<c ") + data.count(b"<row ")
        references += data.count(b' r="')
        nul = nul or _NUL in data
    if cells != references:
        return None  # other names or blanks than spreadsheets write, or cells that do not say where they are
    return Survey(rows=10 ** len(str(last)) - 1, columns=column_number(widest), nul=nul)


class _Parsed:
    """The exact survey of a sheet."""

    def __init__(self, package: Package, part: str) -> None:
        self.survey = Survey()
        self._package = package
        self._row = self._column = 0
        self._type = self._text = ""
        self._formula = self._filled = self._inside = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        package.parse(parser, part)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            place = self._place(_REFERENCE, attributes)
            self._column = column_number(place[1]) if place else self._column + 1
            self._row = int(place[2]) if place else self._row
            self._type, self._text, self._formula, self._filled = attributes.get("t", "n"), "", False, False
        elif name == "row":
            place = self._place(_ROW, attributes)
            self._row, self._column = int(place[0]) if place else self._row + 1, 0
        elif name == "f":
            self._formula = True
        self._inside = name in ("v", "t")
        self._filled = self._filled or name in ("v", "is", "f")

    def _place(self, form: re.Pattern[str], attributes: dict[str, str]) -> re.Match[str] | None:
        given = attributes.get("r")
        place = None if given is None else form.fullmatch(given)
        if given is not None and place is None:
            self._package.refuse(f"it says {excerpt(given)!r} of a cell or row, which is no place in a sheet")
        return place

    def _data(self, text: str) -> None:
        if self._inside and len(self._text) < 100:
            self._text += text

    def _end(self, tag: str) -> None:
        self._inside = False
        if tag.rpartition(":")[2] != "c" or not self._filled:
            return
        self.survey.rows = max(self.survey.rows, self._row)
        self.survey.columns = max(self.survey.columns, self._column)
        if self._type == "e":
            self._fault(self._text, ERROR)
        elif self._formula and not self._text and self._type != "str":
            self._fault("", NO_RESULT)

    def _fault(self, value: str, reason: str) -> None:
        self.survey.faults.setdefault(self._row, Fault(self._column - 1, value, reason))
