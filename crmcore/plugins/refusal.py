"""What speaks against starting with some plugins: collected, sorted, and refused in one error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from crmcore.domain.errors import CrmError, PluginFailed
from crmcore.domain.fold import visible

LONGEST_TEXT: Final = 2_000
"""Characters of what a plugin says that messages repeat."""


@attrs.frozen(order=True)
class Origin:
    """Where a plugin comes from; without a distribution it is an object that the host handed over, and without a name a
    distribution as a whole."""

    plugin: str
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        if not self.plugin:
            return f"distribution {self.distribution} {self.version}".rstrip()
        source = f" ({self.distribution} {self.version})".replace(" )", ")") if self.distribution else ""
        return f"plugin {self.plugin!r}{source}"


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong: who is to blame, what it is, and how to settle it."""

    error: type[CrmError]
    origins: tuple[Origin, ...]
    what: str
    remedy: str
    hook: str = ""
    cause: BaseException | None = attrs.field(default=None, eq=False, repr=False)

    def __str__(self) -> str:
        who = " and ".join(str(each) for each in self.origins)
        hook = f", hook {self.hook}" if self.hook else ""
        stop = "" if self.what.endswith("?") else "."
        return f"{who}{hook}: {self.what}{stop} {self.remedy}."

    def plain(self) -> dict[str, object]:
        """The same facts as plain values."""
        return {
            "error": self.error.__name__,
            "plugins": [each.plugin for each in self.origins],
            "distributions": [each.distribution for each in self.origins],
            "hook": self.hook,
            "what": self.what,
            "remedy": self.remedy,
        }


def refuse(problems: Iterable[Problem]) -> None:
    """Raise one error for all problems, if there are any.

    It is of the problems' own class if they share one, else PluginFailed. `details["problems"]` lists them;
    `__cause__` is the exception that a plugin raised, a group of them if several did.
    """
    found = sorted({str(each): each for each in problems}.items())
    if not found:
        return
    texts = [text for text, _ in found]
    classes = {each.error for _, each in found}
    error = classes.pop() if len(classes) == 1 else PluginFailed
    message = texts[0] if len(texts) == 1 else _listed(texts)
    raise error(message, problems=[each.plain() for _, each in found]) from _cause([p for _, p in found])


def text_of(error: BaseException) -> str:
    """An exception's class and message in one line, cut where it is endless, with nothing in it that a terminal obeys
    or an encoding refuses; also where its message cannot be had."""
    try:
        message = told(" ".join(str(error).split()))
    except KeyboardInterrupt:
        raise
    except BaseException:
        message = "without a readable message"
    return f"{type(error).__name__}: {message}".rstrip(": ")


def told(text: str, length: int = LONGEST_TEXT) -> str:
    """A plugin's words, as they can be shown to anybody."""
    return visible(text if len(text) <= length else f"{text[: length - 1]}…")


def _listed(texts: list[str]) -> str:
    lines = (f"  {number}. {text}" for number, text in enumerate(texts, 1))
    return "\n".join((f"the plugins cannot be used, {len(texts)} things are wrong:", *lines))


def _cause(problems: list[Problem]) -> BaseException | None:
    causes = [each.cause for each in problems if each.cause is not None]
    if len(causes) > 1:
        return BaseExceptionGroup("raised by plugins", causes)
    return causes[0] if causes else None
