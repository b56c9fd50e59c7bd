"""The topics of `d1 explain`: the rules, terms and pages of docs/, as Markdown. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SECTION: Final = re.compile(
    r'^<a id="\w+"></a>\n\n(## (?P<name>D\d{3}): (?P<title>[^\n]+)\n.*?)(?=^<a id=|^<!--|\Z)', re.MULTILINE | re.DOTALL
)
_CODE: Final = re.compile(r"D\d{3}")
_ROW: Final = re.compile(r"^\| (?P<name>[^|]+) \| (?P<text>.+) \|$", re.MULTILINE)
_HEADING: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_INVISIBLE: Final = re.compile(r"^(?:<a id=.*</a>|<!--.*-->|!\[.*\)$)\n\n?", re.MULTILINE)
_LINK: Final = re.compile(r"\[(?P<label>[^\]]+)\]\((?P<target>(?!https?:)[^)\s]+)\)")
_SENTENCE_END: Final = re.compile(r"(?<=\.) (?=[A-Z\[`])")

_MOST_SUGGESTIONS: Final = 3
_LEAST_SIMILARITY: Final = 0.5
"""Of a suggestion; D999 and D109 have half of their letters in common."""


class TopicKind(StrEnum):
    """The kinds of topics, in the order in which they are listed. The values are headings."""

    RULE = "Findings"
    TERM = "Terms"
    PAGE = "Pages"


@dataclass(frozen=True, slots=True)
class Topic:
    """An explanation, found by its name.

    Attributes:
        name: A rule's code, a term of the glossary, or the name of a page.
        title: One line about it, as Markdown.
        text: Its explanation, as Markdown. Links to other pages are commands.
    """

    kind: TopicKind
    name: str
    title: str
    text: str


def read_topics(pages: Mapping[str, str]) -> tuple[Topic, ...]:
    """Return the topics of the documentation.

    Args:
        pages: The text of each page, by its path in docs/.
    """
    names = frozenset(map(_page_name, pages))
    return (*_rules(pages["lint.md"], names), *_terms(pages["glossary.md"], names), *_pages(pages, names))


def find_topics(topics: Sequence[Topic], name: str) -> tuple[Topic, ...]:
    """Return the topics of a name: `seeds` is a page, `emulator` a term and a page. Case and hyphens do not matter.

    Raises:
        ConfigError: There is none. The message has the closest names.
    """
    named = {_folded(topic.name): topic.name for topic in topics}
    if found := tuple(topic for topic in topics if _folded(topic.name) == _folded(name)):
        return found
    close = [named[key] for key in get_close_matches(_folded(name), named, _MOST_SUGGESTIONS, _LEAST_SIMILARITY)]
    suggestion = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    raise ConfigError(f"there is no topic {name!r}: {suggestion}'d1 explain' lists all of them")


def _rules(page: str, pages: frozenset[str]) -> Iterator[Topic]:
    for match in _SECTION.finditer(page):
        yield Topic(TopicKind.RULE, match["name"], match["title"], _with_commands(match[1], pages))


def _terms(page: str, pages: frozenset[str]) -> Iterator[Topic]:
    _, *rows = _ROW.finditer(page)  # the first one has the headings
    for row in rows:
        first_sentence = _SENTENCE_END.split(row["text"])[0]
        text = _with_commands(f"**{row['name']}**: {row['text']}\n", pages)
        yield Topic(TopicKind.TERM, row["name"], first_sentence, text)


def _pages(pages: Mapping[str, str], names: frozenset[str]) -> Iterator[Topic]:
    for path, text in pages.items():
        heading = _HEADING.search(text)
        title = heading[1] if heading else ""
        yield Topic(TopicKind.PAGE, _page_name(path), title, _with_commands(text, names))


def _page_name(path: str) -> str:
    """Return the name of a page: `seeds` for seeds.md, and `adr-0004` for adr/0004-time-travel.md."""
    return re.sub(r"^(\d{4})-.*", r"adr-\1", PurePosixPath(path).stem)


def _with_commands(text: str, pages: frozenset[str]) -> str:
    """Return Markdown without anchors, comments and pictures, whose links to our pages name the command for them."""

    def command(link: re.Match[str]) -> str:
        label, page = link["label"], _page_name(link["target"].partition("#")[0])
        if page not in pages or _CODE.fullmatch(label):
            return label
        shown = f"`d1 explain {page}`"
        return f"More: {shown}." if label == "More" else f"{label} ({shown})"

    return _LINK.sub(command, _INVISIBLE.sub("", text))


def _folded(name: str) -> str:
    return re.sub(r"[-_\s]+", " ", name).strip().casefold()
