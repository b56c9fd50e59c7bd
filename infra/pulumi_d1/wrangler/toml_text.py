"""Where things stand in a TOML text. Pure.

tomllib says what a text means, but not where. With the positions, an edit leaves every other byte alone. The text must
be valid: tomllib has read it before.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Token = re.Match[str]

_TOKEN = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? "{3,5}    # the closing quotes may follow two that belong to the string
    | \'\'\' .*? '{3,5}
    | " (?: \\. | [^"\\] )* "
    | ' [^']* '
    | \# [^\r\n]*
    | \n
    | [\[\]{},=]
    | [^\s"'\#\[\]{},=]+
    ''',
    re.DOTALL | re.VERBOSE,
)
_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value.

    Attributes:
        key: the parts of a dotted key.
        value: the value's tokens.
    """

    key: tuple[str, ...]
    value: Sequence[Token]

    @property
    def start(self) -> int:
        """Where the value starts."""
        return self.value[0].start()

    @property
    def end(self) -> int:
        """Where the value ends."""
        return self.value[-1].end()


@dataclass(frozen=True, slots=True)
class Statement:
    """A header, a key with its value, or a line that holds neither.

    Attributes:
        start: where its first line starts.
        end: where its last line ends, line end included.
        tokens: what it is made of, comments aside.
    """

    start: int
    end: int
    tokens: Sequence[Token]

    @property
    def is_header(self) -> bool:
        """Whether it opens a table: `[a]` or `[[a]]`."""
        return bool(self.tokens) and self.tokens[0].group() == "["

    @property
    def is_array_header(self) -> bool:
        """Whether it opens an entry of an array of tables: `[[a]]`."""
        return self.is_header and self.tokens[1].group() == "["

    @property
    def path(self) -> tuple[str, ...]:
        """The table that a header opens."""
        return _path([token for token in self.tokens if token.group() not in _DEPTH])


def statements(text: str) -> Iterator[Statement]:
    """The statements of `text`; together they are the whole of it."""
    start = depth = 0
    tokens: list[Token] = []
    for token in _TOKEN.finditer(text):
        depth += _DEPTH.get(token.group(), 0)
        if token.group() == "\n" and not depth:
            yield Statement(start, token.end(), tokens)
            start, tokens = token.end(), []
        elif not token.group().startswith(("\n", "#")):
            tokens.append(token)
    if start < len(text):
        yield Statement(start, len(text), tokens)


def items(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """What the commas in `tokens` separate, commas inside of lists and tables aside."""
    depth = 0
    found: list[list[Token]] = [[]]
    for token in tokens:
        depth += _DEPTH.get(token.group(), 0)
        if token.group() == "," and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return [item for item in found if item]


def pairs(tokens: Sequence[Token]) -> list[Pair]:
    """The pairs of a statement, or of what stands between the braces of an inline table."""
    found = []
    for item in items(tokens):
        equals = [token.group() for token in item].index("=")
        found.append(Pair(_path(item[:equals]), item[equals + 1 :]))
    return found


def value_at(text: str, path: Sequence[str]) -> Sequence[Token] | None:
    """The tokens of the value that a key gives to `path`; None where headers or dotted keys make a table of it."""
    table: tuple[str, ...] = ()
    for statement in statements(text):
        if statement.is_header:
            table = statement.path
        else:
            for pair in pairs(statement.tokens):
                if value := _inside(Pair((*table, *pair.key), pair.value), tuple(path)):
                    return value
    return None


def with_values(text: str, known: Sequence[Pair], values: Mapping[str, str], *, at: int, joint: str) -> str:
    """`text` with other values for some keys of one table.

    Args:
        text: the whole text.
        known: the pairs of the table.
        values: TOML by key.
        at: where a key goes that is not there yet; behind the last of `known`.
        joint: what is written before such a key.
    """
    stands = {pair.key: (pair.start, pair.end) for pair in known}
    new = "".join(f"{joint}{key} = {value}" for key, value in values.items() if (key,) not in stands)
    edits = [(*stands[key,], value) for key, value in values.items() if (key,) in stands]
    for start, end, value in sorted([*edits, (at, at, new)], reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _inside(pair: Pair, path: tuple[str, ...]) -> Sequence[Token] | None:
    """The tokens of the value at `path`, which may lie inside of inline tables."""
    if pair.key == path:
        return pair.value
    if path[: len(pair.key)] != pair.key or pair.value[0].group() != "{":
        return None
    rest = path[len(pair.key) :]
    return next((value for inner in pairs(pair.value[1:-1]) if (value := _inside(inner, rest))), None)


def _path(tokens: Sequence[Token]) -> tuple[str, ...]:
    value = tomllib.loads("".join(token.group() for token in tokens) + " = 0")
    path: list[str] = []
    while isinstance(value, dict):
        ((key, value),) = value.items()
        path.append(key)
    return tuple(path)
