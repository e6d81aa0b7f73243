"""The zip archive that a workbook is: which sheet is which part of it, checked before anything is parsed.

An archive may unpack to a thousand times its size, say less of itself than there is, or have a name twice, so that two
readers see two workbooks. All that is refused here; sizes and checksums are checked by reading each part once.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

import attrs

from crmcore.adapters.files.limits import MAX_UNPACKED
from crmcore.domain.errors import ImportRefused

__all__ = ["Package", "SheetPart"]

_CHUNK = 1 << 20
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@attrs.frozen
class SheetPart:
    """A sheet of a workbook: its name, the part of the archive that it is, and whether people see it."""

    name: str
    part: str
    shown: bool


class Package:
    """A workbook's archive. Raises `ImportRefused` for what is none, is too large, or is not what it says it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            self.refuse(f"it is no xlsx workbook, or one with a password ({error})")
        self._check()
        self.sheets = self._sheets()

    def chunks(self, part: str) -> Iterator[bytes]:
        """The unpacked bytes of a part, some at a time."""
        try:
            with self._zip.open(part) as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except (KeyError, *_BROKEN) as error:
            self.refuse(f"its part {part} cannot be unpacked ({error})")

    def others(self) -> Iterator[str]:
        """The parts that a reader of one sheet may unpack beside that sheet."""
        for name in self._zip.namelist():
            if name.endswith((".xml", ".rels")) and not name.startswith("xl/worksheets/"):
                yield name

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def refuse(self, problem: str) -> NoReturn:
        """`ImportRefused` naming the file."""
        raise ImportRefused(f"{self.path} cannot be imported: {problem}", file=str(self.path))

    def _check(self) -> None:
        parts = self._zip.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > MAX_UNPACKED:
            self.refuse(f"it unpacks to {unpacked:,} bytes, at most {MAX_UNPACKED:,}")
        twice = [name for name, count in Counter(part.filename.lower() for part in parts).items() if count > 1]
        if twice:
            self.refuse(f"it has a part twice: {twice[0]}")
        if _WORKBOOK not in self._zip.namelist():
            self.refuse(f"it is no xlsx workbook: it has no {_WORKBOOK}; a spreadsheet saves it as one")

    def _sheets(self) -> tuple[SheetPart, ...]:
        targets = {a.get("Id"): a.get("Target", "") for a in self._elements(_RELATIONS, "Relationship")}
        found = []
        for attributes in self._elements(_WORKBOOK, "sheet"):
            relation = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            part = posixpath.normpath(posixpath.join("/xl", targets.get(relation, ""))).lstrip("/")
            if part.startswith("xl/worksheets/"):  # not a chart, nor a macro
                found.append(SheetPart(attributes.get("name", ""), part, attributes.get("state") in (None, "visible")))
        return tuple(found)

    def _elements(self, part: str, name: str) -> list[dict[str, str]]:
        """The attributes of all elements of this name."""
        found: list[dict[str, str]] = []
        parser = expat.ParserCreate()

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag.rpartition(":")[2] == name:
                found.append(attributes)

        parser.StartElementHandler = start
        self.parse(parser, part)
        return found

    def parse(self, parser: expat.XMLParserType, part: str) -> None:
        """Have a part parsed. A document type, which could define anything as an entity, is refused."""

        def refuse_doctype(*_: object) -> None:
            self.refuse(f"its part {part} has a document type, which no spreadsheet writes")

        parser.StartDoctypeDeclHandler = refuse_doctype
        try:
            for chunk in self.chunks(part):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            self.refuse(f"its part {part} is no XML ({error})")
