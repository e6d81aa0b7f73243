"""Files as rows and rows as files: delimited text, JSON lines, workbooks, and the formats of plugins. Use the functions
of this module, or `Files`, which knows those formats."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from crmcore.adapters.files.delimited import DelimitedRows
from crmcore.adapters.files.delimited_sink import DelimitedSink
from crmcore.adapters.files.encoding import detect, is_deduced
from crmcore.adapters.files.fingerprint import fingerprint, read_text
from crmcore.adapters.files.foreign import ForeignRows, ForeignSink
from crmcore.adapters.files.jsonl import JsonLinesRows, JsonLinesSink
from crmcore.adapters.files.limits import LIMITS, Limits
from crmcore.adapters.files.rejects import RejectsFile
from crmcore.adapters.files.sizes import check_bytes, check_rows
from crmcore.adapters.files.xlsx.rows import XlsxRows
from crmcore.adapters.files.xlsx.sink import XlsxSink
from crmcore.domain.errors import ImportRefused, InvalidSetting
from crmcore.ports.exchange import ForeignFormat, RejectSink, RowSink, RowSource

__all__ = [
    "FORMATS",
    "LIMITS",
    "Files",
    "Limits",
    "fingerprint",
    "open_rejects",
    "open_rows",
    "open_sink",
    "read_text",
]

FORMATS = ("csv", "tsv", "jsonl", "xlsx")
_DEDUCED = "the file was read as {codec}, the one encoding in which it is text; --encoding says otherwise"
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers")


def open_rows(
    path: str | os.PathLike[str],
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    limits: Limits = LIMITS,
    foreign: Sequence[ForeignFormat] = (),
) -> RowSource:
    """The rows of `path`; format and encoding are found out if they are not given, the delimiter of csv and
    the sheet of a workbook as well. `foreign`: formats of plugins.

    Raises `ImportRefused` if there is no such file, if it is larger than `limits`, if its format is not known
    here, if its encoding is neither given nor proven, or if its header is ambiguous; `InvalidSetting` for a
    delimiter that cannot be one, for what means nothing to the format, and for a format whose library is not
    installed.
    """
    file = Path(path)
    known = _format(file, format, foreign)
    if known is None:
        raise ImportRefused(_unknown(file, format, foreign), file=str(file), known=_known(foreign))
    _check_readable(file)
    check_bytes(file, limits)
    if isinstance(known, ForeignFormat):
        _check_meaningless(known.name, encoding=encoding, delimiter=delimiter, sheet=sheet)
        return ForeignRows(file, known, limits)
    if known == "xlsx":
        _check_meaningless(known, encoding=encoding, delimiter=delimiter)
        return XlsxRows(file, sheet, limits)
    _check_meaningless(known, sheet=sheet)
    codec = detect(file, encoding)
    notes = (_DEDUCED.format(codec=codec),) if encoding is None and is_deduced(codec) else ()
    if known == "jsonl":
        return check_rows(JsonLinesRows(file, codec, notes), file, limits)
    return check_rows(DelimitedRows(file, codec, known, _checked(delimiter), notes), file, limits)


def open_sink(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    format: str | None = None,
    for_spreadsheet: bool = False,
    *,
    title: str = "rows",
    headers: Mapping[str, str] | None = None,
    right_to_left: bool = False,
    foreign: Sequence[ForeignFormat] = (),
) -> RowSink:
    """A sink for rows of `columns`; the format is that of the name if none is given.

    `title` names the sheet of a workbook; `headers` are what a table for people has in place of the columns'
    names; `right_to_left` has a sheet begin at the right; `foreign` are formats of plugins. Raises `InvalidSetting`
    if the format is not known here, is not one for spreadsheets though asked to be, if its library is not installed,
    or if nothing can be written there; `PluginFailed` if a plugin fails that writes the format.
    """
    file = Path(path)
    known = _format(file, format, foreign)
    if known is None:
        raise InvalidSetting(_unknown(file, format, foreign), file=str(file), known=_known(foreign))
    name = known.name if isinstance(known, ForeignFormat) else known
    if for_spreadsheet and (known == "jsonl" or known is not name):
        raise InvalidSetting(f"{name} is no format for spreadsheets: take xlsx, csv or tsv", format=name)
    if isinstance(known, ForeignFormat):
        return ForeignSink(file, columns, known)
    if known == "jsonl":
        return JsonLinesSink(file, columns)
    if known == "xlsx":
        return XlsxSink(file, columns, for_spreadsheet, title=title, headers=headers, right_to_left=right_to_left)
    return DelimitedSink(file, columns, "\t" if known == "tsv" else ",", for_spreadsheet, headers)


def open_rejects(path: str | os.PathLike[str], columns: Sequence[str]) -> RejectSink:
    """A rejects file for a source with `columns`, in the format of its name; see `RejectsFile`."""
    return RejectsFile(Path(path), columns)


class Files:
    """The functions of this module for those who also have formats of plugins."""

    def __init__(self, foreign: Sequence[ForeignFormat] = ()) -> None:
        self.foreign = tuple(foreign)
        self.fingerprint = fingerprint
        self.open_rejects = open_rejects
        self.read_text = read_text
        self.open_rows = partial(open_rows, foreign=self.foreign)
        self.open_sink = partial(open_sink, foreign=self.foreign)

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of all formats."""
        return _known(self.foreign)


def _known(foreign: Sequence[ForeignFormat]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*FORMATS, *(each.name for each in foreign))))


def _format(path: Path, format: str | None, foreign: Sequence[ForeignFormat]) -> str | ForeignFormat | None:
    """The format that is meant, or None if it is not known here. A plugin may have replaced one of ours."""
    suffix = path.suffix.lower()
    for each in foreign:
        if format == each.name or (format is None and suffix in each.suffixes):
            return each
    if format is None:
        return _SUFFIXES.get(suffix)
    return format if format in FORMATS else None


def _unknown(path: Path, format: str | None, foreign: Sequence[ForeignFormat]) -> str:
    known = ", ".join(_known(foreign))
    if format is None and path.suffix.lower() in _OTHER_WORKBOOKS:
        return f"{path} is a workbook of a form not known here: save it as xlsx or csv; known are {known}"
    if format is None:
        return f"the name of {path} does not tell its format: give --format, one of {known}"
    return f"unknown format {format!r}: known here are {known}"


def _check_readable(path: Path) -> None:
    """Only an ordinary file can be read twice, and never keeps the reader waiting."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImportRefused(f"{path} cannot be read: {reason}", file=str(path)) from error
    if not stat.S_ISREG(mode):
        what = "is a folder" if stat.S_ISDIR(mode) else "is no ordinary file"
        raise ImportRefused(f"{path} cannot be read: it {what}", file=str(path))


def _checked(delimiter: str | None) -> str | None:
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
        raise InvalidSetting(f"{delimiter!r} cannot be a delimiter: give one character", delimiter=delimiter)
    return delimiter


def _check_meaningless(format: str, **given: str | None) -> None:
    for name, value in given.items():
        if value is not None:
            raise InvalidSetting(f"{name} {value!r} means nothing for {format}: leave it out", format=format)
