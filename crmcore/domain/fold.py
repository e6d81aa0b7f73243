"""The fold: one spelling for all the ways of writing the same words. For search, sorting and matching, never
for identity.

Two texts with equal folds look or sound alike to a reader; they may still be two people. What decides
identity is in `crmcore.domain.keys`. The fold is applied character by character, over the compatibility
decomposition (NFKD) of each:

- upper and lower case, accents, ligatures and wide forms do not count: "José" = "jose", "straße" = "strasse";
- Arabic and Persian letters that keyboards mix up become one: ي ى ئ to ی, ك to ک, أ إ آ ٱ to ا, ؤ to و, ة ۀ
  to ه; harakat and tatweel are dropped, presentation forms are read as the letters they show;
- decimal digits of every script become 0-9;
- bidi controls, soft hyphens, joiners and other invisible characters are dropped, the zero-width non-joiner
  is a space;
- punctuation, modifier symbols, control characters and spaces of any kind become one space; other symbols
  stay ("c++");
- compound names are joined: "عبد الله" = "عبدالله", "نور الدین" = "نورالدین".

A text of punctuation only keeps it, so that a band called "!!!" has a fold of its own. Marks that spell in
their script (Devanagari, Thai, kana) stay. The result depends on the interpreter's Unicode tables for letters
newer than they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = [
    "FOLD_VERSION",
    "ascii_digits",
    "fold",
    "fold_column",
    "has_bidi_controls",
    "oddities",
    "visible",
    "without_bidi_controls",
]

FOLD_VERSION: int = 1
"""Raised whenever `fold` gives another result for any text: what is stored of it must then be made anew."""

_SPECIAL = {
    **dict.fromkeys("يى", "ی"),
    **dict.fromkeys("كڪ", "ک"),
    **dict.fromkeys("ٱٲٳ", "ا"),
    **dict.fromkeys("ةھہۃە", "ه"),
    "ـ": "",  # tatweel only stretches a word
    "\u200c": " ",  # ZWNJ parts what a reader sees as two words
    "\u2212": " ",  # the minus sign is written for a hyphen
    "\u2800": " ",  # an empty Braille cell is a blank
    **dict.fromkeys("\u115f\u1160", ""),  # Hangul fillers have no shape
    # Latin letters that carry their mark inside, so that no decomposition frees them of it
    **dict(zip("øłđðħŧıæœþ", "o l d d h t i ae oe th".split(), strict=True)),
}
_DROPPED_MARKS = ("COMBINING ", "ARABIC ", "HEBREW ", "SYRIAC ", "VARIATION SELECTOR", "MONGOLIAN FREE ")
_SPELLING_MARKS = "\u3099\u309a"  # COMBINING by name, yet they tell が from か
_PREFIXES = ("عبد", "ابو")
_ENDINGS = ("الله", "الدین")
_COMPOUND = frozenset(_PREFIXES + _ENDINGS)

_SHORT = 100
"""Characters of a text of which the fold may be remembered."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_BIDI_CONTROL = re.compile(f"[{_BIDI}]")
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u180b-\u180f\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}{_INVISIBLE}]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")


def fold(text: str) -> str:
    """The folded form of `text`. Never raises; folding twice is the same as folding once."""
    return _fold_known(text) if len(text) <= _SHORT else _fold(text)


def _fold(text: str) -> str:
    if text.isascii():
        words = text.encode("ascii").translate(_ASCII).decode("ascii").split()
    else:
        words = unicodedata.normalize("NFC", text.translate(_FOLDED)).split()
        if not _COMPOUND.isdisjoint(words):
            words = _joined(words)
    return " ".join(words or _punctuation(text))


_fold_known = lru_cache(maxsize=4_096)(_fold)
"""A bulk load folds the same name for its key, its column and its matching, one soon after the other."""


def fold_column(text: str, length: int) -> str:
    """What a shadow column of `length` characters stores of `text`: its fold, cut there."""
    return fold(text)[:length].rstrip(" ")


def ascii_digits(text: str) -> str:
    """`text` with the decimal digits of every script as 0-9 and all else as it was."""
    return text if text.isascii() else text.translate(_DIGITS)


def has_bidi_controls(text: str) -> bool:
    """Whether `text` holds a character that changes the direction of the text around it, such as U+202E."""
    return not text.isascii() and _BIDI_CONTROL.search(text) is not None


def without_bidi_controls(text: str) -> str:
    """`text` without the characters that change direction: copied along with numbers, never meant."""
    return text if text.isascii() else _BIDI_CONTROL.sub("", text)


def visible(text: str) -> str:
    """`text` for a terminal or a log: control, bidi and invisible characters as escapes (`\\u202e`, `\\n`).

    Joiner and non-joiner (ZWJ, ZWNJ) stay, because Persian and emoji are spelt with them.
    """
    return _UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def oddities(text: str) -> tuple[str, ...]:
    """Why a person should look twice at `text`: hidden characters, or a word of mixed alphabets ("аdmin")."""
    found = []
    if has_bidi_controls(text):
        found.append("it holds characters that change the direction of text")
    if _HIDDEN.search(text):
        found.append("it holds invisible characters")
    found.extend(f"{word!r} mixes {' and '.join(alphabets)} letters" for word, alphabets in _mixed_words(text))
    return tuple(found)


class _Table(dict[int, str]):
    """What each character becomes, worked out when first met; only the basic plane is kept, to bound it."""

    def __missing__(self, code: int) -> str:
        spelling = _spelling(chr(code))
        if code <= 0xFFFF:
            self[code] = spelling
        return spelling


class _Digits(dict[int, str]):
    """ASCII for a decimal digit of any script; LookupError for all else, as `str.translate` asks."""

    def __missing__(self, code: int) -> str:
        value = unicodedata.decimal(chr(code), None)
        if value is None:
            raise LookupError(code)
        return self.setdefault(code, str(value))


def _spelling(character: str, punctuation: bool = False) -> str:
    """The fold of one character, taken again until nothing changes; `punctuation` keeps that as it is."""
    pieces = unicodedata.normalize("NFKD", character)
    folded = "".join(_piece(piece, punctuation) for piece in pieces)
    if folded == character:
        return folded
    return "".join(_spelling(part, punctuation) for part in folded)


def _piece(piece: str, punctuation: bool) -> str:
    if piece in _SPECIAL:
        return _SPECIAL[piece]
    category = unicodedata.category(piece)
    if category == "Nd":
        return str(unicodedata.decimal(piece))
    if category in ("Cf", "Cs", "Me") or (category == "Mn" and _is_dropped(piece)):
        return ""
    if category == "Cc" or category[0] == "Z":
        return " "
    if category[0] == "P" or category == "Sk":
        return piece if punctuation else " "
    return piece.casefold()


def _is_dropped(mark: str) -> bool:
    return mark not in _SPELLING_MARKS and unicodedata.name(mark, "").startswith(_DROPPED_MARKS)


def _punctuation(text: str) -> list[str]:
    """The words of a text that has nothing but punctuation."""
    return unicodedata.normalize("NFC", "".join(_spelling(character, True) for character in text)).split()


def _joined(words: list[str]) -> list[str]:
    """`words` with compound names as one: a prefix joins the word after it, an ending that before it."""
    joined: list[str] = []
    open_prefix = False
    for word in words:
        if joined and (open_prefix or word in _ENDINGS):
            joined[-1] += word
        else:
            joined.append(word)
        open_prefix = word in _PREFIXES
    return joined


def _mixed_words(text: str) -> list[tuple[str, list[str]]]:
    """Each word that is written in more than one of the alphabets with look-alike letters, and which."""
    if text.isascii():
        return []
    alphabets = {word: sorted({*map(_alphabet, word)} - {""}) for word in re.findall(r"\w+", text)}
    return [(word, names) for word, names in alphabets.items() if len(names) > 1]


def _alphabet(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0].title()
    return name if name in ("Latin", "Cyrillic", "Greek", "Armenian", "Cherokee") else ""


_FOLDED = _Table()
_DIGITS = _Digits()
_ASCII = "".join(map(_spelling, map(chr, range(128)))).encode("ascii").ljust(256)
