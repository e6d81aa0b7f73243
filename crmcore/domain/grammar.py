"""The predicate language: `parse` reads what people write, and tells where and why it means nothing.

    expr   = term { "or" term } ;  term = factor { "and" factor } ;  factor = [ "not" ] ( "(" expr ")" | test ) ;
    test   = path op value | path [ "not" ] "in" "(" value { "," value } ")"
           | path "is" [ "not" ] "missing" | [ "no" ] record [ "where" "(" expr ")" ] ;

Words are lower case. A text stands in " or ' quotes; the quote doubled stands for itself, a backslash for a
backslash. Names are identifiers in any script, brought to NFC; the first of a path is none of the words.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Final, NoReturn

import attrs

from crmcore.domain import predicate as tree
from crmcore.domain.errors import PredicateError
from crmcore.domain.kinds import storable_text
from crmcore.domain.literal import MAX_DIGITS, ME, NOW, TODAY, UNITS, Ago, Unit, Value, is_currency, is_reserved
from crmcore.domain.predicate import MAX_DEPTH, Path, Predicate

MAX_LENGTH: Final = 20_000

_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"]|"")*+"|'(?:[^']|'')*+')
    |(?P<moment>[0-9]+-[0-9][0-9T:.Z+-]*)
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?)
    |(?P<op><=|>=|!=|[=<>~])
    |(?P<mark>[(),])""",
    re.VERBOSE,
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")

_TEST: Final = 'the name of a field or record, "not", "no" or "("'
_COMPARISON: Final = 'a comparison (=, !=, <, <=, >, >=, ~), "in", "is", "not in", "where"'
_VALUE: Final = (
    "a value: text in quotes, a number, money (10 EUR), a date (2025-01-31), a time (2025-01-31T09:30Z), "
    '"today", "now", "true", "false", "me" or a time ago (90 days ago)'
)
_MOMENT: Final = "a date (2025-01-31), a time (2025-01-31T09:30, also with Z or +01:00) or text in quotes"
_UNIT: Final = f"a currency of three capitals (10 EUR), a unit ({', '.join(UNITS)})"
_OPERATORS: Final[dict[str, tree.Operator]] = {op: op for op in tree.OPERATORS}
_UNITS: Final[dict[str, Unit]] = {unit: unit for unit in UNITS}
_WORDS: Final[dict[str, Value]] = {
    "true": Value("flag", True),
    "false": Value("flag", False),
    "today": TODAY,
    "now": NOW,
    "me": ME,
}


@attrs.frozen
class _Token:
    """A piece of the predicate, from `start` to `end`: `text` is a name in NFC, a text without its quotes."""

    kind: str  # name, end, a group of _TOKEN, or stray: a character that begins nothing
    text: str
    start: int
    end: int


def parse(text: str) -> Predicate:
    """The tree that the text means. PredicateError, with the position of the first fault and what could stand
    there, if it means none, is longer than 20,000 characters or nests parentheses deeper than 20.
    """
    if len(text) > MAX_LENGTH:
        raise PredicateError(f"a predicate has at most {MAX_LENGTH} characters", "", MAX_LENGTH)
    return _Parser(text).whole()


class _Parser:
    """Recursive descent, one token in hand; the next is read only then, so that the leftmost fault is told."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._token = _scan(text, 0)

    def whole(self) -> Predicate:
        tree = self._expression()
        if self._token.kind != "end":
            self._refuse(self._next())
        return tree

    def _expression(self) -> Predicate:
        choices = [self._term()]
        while self._take("or"):
            choices.append(self._term())
        return choices[0] if len(choices) == 1 else tree.Or(tuple(choices))

    def _term(self) -> Predicate:
        parts = [self._factor()]
        while self._take("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else tree.And(tuple(parts))

    def _factor(self) -> Predicate:
        negated = self._take("not")
        part = self._group() if self._at("(") else self._test()
        return tree.Not(part) if negated else part

    def _group(self) -> Predicate:
        opening = self._token.start
        self._demand("(")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"parentheses are nested deeper than {MAX_DEPTH}", opening)
        tree = self._expression()
        self._demand(")", self._next())
        self._depth -= 1
        return tree

    def _test(self) -> Predicate:
        if self._take("no"):
            return tree.Not(self._exists(self._name("the name of a record"), '"where", '))
        name = self._name(_TEST)
        path = Path(tuple(name.text.split(".")), name.start)
        if op := _OPERATORS.get(self._token.text) if self._token.kind == "op" else None:
            self._advance()
            return tree.Compare(path, op, self._value())
        if self._take("in"):
            return tree.In(path, self._values())
        if self._take("not"):
            self._demand("in")
            return tree.Not(tree.In(path, self._values()))
        if self._take("is"):
            return self._missing(path)
        return self._exists(name, f"{_COMPARISON}, ")

    def _missing(self, path: Path) -> Predicate:
        negated = self._take("not")
        self._demand("missing", '"missing"' if negated else '"missing" or "not missing"')
        return tree.Not(tree.Missing(path)) if negated else tree.Missing(path)

    def _exists(self, name: _Token, also: str) -> tree.Exists:
        if self._take("where"):
            return tree.Exists(name.text, self._group(), name.start)
        if self._token.kind != "end" and not any(map(self._at, (")", "and", "or"))):
            self._refuse(also + self._next())
        return tree.Exists(name.text, None, name.start)

    def _name(self, expected: str) -> _Token:
        if self._token.kind != "name" or is_reserved(self._token.text.split(".")[0]):
            self._refuse(expected)
        return self._advance()

    def _values(self) -> tuple[Value, ...]:
        self._demand("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._demand(")", '"," or ")"')
        return tuple(values)

    def _value(self) -> Value:
        token = self._token
        if token.kind == "name" and (word := _WORDS.get(token.text)):
            self._advance()
            return attrs.evolve(word, position=token.start)
        if token.kind == "name" and not is_reserved(token.text):
            self._fail(f'a text stands in quotes: "{token.text}"', token.start, _VALUE)
        if token.kind not in ("text", "number", "moment"):
            self._refuse(_VALUE)
        self._advance()
        if token.kind == "text":
            return Value("text", token.text, token.start)
        return self._number(token) if token.kind == "number" else self._moment(token)

    def _number(self, number: _Token) -> Value:
        if sum(map(str.isdigit, number.text)) > MAX_DIGITS:
            self._fail(f"a number has at most {MAX_DIGITS} digits", number.start)
        count, word = Decimal(number.text), self._token.text
        if self._token.kind != "name" or is_reserved(word):
            return Value("number", count, number.start)
        if unit := _UNITS.get(word):
            self._advance()
            self._demand("ago")
            return Value("ago", Ago(count, unit), number.start)
        if is_currency(word):
            self._advance()
            return Value("money", (count, word), number.start)
        meant = next((each for each in (word.lower(), f"{word.lower()}s") if each in _UNITS), word.upper())
        hint = f"; write {meant}" if meant in _UNITS or is_currency(meant) else ""
        self._fail(f"{word} cannot follow a number{hint}", self._token.start, f"{_UNIT}, {self._next()}")

    def _moment(self, token: _Token) -> Value:
        try:
            if _DATE.fullmatch(token.text):
                return Value("date", dt.date.fromisoformat(token.text), token.start)
            if _TIME.fullmatch(token.text):
                return Value("time", dt.datetime.fromisoformat(token.text), token.start)
        except ValueError:
            self._fail(f"there is no {token.text}", token.start, _MOMENT)
        self._fail(f"{token.text} is neither a date nor a time", token.start, _MOMENT)

    def _next(self) -> str:
        return '"and", "or" or ' + ('")"' if self._depth else "the end")

    def _at(self, word: str) -> bool:
        return self._token.kind in ("name", "mark") and self._token.text == word

    def _take(self, word: str) -> bool:
        found = self._at(word)
        if found:
            self._advance()
        return found

    def _demand(self, word: str, expected: str = "") -> None:
        if not self._take(word):
            self._refuse(expected or f'"{word}"')

    def _advance(self) -> _Token:
        token, self._token = self._token, _scan(self._text, self._token.end)
        return token

    def _refuse(self, expected: str) -> NoReturn:
        token = self._token
        found = self._text[token.start : token.end][:40]
        message = f"unexpected {found!r}"
        if token.kind == "end":
            message = "the predicate ends too early" if self._text.strip() else "the predicate is empty"
        elif token.kind == "name" and is_reserved(found) and found != found.lower():
            message = f'words are lower case: write "{found.lower()}", not "{found}"'
        self._fail(message, token.start, expected)

    def _fail(self, message: str, position: int, expected: str = "") -> NoReturn:
        raise PredicateError(message, self._text, position, expected)


def _scan(text: str, start: int) -> _Token:
    """The token at `start`, or next to the white space there."""
    while start < len(text) and text[start].isspace():
        start += 1
    if start == len(text):
        return _Token("end", "", start, start)
    if text[start].isidentifier():
        return _scan_name(text, start)
    if match := _TOKEN.match(text, start):
        return _Token(str(match.lastgroup), _meaning(text, match), start, match.end())
    if text[start] in "\"'":
        raise PredicateError("a text begins and does not end", text, start, f"{text[start]} at its end too")
    return _Token("stray", text[start], start, start + 1)


def _scan_name(text: str, start: int) -> _Token:
    end = start
    while end < len(text) and text[end].isidentifier():
        while end < len(text) and f"_{text[end]}".isidentifier():
            end += 1
        if text[end : end + 1] != ".":
            return _Token("name", unicodedata.normalize("NFC", text[start:end]), start, end)
        end += 1
    raise PredicateError("a dot joins two names", text, end, "a name")


def _meaning(text: str, match: re.Match[str]) -> str:
    if match.lastgroup != "text":
        return match[0]
    if problem := storable_text(match[0]):
        position = next(at for at in range(*match.span()) if storable_text(text[at]))
        raise PredicateError(f"the text {problem}", text, position)
    mark = match[0][0]
    return match[0][1:-1].replace(mark * 2, mark)
