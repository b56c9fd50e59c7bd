"""An array of tables that is written as `key = [ { … }, { … } ]`, edited as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_d1.wrangler.toml_text import Token, items, pairs, with_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPACE_AND_COMMA = re.compile(r"\s*,")


class InlineList:
    """The entries of one array, in their order."""

    def __init__(self, text: str, array: Sequence[Token]) -> None:
        """Args: `array` is the array's tokens in `text`, brackets included."""
        self._text = text
        self._start = array[0].end()
        self._items = items(array[1:-1])

    def add(self, block: str) -> str:
        """The text with the fields of `block`, a header and a line for each, as its first entry.

        At the front no other entry's line needs a comma that it did not have.
        """
        entry = "{ " + ", ".join(block.splitlines()[1:]) + " }"
        if not self._items:
            return self._text[: self._start] + entry + self._text[self._start :]
        at = self._items[0][0].start()
        space = self._text[len(self._text[:at].rstrip()) : at]
        return f"{self._text[:at]}{entry},{space or ' '}{self._text[at:]}"

    def edit(self, index: int, values: Mapping[str, str]) -> str:
        """The text with the TOML of `values` in the entry at `index`."""
        known = pairs(self._items[index][1:-1])
        return with_values(self._text, known, values, at=known[-1].end, joint=", ")

    def drop(self, index: int, key: str) -> str:
        """The text without `key` and a comma beside it, in the entry at `index`, which has other keys."""
        tokens = self._items[index][1:-1]
        fields, keys = items(tokens), [pair.key for pair in pairs(tokens)]
        if (key,) not in keys:
            return self._text
        if at := keys.index((key,)):
            return self._text[: fields[at - 1][-1].end()] + self._text[fields[at][-1].end() :]
        return self._text[: fields[0][0].start()] + self._text[fields[1][0].start() :]

    def cut(self, index: int) -> str:
        """The text without the entry at `index`, its comma, and the white space up to its neighbour."""
        start, end = self._items[index][0].start(), self._items[index][-1].end()
        if comma := _SPACE_AND_COMMA.match(self._text, end):
            end = comma.end()
        if index + 1 < len(self._items):
            end = len(self._text) - len(self._text[end:].lstrip())
        elif index:
            start = len(self._text[:start].rstrip())
        return self._text[:start] + self._text[end:]
