"""Match keys: what two values share when they may mean one thing, and what they share when they do.

==============  =====================================================================================
`name_keys`     not identity: the fold, so "علي" meets "علی" and "straße" meets "strasse"
`email_key`     identity of an e-mail address: case does not count, neither do composed and decomposed
                forms nor bidi controls; look-alikes ("аdmin"), "ſupport", "İ", "ß", ligatures, circled
                digits and soft hyphens all stay different addresses
`phone_key`     identity of a telephone number: digits of every script, without its separators
`code_key`      identity of a code (of a product, say): ASCII case and outer blanks do not count
==============  =====================================================================================

A key is stored and compared exactly, so it is the same on every database. Control characters are refused in
an e-mail address and in a code: databases disagree about them. `crmcore.domain.fold.oddities` tells what is
odd but allowed.
"""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache

from crmcore.domain.errors import InvalidValue
from crmcore.domain.fold import ascii_digits, fold, without_bidi_controls
from crmcore.domain.reading import shorten

__all__ = [
    "KEYS_VERSION",
    "MAX_KEY_LENGTH",
    "MAX_NAME_KEYS",
    "code_key",
    "email_key",
    "name_keys",
    "phone_key",
]

KEYS_VERSION: int = 1
"""Raised whenever a function here gives another result for any value: stored keys must then be made anew."""

MAX_KEY_LENGTH = 100
MAX_NAME_KEYS = 6
MAX_PHONE_DIGITS = 15  # of an international number, by E.164

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_PHONE_MARKS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | {"＋": "+", "\u00ad": None})
_PHONE = re.compile(
    r"[^\d+(]*"  # a label, such as "Tel.:"
    r"(?P<number>\(?\+?[\d\s()./-]*\d[\s()./-]*)"
    r"(?:(?:;?ext(?:ension)?[.:=]?|[x#]|داخلی|داخلي|تحويلة)\s*(?P<extension>\d{1,8})\W*)?",
    re.IGNORECASE,
)
_LONGEST_PHONE_TEXT = 100
_BRACKETED_ZERO = re.compile(r"\(\s*0\s*\)")
_SHORTEST_NATIONAL = 7  # below are numbers such as 110, which no other country can dial
_LONGEST_NATIONAL = 11
_TRUNK_ZERO = re.compile("0")
# What precedes a national number where that is not a 0; nothing where a leading 0 belongs to the number.
_TRUNK_PREFIX = {
    "1": re.compile(r"1(?=\d{10}$)"),
    "7": re.compile(r"[78](?=\d{10}$)"),
    "36": re.compile("06"),
    **dict.fromkeys(("39", "378", "379", "225", "241", "242"), re.compile("")),
}


def name_keys(name: str) -> tuple[str, ...]:
    """The fold of `name` and of its tails from each later word on, so that a prefix search finds it by any
    word.

    At most 6 keys of at most 100 characters; of a longer name the first five words and the last one begin a
    key.
    """
    words = fold(name).split(" ")
    starts = list(range(len(words)))
    if len(words) > MAX_NAME_KEYS:
        starts = [*starts[: MAX_NAME_KEYS - 1], starts[-1]]
    tails = (" ".join(words[start:])[:MAX_KEY_LENGTH].rstrip(" ") for start in starts)
    return tuple(dict.fromkeys(tail for tail in tails if tail))


def email_key(text: str) -> str:
    """The identity of an e-mail address: NFC, outer blanks and bidi controls gone, in lower case.

    Before the @ only A-Z are lowered, because other letters are told apart there; the domain is lowered
    whole, as international domain names are. Whether it is an address at all is not asked. Raises
    InvalidValue for control characters.
    """
    address = _plain_text(text, "an e-mail address")
    if address.isascii():
        return address.lower()
    local, at, domain = without_bidi_controls(address).strip().rpartition("@")
    return local.translate(_ASCII_LOWER) + at + _lower_domain(domain, bool(at))


def code_key(text: str) -> str:
    """The identity of a code: NFC, trimmed, A-Z lowered. Raises InvalidValue for control characters."""
    return _plain_text(text, "a code").translate(_ASCII_LOWER)


def phone_key(text: str, calling_code: str | None = None) -> str:
    """The identity of a telephone number: `+` and digits where its country is known, else its digits as
    dialled.

    A leading 00 is read as +. A national number becomes international if `calling_code` ("98", "+98") says
    where it is dialled: its trunk prefix (0 in most countries) goes, the code comes. An extension is kept as
    `;ext=12`, so that the number alone is a prefix of the key. The key is empty, and matches nothing, if
    `text` is no single telephone number (no digits or zeros only, words after them, or more digits than a number has).
    Raises InvalidValue for a calling code that is none.
    """
    return _known_phone(text, calling_code) if len(text) <= _LONGEST_PHONE_TEXT else _phone(text, calling_code)


def _phone(text: str, calling_code: str | None) -> str:
    code = _calling_code(calling_code)
    written = without_bidi_controls(ascii_digits(text)).translate(_PHONE_MARKS).strip()
    match = _PHONE.fullmatch(written) if len(written) <= _LONGEST_PHONE_TEXT else None
    number = _international(match["number"], code) if match else ""
    if match is None or not number.strip("+0") or len(number.removeprefix("+")) > MAX_PHONE_DIGITS:
        return ""
    return f"{number};ext={match['extension']}" if match["extension"] else number


_known_phone = lru_cache(maxsize=4_096)(_phone)
"""A bulk load makes the key of the same number to match a row and to store it, one soon after the other."""


def _plain_text(text: str, what: str) -> str:
    stripped = text.strip()
    if _CONTROL.search(stripped):
        raise InvalidValue(f"{shorten(text)} is not {what}: it holds a control character; remove it", value=text)
    return stripped if stripped.isascii() else unicodedata.normalize("NFC", stripped)


def _lower_domain(domain: str, is_domain: bool) -> str:
    if not is_domain:
        return domain.translate(_ASCII_LOWER)
    return unicodedata.normalize("NFC", domain.lower())


def _calling_code(calling_code: str | None) -> str:
    code = (calling_code or "").removeprefix("+")
    if calling_code is not None and not re.fullmatch("[1-9][0-9]{0,2}", code):
        raise InvalidValue(
            f"{shorten(calling_code)} is not a calling code; give one to three digits, such as '98'",
            value=calling_code,
        )
    return code


def _international(written: str, code: str) -> str:
    digits = _only_digits(written)
    if written.lstrip("(").startswith("+") or digits.startswith("00"):
        return "+" + _without_inner_zero(_only_digits(_BRACKETED_ZERO.sub("", written)).removeprefix("00"), code)
    if not code or len(digits) < _SHORTEST_NATIONAL:
        return digits
    if digits.startswith(code) and len(digits) > _LONGEST_NATIONAL:
        return "+" + digits
    trunk = _trunk_prefix(code).match(digits)
    return f"+{code}{digits[trunk.end() :] if trunk else digits}"


def _without_inner_zero(number: str, code: str) -> str:
    """An international number without the trunk 0 that some write after the calling code."""
    if code and number.startswith(code + "0") and _trunk_prefix(code) is _TRUNK_ZERO:
        return code + number[len(code) + 1 :]
    return number


def _trunk_prefix(code: str) -> re.Pattern[str]:
    return _TRUNK_PREFIX.get(code, _TRUNK_ZERO)


def _only_digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
