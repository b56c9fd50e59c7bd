"""An array of tables that is written as `key = [ { … }, { … } ]`, edited as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from infra.render.toml_text import Pair, Token, items, pairs, statements, with_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPACE_AND_COMMA = re.compile(r"\s*,")
_SPACE = re.compile(r"\s*")


class InlineList:
    """The entries of one array, in their order."""

    def __init__(self, text: str, array: Sequence[Token]) -> None:
        """Args: `array` is the array's tokens in `text`, brackets included."""
        self._text = text
        self._end = array[-1].start()
        self._items = items(array[1:-1])

    @classmethod
    def find(cls, text: str, path: Sequence[str]) -> Self | None:
        """The array that stands at `path` of `text`, or None where no key has it as its value."""
        table: tuple[str, ...] = ()
        for statement in statements(text):
            if statement.is_header:
                table = statement.path
            elif statement.tokens:
                for pair in pairs(statement.tokens):
                    if array := _value_at(Pair((*table, *pair.key), pair.value), tuple(path)):
                        return cls(text, array)
        return None

    def add(self, block: str) -> str:
        """The text with the fields of `block`, a header and a line for each, as its first entry.

        At the front no other entry's line needs a comma that it did not have.
        """
        entry = "{ " + ", ".join(block.splitlines()[1:]) + " }"
        if not self._items:
            return self._text[: self._end] + entry + self._text[self._end :]
        at = self._items[0][0].start()
        space = self._text[len(self._text[:at].rstrip()) : at]
        return f"{self._text[:at]}{entry},{space or ' '}{self._text[at:]}"

    def edit(self, index: int, values: Mapping[str, str]) -> str:
        """The text with the TOML of `values` in the entry at `index`."""
        known = pairs(self._items[index][1:-1])
        return with_values(self._text, known, values, at=known[-1].end, joint=", ")

    def cut(self, index: int) -> str:
        """The text without the entry at `index`, its comma, and the white space up to its neighbour."""
        start, end = self._items[index][0].start(), self._items[index][-1].end()
        if comma := _SPACE_AND_COMMA.match(self._text, end):
            end = comma.end()
        if index + 1 < len(self._items):
            space = _SPACE.match(self._text, end)
            end = space.end() if space else end
        elif index:
            start = len(self._text[:start].rstrip())
        return self._text[:start] + self._text[end:]


def _value_at(pair: Pair, path: tuple[str, ...]) -> Sequence[Token] | None:
    """The tokens of the value at `path`, which may lie inside of inline tables."""
    if pair.key == path:
        return pair.value
    if path[: len(pair.key)] != pair.key or pair.value[0].group() != "{":
        return None
    rest = path[len(pair.key) :]
    return next((value for inner in pairs(pair.value[1:-1]) if (value := _value_at(inner, rest))), None)
