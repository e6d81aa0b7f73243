"""Which encoding a text file is in: told, marked or proven, never guessed.

Undeclared text is taken as UTF-8 only if all of it is, as UTF-16 only with a mark or the zero bytes that give
it away, and as anything else only if it reads like text in one way alone (see `plausible`). All else is
refused with the place of the first offending byte, and the encodings that it could be. All checks run in
constant memory.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crmcore.adapters.files.plausible import described, readings, sample_of
from crmcore.domain.errors import ImportRefused

__all__ = ["decoded", "detect", "is_deduced"]

_CHUNK = 262_144
_HEAD = 65_536
_ENOUGH = 2
_ADVICE = "say which encoding it is with --encoding, for example --encoding cp1256"
_NO_FILE_ENCODINGS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
_MARKS = (  # the longer marks first: that of UTF-32-LE starts with that of UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32", ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, "utf-32", ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF8, "utf-8-sig", ("utf-8", "utf-8-sig")),
    (codecs.BOM_UTF16_LE, "utf-16", ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, "utf-16", ("utf-16", "utf-16-be")),
)


def detect(path: Path, declared: str | None = None) -> str:
    """The codec that decodes the whole of `path`; `declared` is the user's word for it, checked as well.

    Raises `ImportRefused` if the codec is unknown, contradicts the file's byte order mark or does not decode
    all of it, or if nothing is declared and the encoding cannot be proven.
    """
    with _opened(path) as file:
        head = _read(path, file, _HEAD)
    codec = _by_mark(path, head, declared)
    if codec is None:
        codec = _told(path, head, declared) if declared else _proven(path, head)
    try:
        _drain(decoded(path, codec))
    except ImportRefused as refusal:
        if declared or codec != "utf-8":
            raise
        return _deduced(path, refusal)
    return codec


def is_deduced(codec: str) -> bool:
    """Whether an encoding that nobody declared was taken for nothing but its plausibility: worth telling."""
    return not codec.startswith("utf")


def _deduced(path: Path, refusal: ImportRefused) -> str:
    """The one encoding in which the file reads like text; else the refusal, with those that there are."""
    try:
        sample = sample_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if b"\0" in sample.text:
        raise refusal
    found = readings(sample)
    if len(found) == 1 and found[0][0].clean:
        codec = found[0][0].codec
        _drain(decoded(path, codec))
        return codec
    if not found:
        raise refusal
    advice = _ADVICE.replace("cp1256", found[0][0].codec)
    raise ImportRefused(
        refusal.message.replace(_ADVICE, f"it could be {described(found)}: {advice}"),
        **{**refusal.details, "encodings": [group[0].codec for group in found]},
    )


def decoded(path: Path, codec: str) -> Iterator[str]:
    """The text of `path` in pieces. Raises `ImportRefused` with the place where `codec` does not fit."""
    decoder = codecs.getincrementaldecoder(codec)()
    offset, lines = 0, 1
    with _opened(path) as file:
        more = True
        while more:
            data = _read(path, file)
            offset += len(data)
            more = bool(data)
            try:
                text = decoder.decode(data, final=not more)
            except UnicodeError as error:
                raise _undecodable(path, codec, error, offset, lines) from error
            lines += text.count("\n")
            yield text


def _by_mark(path: Path, head: bytes, declared: str | None) -> str | None:
    for mark, codec, names in _MARKS:
        if head.startswith(mark):
            if declared and _known(declared) not in names:
                raise ImportRefused(
                    f"{path} starts with the byte order mark of {names[0]}, but --encoding says {declared}: "
                    f"leave --encoding out",
                    file=str(path),
                    encoding=declared,
                )
            return codec
    return None


def _told(path: Path, head: bytes, declared: str) -> str:
    name = _known(declared)
    if _has_one_byte_a_character(name) and _is_surely_utf8(path):
        raise ImportRefused(
            f"{path} is UTF-8, but --encoding says {declared}: leave --encoding out", file=str(path), encoding=declared
        )
    if name != "utf-16":
        return name
    # Without a mark, "utf-16" would silently mean the byte order of this machine.
    order = _unmarked_utf16(head)
    if order is None:
        raise ImportRefused(
            f"{path} is said to be {declared}, but has no byte order mark: say utf-16-le or utf-16-be",
            file=str(path),
            encoding=declared,
        )
    return order


def _has_one_byte_a_character(codec: str) -> bool:
    """Whether UTF-8 would be taken for text of this codec, letter by wrong letter; ASCII itself refuses it."""
    if codec == "ascii" or codec.startswith("utf"):
        return False
    return len(bytes(range(256)).decode(codec, "replace")) == 256


def _is_surely_utf8(path: Path) -> bool:
    """Whether all of the file is UTF-8, with two characters of several bytes: one might be chance."""
    found = 0
    try:
        for text in decoded(path, "utf-8"):
            if found < _ENOUGH and not text.isascii():
                found += sum(not character.isascii() for character in text)
    except ImportRefused:
        return False
    return found >= _ENOUGH


def _proven(path: Path, head: bytes) -> str:
    wide = _unmarked_utf16(head)
    if wide is not None:
        try:
            _drain(decoded(path, wide))
        except ImportRefused:
            return "utf-8"
        return wide
    return "utf-8"


def _unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 by its zero bytes, all in one half of the units, and by line ends that have theirs."""
    units = len(head) // 2
    even, odd = head[0 : units * 2 : 2].count(0), head[1 : units * 2 : 2].count(0)
    if max(even, odd) * 10 < units or min(even, odd) * 10 > max(even, odd) or not units:
        return None
    codec = "utf-16-be" if even > odd else "utf-16-le"
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return None
    wide_ends = text.count("\n") + text.count("\r")
    ends = head.count(b"\n") + head.count(b"\r")
    # One stray NUL in a short UTF-8 file makes a tenth too: there the line ends are no units of their own.
    told = wide_ends * 2 >= ends if ends else max(even, odd) * 2 >= units
    return codec if told else None


def _known(declared: str) -> str:
    """The canonical name of a text codec, or a refusal."""
    try:
        codec = codecs.lookup(declared)
        codecs.getincrementaldecoder(declared)().decode(b"", final=True)
        "".encode(declared)  # refuses codecs between bytes and bytes, such as hex
    except (LookupError, UnicodeError, ValueError, TypeError) as error:  # rot13 is between texts
        raise ImportRefused(f"unknown encoding {declared!r}: {_ADVICE}", encoding=declared) from error
    if codec.name.replace("_", "-") in _NO_FILE_ENCODINGS:  # some of them make text that no database takes
        raise ImportRefused(f"{declared!r} is no encoding of files: {_ADVICE}", encoding=declared)
    return codec.name


def _undecodable(path: Path, codec: str, error: UnicodeError, offset: int, lines: int) -> ImportRefused:
    place, byte = offset, ""
    if isinstance(error, UnicodeDecodeError):
        # What the decoder was given ends where the file has been read to, whatever it had kept from before.
        place = offset - len(error.object) + error.start
        lines += error.object[: error.start].count(b"\n")
        byte = f" (0x{error.object[error.start]:02X})" if error.start < len(error.object) else ""
    what = "unknown encoding: it is not UTF-8" if codec.startswith("utf-8") else f"it is not {codec}"
    return ImportRefused(
        f"{path} cannot be read, {what} at byte {place}{byte}, line {lines}; {_ADVICE}",
        file=str(path),
        encoding=codec,
        offset=place,
        line=lines,
    )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _read(path: Path, file: BinaryIO, size: int = _CHUNK) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ImportRefused:
    reason = getattr(error, "strerror", None) or str(error)
    return ImportRefused(f"{path} cannot be read: {reason}", file=str(path))


def _drain(pieces: Iterator[str]) -> None:
    deque(pieces, maxlen=0)
