"""An array of tables that is written as `[[blocks]]`, edited as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.wrangler.lines import line_end
from pulumi_d1.wrangler.toml_text import pairs, statements, with_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi_d1.wrangler.toml_text import Pair, Statement


@dataclass(slots=True)
class _Block:
    """One entry: its header and what follows up to its last key, tables below it included.

    Comments and empty lines behind the last key introduce what comes next, so they are not part of it.

    Attributes:
        header: what opens it.
        end: where the last line ends, line end included.
        own: its own keys, not those of a table below it.
    """

    header: Statement
    end: int
    own: list[Statement]

    @property
    def last(self) -> Statement:
        """The last of its own keys; the header while there is none."""
        return (self.own or [self.header])[-1]

    @property
    def pairs(self) -> list[Pair]:
        """All of its own keys with their values."""
        return [pair for statement in self.own for pair in pairs(statement.tokens)]


class Blocks:
    """The entries of one array, in their order."""

    def __init__(self, text: str, path: Sequence[str]) -> None:
        """Args: `text` is valid TOML, and `path` the table's, which may have no entry yet."""
        self._text = text
        self._blocks = _blocks(text, tuple(path))

    def add(self, block: str) -> str:
        r"""The text with `block`, which ends its lines with \n, behind the last entry or at the end.

        One empty line goes before it. A text without a line end at its end stays one, so that `cut` finds it as it
        was.
        """
        newline = line_end(self._text)
        block = block.replace("\n", newline)
        at = self._blocks[-1].end if self._blocks else len(self._text)
        before, after = self._text[:at], self._text[at:]
        if before and not before.endswith("\n"):
            return before + 2 * newline + block.removesuffix(newline)
        return before + (newline if before else "") + block + after

    def edit(self, index: int, values: Mapping[str, str]) -> str:
        """The text with the TOML of `values` in the entry at `index`."""
        block = self._blocks[index]
        indent = self._text[block.last.start : block.last.tokens[0].start()]
        at = len(self._text[: block.last.end].rstrip("\r\n"))
        return with_values(self._text, block.pairs, values, at=at, joint=line_end(self._text) + indent)

    def drop(self, index: int, key: str) -> str:
        """The text without the line of `key` in the entry at `index`."""
        lines = [line for line in self._blocks[index].own if pairs(line.tokens)[0].key == (key,)]
        if not lines:
            return self._text
        before, after = self._text[: lines[0].start], self._text[lines[0].end :]
        if not self._text.endswith("\n") and not after:
            before = before.removesuffix(line_end(self._text))
        return before + after

    def cut(self, index: int) -> str:
        """The text without the entry at `index` and without the empty line before it."""
        block = self._blocks[index]
        before, after = self._text[: block.header.start], self._text[block.end :]
        newline = line_end(self._text)
        if before.endswith("\n" + newline):
            before = before.removesuffix(newline)
        if not self._text.endswith("\n") and not after:
            before = before.removesuffix(newline)
        return before + after


def _blocks(text: str, path: tuple[str, ...]) -> list[_Block]:
    found: list[_Block] = []
    table: tuple[str, ...] = ()
    for statement in statements(text):
        if statement.is_header:
            table = statement.path
            if table == path and statement.is_array_header:
                found.append(_Block(statement, statement.end, []))
        if statement.tokens and table[: len(path)] == path:
            found[-1].end = statement.end
            if table == path and not statement.is_header:
                found[-1].own.append(statement)
    return found
