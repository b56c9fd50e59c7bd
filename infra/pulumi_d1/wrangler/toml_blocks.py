"""An array of tables that is written as `[[blocks]]`, edited as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.wrangler.text import line_end
from pulumi_d1.wrangler.toml_text import key_values, set_values, statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.toml_text import KeyValue, TomlStatement


@dataclass(slots=True)
class _TomlBlock:
    """One entry, from its header to its last key, including the tables below it.

    Comments and empty lines after the last key belong to what follows.

    Attributes:
        end: Offset after the last line, line end included.
        own: Statements of its own keys, without those of tables below it.
    """

    header: TomlStatement
    end: int
    own: list[TomlStatement]

    @property
    def last(self) -> TomlStatement:
        """The last statement of its own keys, or else the header."""
        return (self.own or [self.header])[-1]

    @property
    def key_values(self) -> list[KeyValue]:
        """Its own keys with their values."""
        return [pair for statement in self.own for pair in key_values(statement.tokens)]


class BlockList:
    """The entries of one array, in order."""

    def __init__(self, text: str, keys: Sequence[str]) -> None:
        """Find the entries of the array at `keys` in a valid text; there may be none."""
        self._text = text
        self._blocks = _blocks(text, tuple(keys))

    def add(self, block: str) -> str:
        r"""Return the text with `block` after the last entry or at the end, and one empty line before it.

        If the text does not end with a line end, neither does the result, so that `remove` restores the text.

        Args:
            block: Lines that end with \n.
        """
        newline = line_end(self._text)
        block = block.replace("\n", newline)
        at = self._blocks[-1].end if self._blocks else len(self._text)
        before, after = self._text[:at], self._text[at:]
        if before and not before.endswith("\n"):
            return before + 2 * newline + block.removesuffix(newline)
        return before + (newline if before else "") + block + after

    def update(self, index: int, values: Mapping[str, str]) -> str:
        """Return the text with `values`, which are TOML, in the entry at `index`."""
        block = self._blocks[index]
        indent = self._text[block.last.start : block.last.tokens[0].start()]
        at = len(self._text[: block.last.end].rstrip("\r\n"))
        return set_values(self._text, block.key_values, values, at=at, separator=line_end(self._text) + indent)

    def remove_key(self, index: int, key: str) -> str:
        """Return the text without the line of `key` in the entry at `index`."""
        lines = [line for line in self._blocks[index].own if key_values(line.tokens)[0].key == (key,)]
        if not lines:
            return self._text
        before, after = self._text[: lines[0].start], self._text[lines[0].end :]
        if not self._text.endswith("\n") and not after:
            before = before.removesuffix(line_end(self._text))
        return before + after

    def remove(self, index: int) -> str:
        """Return the text without the entry at `index` and without the empty line before it."""
        block = self._blocks[index]
        before, after = self._text[: block.header.start], self._text[block.end :]
        newline = line_end(self._text)
        if before.endswith("\n" + newline):
            before = before.removesuffix(newline)
        if not self._text.endswith("\n") and not after:
            before = before.removesuffix(newline)
        return before + after


def _blocks(text: str, keys: tuple[str, ...]) -> list[_TomlBlock]:
    blocks: list[_TomlBlock] = []
    table: tuple[str, ...] = ()
    for statement in statements(text):
        if statement.is_header:
            table = statement.table
            if table == keys and statement.is_array_header:
                blocks.append(_TomlBlock(statement, statement.end, []))
        if statement.tokens and table[: len(keys)] == keys:
            blocks[-1].end = statement.end
            if table == keys and not statement.is_header:
                blocks[-1].own.append(statement)
    return blocks
