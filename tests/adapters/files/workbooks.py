"""Workbooks for tests, made by the library that writes them, or from raw XML where it would not write such a thing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: Sequence[str] = ()) -> Path:
    """A workbook with these rows by the names of its sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def one_sheet(path: Path, *rows: Sequence[Any]) -> Path:
    """A workbook with one sheet of these rows."""
    return workbook(path, {"Sheet": rows})


def raw_sheet(path: Path, rows: str, parts: Mapping[str, bytes] | None = None) -> Path:
    """A workbook whose sheet has this XML as its rows; other parts of its archive may be replaced by name."""
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    given = {SHEET: (HEAD + rows + TAIL).encode(), **(parts or {})}
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in source.namelist():
            made.writestr(name, given.get(name) or source.read(name))
    return path


def cell(place: str, value: str, more: str = "") -> str:
    """The XML of one cell."""
    return f'<c r="{place}"{more}><v>{value}</v></c>'
