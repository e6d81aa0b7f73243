"""What is handed out to a person, as JSON for machines and as a page that needs nothing else; in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from crmcore.adapters.reports.subject_words import RIGHT_TO_LEFT, WORDS, word
from crmcore.adapters.reports.words import words
from crmcore.ports.handing_out import HandedOut, Label, Plain, Section

__all__ = ["subject_json", "subject_page"]
HEAD: Final = ("subject", "persons", "at", "by")
ALWAYS: Final = ("history", "merges", "figures", "plugins", "withheld")
CHANGES: Final = ("at", "actor", "operation", "record", "field", "before", "after")
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
        title, direction = words(f"{self._word('title')} "), "rtl" if self.language in RIGHT_TO_LEFT else "ltr"
        name = words(export.title())
        yield (
            f'<!doctype html>\n<html lang="{self.language}" dir="{direction}"><head><meta charset="utf-8">'
            f'<meta name="referrer" content="no-referrer"><title>{title}{name}</title><style>{STYLE}</style></head>\n'
            f"<body><h1>{title}<bdi>{name}</bdi></h1>\n"
        )
        yield self._contents(export.contents())
        for section in export.sections():
            if section.path[0] in HEAD:
                yield f"<p>{words(self._word(section.path[0]))}: {self._value(section.value)}</p>\n"
            else:
                yield f'<h2 id="{_anchor(section.path)}">{self._heading(section.path, section.label)}</h2>\n'
                yield from self._body(section)
        yield "</body></html>\n"

    def _contents(self, counts: Mapping[tuple[str, ...], tuple[Label, int]]) -> str:
        listed = [(path, self._heading(path, label), f" ({count:,})") for path, (label, count) in counts.items()]
        listed += [((name,), self._heading((name,), {}), "") for name in ALWAYS]
        items = "".join(f'<li><a href="#{_anchor(path)}">{text}</a>{count}</li>' for path, text, count in listed)
        return f"<nav><h2>{words(self._word('contents'))}</h2><ul>{items}</ul></nav>\n"

    def _heading(self, path: tuple[str, ...], label: Label) -> str:
        """What a section is called, in markup."""
        called = label.get(self.language) or label.get("en") or " ".join(word(each, "") for each in path[1:])
        before = [] if path[0] == "records" else [self._word(path[0])]
        return ": ".join(f"<bdi>{words(each)}</bdi>" for each in (*before, called) if each)

    def _body(self, section: Section) -> Iterator[str]:
        if section.rows is None:
            yield f"<div>{self._value(section.value, section.labels)}</div>\n"
        elif section.path == ("history",):
            yield from self._history(section.rows)
        else:
            number = 0
            for number, row in enumerate(section.rows, 1):
                yield self._record(number, row, section.labels)
            if not number:
                yield f"<p>{words(self._word('nothing'))}</p>\n"

    def _record(self, number: int, row: Plain, labels: Mapping[str, Label]) -> str:
        """One record as a table: a line for each of its values."""
        cells = ((words(self._label(name, labels)), self._value(value, labels, name)) for name, value in row.items())
        lines = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in cells)
        return f'<table class="record"><caption>{number:,}</caption><tbody>{lines}</tbody></table>\n'

    def _history(self, entries: Iterator[Plain]) -> Iterator[str]:
        head = "".join(f'<th scope="col">{words(self._word(name))}</th>' for name in CHANGES)
        yield f"<table><thead><tr>{head}</tr></thead>\n"
        for entry in entries:
            told = [self._value(entry[name]) for name in ("at", "actor", "operation", "record")]
            pairs = entry["changes"] or {"": [None, None]}
            for name, (before, after) in pairs.items():
                cells = [*told, words(word(name, self.language)), self._value(before), self._value(after)]
                yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
        yield "</table>\n"

    def _value(self, value: Any, labels: Mapping[str, Label] | None = None, within: str = "") -> str:
        """A plain value in markup: escaped, with what cannot be seen shown, and what is nested as lists."""
        if isinstance(value, Mapping):
            if set(value) == {"amount", "currency"}:
                return f"<bdi>{words(value['amount'])} {words(value['currency'])}</bdi>"
            pairs = ((self._label(f"{within}.{name}", labels or {}, name), held) for name, held in value.items())
            return f"<dl>{''.join(f'<dt>{words(n)}</dt><dd>{self._value(v, labels)}</dd>' for n, v in pairs)}</dl>"
        if isinstance(value, list):
            if not value:
                return words(self._word("nothing")) if not within else ""
            return f"<ul>{''.join(f'<li>{self._value(each, labels, within)}</li>' for each in value)}</ul>"
        lines = value.split("\n") if isinstance(value, str) else [value]
        return "<br>".join(f"<bdi>{words(line)}</bdi>" for line in lines)

    def _label(self, name: str, labels: Mapping[str, Label], plainly: str = "") -> str:
        label = labels.get(name, {})
        return label.get(self.language) or label.get("en") or self._word(plainly or name)

    def _word(self, name: str) -> str:
        return word(name, self.language)


def _anchor(path: tuple[str, ...]) -> str:
    return "-".join(path).replace(".", "-")
