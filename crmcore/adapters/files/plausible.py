"""Which encodings could an unmarked text be in? Those in which it reads like text that people write.

A wrong reading breaks what text keeps to: no letters of two scripts in one word, no capital after a small letter, no
sign inside a word, not nearly all letters accented. An encoding is certain only if it is one that spreadsheets write,
hardly any word breaks these in it, and in every reading that differs every fifth does (in encodings of old machines,
more than hardly any): so that a brand, a slip or a few foreign names neither drop the true reading nor let a wrong one
pass. Short texts leave several readings, and are asked for, and so are most with Latin letters, which differ by too
little. Nothing here knows any word.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import attrs

__all__ = ["Reading", "Sample", "readings", "sample_of"]

CODECS: Final = (
    "cp1252 cp1256 cp1251 cp1250 cp1254 cp1253 cp1255 cp1257 cp1258 cp874 "
    "gb18030 big5hkscs cp932 euc_jp cp949 "
    "iso8859_15 iso8859_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10 "
    "iso8859_13 iso8859_14 iso8859_16 koi8_r koi8_u koi8_t kz1048 ptcp154 "
    "cp850 cp437 cp852 cp866 cp737 cp720 cp775 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp869 cp1125 "
    "mac_roman mac_cyrillic mac_arabic mac_farsi mac_greek mac_latin2 mac_turkish mac_iceland mac_croatian "
    "mac_romanian hp_roman8"
).split()
"""Encodings of files, those that are met most often first."""

OLD: Final = frozenset(
    name
    for name in CODECS
    if name.startswith(("mac_", "cp7", "cp8", "hp_")) and name not in ("mac_roman", "cp850", "cp866")
)
CERTAIN: Final = frozenset(name for name in CODECS if name.startswith("cp125"))
ENOUGH_LETTERS: Final = 16
ENOUGH_WORDS: Final = 5
POSSIBLE: Final = 0.2
CLEAN: Final = 0.02
"""How many of its words may be broken in a reading that is still possible, and in one that is certain."""
_SAMPLE: Final = 40_000
_CHUNK: Final = 1 << 20
_HIGH: Final = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_ACCENTED_MOST: Final = 0.45
_MARKED_MOST: Final = 0.05
_BESIDE_LETTERS: Final = frozenset("’‘،؛؟٪٬٫–—·ºª\u00a0\u200c\u200d\u200e\u200f、。・「」")
_BESIDE_WORDS: Final = frozenset("“”„‚«»‹›…№")
_WORD: Final = re.compile(r"[abABcijf]+[abABcijfm]*")
_STRANGE: Final = re.compile("[bBcijfm]")
_VIOLATION: Final = re.compile(
    r"[aAbBcijfm]x|x[aAbBcijfm]|[aAbBcijfm]q(?=[aAbBcijfm])"  # a sign inside a word
    r"|[ab][AB]|[AB]{2}[ab]"  # aB, ABa; a word in capitals is fine
    r"|[ij](?![cijfm])|(?<![cijfm])[fj]"  # the form of a letter within a word, where no word goes on
    r"|(?<![aAbBcijfm])m"  # a mark upon nothing
)


@attrs.frozen
class Sample:
    """Lines of a file that are not all ASCII, and every byte of the file that is not."""

    text: bytes
    high: bytes


@attrs.frozen
class Reading:
    """An encoding in which a sample is possible, and the sample's words that are not all ASCII in it. `clean`: there
    are enough of them, hardly one is broken, and files are indeed written in this encoding."""

    codec: str
    words: tuple[str, ...]
    clean: bool


def sample_of(path: Path) -> Sample:
    """The first lines that are not ASCII, about 40,000 bytes of them; raises `OSError`."""
    high: set[int] = set()
    lines: list[bytes] = []
    size, rest = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            high.update(chunk)
            if size < _SAMPLE:
                data = rest + chunk
                cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 or len(data)
                data, rest = data[:cut], data[cut:]
                lines += _HIGH.findall(data)
                size = sum(map(len, lines))
    if size < _SAMPLE:
        lines += _HIGH.findall(rest)
    return Sample(b"\n".join(lines)[: 2 * _SAMPLE], bytes(sorted(each for each in high if each > 127)))


def readings(sample: Sample) -> list[list[Reading]]:
    """The possible readings of a sample; those that read the whole file alike are together, most usual first."""
    groups: dict[object, list[Reading]] = {}
    for codec in CODECS:
        try:
            codecs.lookup(codec)
            text = sample.text.decode(codec)
        except (LookupError, UnicodeError):
            continue
        found = _reading(codec, text)
        if found is not None:
            groups.setdefault(_meaning(codec, sample.high, text), []).append(found)
    return list(groups.values())


def _meaning(codec: str, high: bytes, text: str) -> object:
    """What tells readings apart: what each byte of the file is; for bytes that go together, the text."""
    try:
        return tuple(bytes([each]).decode(codec) for each in high)
    except UnicodeError:
        return text


def _reading(codec: str, text: str) -> Reading | None:
    shape = "".join(map(_kind, text))
    if "!" in shape:
        return None
    spans = [match.span() for match in _WORD.finditer(shape) if _STRANGE.search(match[0])]
    strange = [text[start:end] for start, end in spans]
    letters = [letter for word in strange for letter in word if letter > "\x7f"]
    scripts = Counter(map(_script, letters))
    script = max(scripts, key=lambda each: scripts[each], default="")
    if script == "LATIN" and len(letters) > _ACCENTED_MOST * sum(map(len, strange)):
        return None
    most = CLEAN if codec in OLD else POSSIBLE
    if codec in OLD and shape.count("m") > _MARKED_MOST * len(letters):
        return None
    broken = len(_VIOLATION.findall(shape)) + sum(_is_mixed(word, script) for word in strange)
    if broken > most * len(strange):
        return None
    words = tuple(dict.fromkeys(strange))
    enough = len(letters) >= ENOUGH_LETTERS and len(words) >= ENOUGH_WORDS
    return Reading(codec, words, enough and broken <= CLEAN * len(strange) and codec in CERTAIN)


def _is_mixed(word: str, script: str) -> bool:
    """Whether a word has letters of another script than the text, or ASCII letters though that is not Latin."""
    return any(script != "LATIN" if letter <= "\x7f" else _script(letter) != script for letter in word)


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """The kind of a character: a A small and capital ASCII letters, b B others; c without case, i j f within a word; m
    a mark; q a quotation mark, x a sign that stands alone; ! nothing that a text has; . all else."""
    if char < "\x80":
        return "a" if char.islower() else "A" if char.isupper() else "." if char in "\t\r\n" or char >= " " else "!"
    if char in _BESIDE_LETTERS:
        return "."
    if char in _BESIDE_WORDS:
        return "q"
    category, name = unicodedata.category(char), unicodedata.name(char, "")
    if category in ("Cc", "Cn", "Co", "Cs") or char == "\ufffd":
        return "!"
    if category in ("Lu", "Lt", "Ll"):
        return _kind_of_cased(category, name)
    if category in ("Lo", "Lm"):
        return _kind_of_caseless(name)
    return "m" if category in ("Mn", "Mc") else "." if category == "Nd" else "x"


def _kind_of_cased(category: str, name: str) -> str:
    if "LETTER" not in name or name.startswith(("MICRO", "SUPERSCRIPT")):
        return "x"
    return "b" if category == "Ll" else "B"


def _kind_of_caseless(name: str) -> str:
    if name.startswith(("HALFWIDTH", "FEMININE", "MASCULINE", "SUPERSCRIPT", "MODIFIER")):
        return "x"
    for form, kind in (("INITIAL FORM", "i"), ("MEDIAL FORM", "j"), ("FINAL FORM", "f")):
        if name.endswith(form):
            return kind
    return "c"


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """The script of a letter or mark."""
    script = unicodedata.name(char, "?").partition(" ")[0]
    return "CJK" if script in ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL") else script


def described(groups: Iterable[list[Reading]]) -> str:
    """The first readings for a person to choose from, each with a word that tells it from the others."""
    firsts = [group[0] for group in groups][:4]
    shown = []
    for reading in firsts:
        other = firsts[0] if reading is not firsts[0] else firsts[-1] if len(firsts) == 1 else firsts[1]
        telling = (word for word, same in zip(reading.words, other.words, strict=False) if word != same)
        word = next(telling, next(iter(reading.words), ""))
        shown.append(f"{reading.codec} ({word})" if word else reading.codec)
    return " or ".join(shown)
