"""An array of tables that is written as `key = [ { … }, { … } ]`, edited as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi_d1.wrangler.toml_text import Token, key_values, set_values, split_at_commas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPACE_AND_COMMA = re.compile(r"\s*,")


class InlineList:
    """The entries of one array, in order."""

    def __init__(self, text: str, array: Sequence[Token]) -> None:
        """Find the entries of `array`, the tokens of an array in `text` with its brackets."""
        self._text = text
        self._start = array[0].end()
        self._entries = split_at_commas(array[1:-1])

    def add(self, block: str) -> str:
        """Return the text with a new first entry. In front, no other entry's line needs a new comma.

        Args:
            block: A header, and one line for each value.
        """
        entry = "{ " + ", ".join(block.splitlines()[1:]) + " }"
        if not self._entries:
            return self._text[: self._start] + entry + self._text[self._start :]
        at = self._entries[0][0].start()
        space = self._text[len(self._text[:at].rstrip()) : at]
        return f"{self._text[:at]}{entry},{space or ' '}{self._text[at:]}"

    def update(self, index: int, values: Mapping[str, str]) -> str:
        """Return the text with `values`, which are TOML, in the entry at `index`."""
        present = key_values(self._entries[index][1:-1])
        return set_values(self._text, present, values, at=present[-1].end, separator=", ")

    def remove_key(self, index: int, key: str) -> str:
        """Return the text without `key` and one comma in the entry at `index`, which has other keys."""
        tokens = self._entries[index][1:-1]
        parts, keys = split_at_commas(tokens), [pair.key for pair in key_values(tokens)]
        if (key,) not in keys:
            return self._text
        if at := keys.index((key,)):
            return self._text[: parts[at - 1][-1].end()] + self._text[parts[at][-1].end() :]
        return self._text[: parts[0][0].start()] + self._text[parts[1][0].start() :]

    def remove(self, index: int) -> str:
        """Return the text without the entry at `index`, its comma, and the white space up to its neighbour."""
        start, end = self._entries[index][0].start(), self._entries[index][-1].end()
        if comma := _SPACE_AND_COMMA.match(self._text, end):
            end = comma.end()
        if index + 1 < len(self._entries):
            end = len(self._text) - len(self._text[end:].lstrip())
        elif index:
            start = len(self._text[:start].rstrip())
        return self._text[:start] + self._text[end:]
