"""What is handed out to a person, as JSON for machines and as a page that needs nothing else; in constant memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

from crmcore.adapters.reports.subject_words import RIGHT_TO_LEFT, WORDS, called, word
from crmcore.adapters.reports.words import words
from crmcore.ports.handing_out import HandedOut, Label, Plain, Section

__all__ = ["subject_json", "subject_page"]
HEAD: Final = ("subject", "persons", "at", "by")
ALWAYS: Final = ("history", "merges", "figures", "plugins", "withheld")
CHANGES: Final = ("at", "actor", "operation", "record", "field", "before", "after")
MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
Labels: TypeAlias = Mapping[str, Label]
STYLE: Final = (
    "body{font:16px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%;margin-bottom:1em;overflow-wrap:anywhere}"
    "th,td{border:1px solid #bbb;padding:.3em .6em;text-align:start;vertical-align:top}"
    "th{background:#f3f3f3;font-weight:normal}thead th{font-weight:bold}"
    ".record th{width:14em}bdi{unicode-bidi:plaintext}dl{margin:0}dd{margin-inline-start:1.5em}"
    "@media print{body{margin:0;max-width:none}nav{break-after:page}h2{break-after:avoid}tr{break-inside:avoid}}"
)


def subject_json(sections: Iterable[Section]) -> Iterator[str]:
    """The document as JSON text, piece by piece: an object, in which sections stand at their paths."""
    opened: list[str] = []
    separator = "{\n"
    for section in sections:
        folders, name = list(section.path[:-1]), section.path[-1]
        while opened != folders[: len(opened)]:
            opened.pop()
            yield "\n}"
        for folder in folders[len(opened) :]:
            yield f"{separator}{_json(folder)}: "
            separator = "{\n"
        opened = folders
        yield f"{separator}{_json(name)}: "
        separator = ",\n"
        yield from [_json(section.value)] if section.rows is None else _json_rows(section.rows)
    yield "\n}" * (len(opened) + 1) + "\n"


def _json_rows(rows: Iterator[Plain]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{_json(row)}"
    yield "\n]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def subject_page(export: HandedOut) -> Iterator[str]:
    """The document as a page in the person's language as far as labels are declared in it, piece by piece."""
    language = export.language().partition("-")[0].lower()
    yield from Page(language if language in WORDS["title"] else "en").chunks(export)


@attrs.frozen
class Page:
    """A page in one language. Every value finds its own direction, so that right-to-left text stands as it is read."""

    language: str

    def chunks(self, export: HandedOut) -> Iterator[str]:
        """The page from its beginning to its end."""
        title, direction = f"{self._word('title')} ", "rtl" if self.language in RIGHT_TO_LEFT else "ltr"
        name = words(export.title())
        yield (
            f'<!doctype html>\n<html lang="{self.language}" dir="{direction}"><head><meta charset="utf-8">'
            f'<meta name="referrer" content="no-referrer"><title>{title}{name}</title><style>{STYLE}</style></head>\n'
            f"<body><h1>{title}<bdi>{name}</bdi></h1>\n"
        )
        yield self._contents(export.contents())
        for section in export.sections():
            if section.path[0] in HEAD:
                yield f"<div>{self._word(section.path[0])}: {self._value(section.value, {})}</div>\n"
            else:
                yield f'<h2 id="{_anchor(section.path)}">{self._heading(section.path, section.label)}</h2>\n'
                yield from self._body(section)
        yield "</body></html>\n"

    def _contents(self, counts: Mapping[tuple[str, ...], tuple[Label, int]]) -> str:
        listed = [(path, self._heading(path, label), f" ({count:,})") for path, (label, count) in counts.items()]
        listed += [((name,), self._heading((name,), {}), "") for name in ALWAYS]
        items = "".join(f'<li><a href="#{_anchor(path)}">{text}</a>{count}</li>' for path, text, count in listed)
        return f"<nav><h2>{self._word('contents')}</h2><ul>{items}</ul></nav>\n"

    def _heading(self, path: tuple[str, ...], label: Label) -> str:
        """What a section is called, in markup."""
        before = [] if path[0] == "records" else [self._word(path[0])]
        named = [called(" ".join(path[1:]), label, self.language)] if path[1:] else []
        return ": ".join(f"<bdi>{words(each)}</bdi>" for each in (*before, *named))

    def _body(self, section: Section) -> Iterator[str]:
        if section.rows is None:
            yield f"<div>{self._value(section.value, section.labels) or self._word('nothing')}</div>\n"
        elif section.path == ("history",):
            yield from self._history(section.rows, section.labels)
        else:
            number = 0
            for number, row in enumerate(section.rows, 1):
                yield self._record(number, row, section.labels)
            if not number:
                yield f"<div>{self._word('nothing')}</div>\n"

    def _record(self, number: int, row: Plain, labels: Labels) -> str:
        """One record as a table: a line for each of its values."""
        cells = ((self._name(name, labels, name), self._value(value, labels, name)) for name, value in row.items())
        lines = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in cells)
        return f'<table class="record"><caption>{number:,}</caption><tbody>{lines}</tbody></table>\n'

    def _history(self, entries: Iterator[Plain], labels: Labels) -> Iterator[str]:
        """A line for each value of each entry; `labels` has the names in them after the record type."""
        head = "".join(f'<th scope="col">{self._word(name)}</th>' for name in CHANGES)
        yield f"<table><thead><tr>{head}</tr></thead>\n"
        for entry in entries:
            told = [self._value(entry[name], {}) for name in ("at", "actor", "operation")]
            record = entry["record"]
            told.append(f"{self._name(record, labels, record)} {self._value(entry['id'], {})}")
            for name, (before, after) in (entry["changes"] or {"": [None, None]}).items():
                within = f"{record}.{name}"
                sides = (self._value(side, labels, within) for side in (before, after))
                cells = (*told, self._name(within, labels, name), *sides)
                yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
        yield "</table>\n"

    def _value(self, value: Any, labels: Labels, within: str = "") -> str:
        """A plain value in markup: escaped, with what cannot be seen shown, and what is nested as lists. `within`: the
        name of what it is the value of."""
        if isinstance(value, Mapping):
            return self._mapping(value, labels, within)
        if isinstance(value, list):
            items = (self._value(each, labels, within) for each in value)
            return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if value else ""
        if isinstance(value, bool):
            return self._word("yes" if value else "no")
        lines = value.split("\n") if isinstance(value, str) else [value]
        return "<br>".join(f"<bdi>{words(_spoken(line))}</bdi>" for line in lines)

    def _mapping(self, value: Plain, labels: Labels, within: str) -> str:
        if set(value) == {"amount", "currency"}:
            return f"<bdi>{words(value['amount'])} {words(value['currency'])}</bdi>"
        pairs = [
            (self._name(f"{within}.{name}", labels, name), self._value(held, labels))
            for name, held in value.items()
            if name != "no" and held not in ({}, [])
        ]
        if any(isinstance(held, Mapping | list) for held in value.values()):
            return f"<dl>{''.join(f'<dt>{name}</dt><dd>{told}</dd>' for name, told in pairs)}</dl>"
        return ", ".join(f"{name}: {told}" for name, told in pairs)

    def _name(self, path: str, labels: Labels, name: str) -> str:
        """What something is called, in markup."""
        return words(called(name, labels.get(path, {}), self.language))

    def _word(self, name: str) -> str:
        return words(word(name, self.language))


def _spoken(value: object) -> object:
    """A moment as people write it."""
    if isinstance(value, str) and (found := MOMENT.fullmatch(value)):
        return f"{found[1]} {found[2]} UTC"
    return value


def _anchor(path: tuple[str, ...]) -> str:
    return "-".join(path).replace(".", "-")
