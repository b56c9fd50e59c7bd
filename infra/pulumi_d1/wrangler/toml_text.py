"""Positions in a TOML text. Pure.

tomllib returns values without positions; an edit needs positions to keep every other byte. The text must be valid:
tomllib has parsed it before.
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
class KeyValue:
    """A key and its value."""

    key: tuple[str, ...]
    value: Sequence[Token]

    @property
    def start(self) -> int:
        """Offset of the value."""
        return self.value[0].start()

    @property
    def end(self) -> int:
        """Offset after the value."""
        return self.value[-1].end()


@dataclass(frozen=True, slots=True)
class TomlStatement:
    """A header, a key with its value, or a line with neither.

    Attributes:
        start: Offset of its first line.
        end: Offset after its last line, line end included.
    """

    start: int
    end: int
    tokens: Sequence[Token]

    @property
    def is_header(self) -> bool:
        """True if it opens a table: `[a]` or `[[a]]`."""
        return bool(self.tokens) and self.tokens[0].group() == "["

    @property
    def is_array_header(self) -> bool:
        """True if it opens an entry of an array of tables: `[[a]]`."""
        return self.is_header and self.tokens[1].group() == "["

    @property
    def table(self) -> tuple[str, ...]:
        """The keys of the table that a header opens."""
        return _keys([token for token in self.tokens if token.group() not in _DEPTH])


def statements(text: str) -> Iterator[TomlStatement]:
    """Yield the statements of `text`; together they cover all of it."""
    start = depth = 0
    tokens: list[Token] = []
    for token in _TOKEN.finditer(text):
        depth += _DEPTH.get(token.group(), 0)
        if token.group() == "\n" and not depth:
            yield TomlStatement(start, token.end(), tokens)
            start, tokens = token.end(), []
        elif not token.group().startswith(("\n", "#")):
            tokens.append(token)
    if start < len(text):
        yield TomlStatement(start, len(text), tokens)


def split_at_commas(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Return the non-empty parts between commas. Commas inside of lists and tables do not count."""
    depth = 0
    parts: list[list[Token]] = [[]]
    for token in tokens:
        depth += _DEPTH.get(token.group(), 0)
        if token.group() == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def key_values(tokens: Sequence[Token]) -> list[KeyValue]:
    """Return the keys and values of a statement, or of the tokens between the braces of an inline table."""
    pairs = []
    for part in split_at_commas(tokens):
        equals = [token.group() for token in part].index("=")
        pairs.append(KeyValue(_keys(part[:equals]), part[equals + 1 :]))
    return pairs


def value_at(text: str, keys: Sequence[str]) -> Sequence[Token] | None:
    """Return the tokens of the value at `keys`; None if no `key = value` sets it, as for a table with a header."""
    table: tuple[str, ...] = ()
    for statement in statements(text):
        if statement.is_header:
            table = statement.table
        else:
            for pair in key_values(statement.tokens):
                if value := _value_inside(KeyValue((*table, *pair.key), pair.value), tuple(keys)):
                    return value
    return None


def offset_of(text: str, keys: Sequence[str | int]) -> int | None:
    """Return the offset of the value at `keys`, or of its header; None if it has neither.

    Args:
        keys: Keys, and indexes of arrays.
    """
    wanted = tuple(keys)
    table: tuple[str | int, ...] = ()
    lengths: dict[tuple[str, ...], int] = {}
    for statement in statements(text):
        if statement.is_header:
            if statement.is_array_header:
                lengths[statement.table] = lengths.get(statement.table, 0) + 1
            table = _with_indexes(statement.table, lengths)
            if table == wanted or table[:-1] == wanted:
                return statement.tokens[0].start()
            continue
        for pair in key_values(statement.tokens):
            place = (*table, *pair.key)
            if place == wanted[: len(place)] and (token := _token_at(pair.value, wanted[len(place) :])):
                return token.start()
    return None


def set_values(text: str, present: Sequence[KeyValue], values: Mapping[str, str], *, at: int, separator: str) -> str:
    """Return `text` with new values for some keys of one table.

    Args:
        present: The keys and values of the table.
        values: TOML by key.
        at: Offset at which to insert new keys, after the last of `present`.
        separator: Text to insert before each new key.
    """
    spans = {pair.key: (pair.start, pair.end) for pair in present}
    new = "".join(f"{separator}{key} = {value}" for key, value in values.items() if (key,) not in spans)
    edits = [(*spans[key,], value) for key, value in values.items() if (key,) in spans]
    for start, end, value in sorted([*edits, (at, at, new)], reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _with_indexes(keys: tuple[str, ...], lengths: Mapping[tuple[str, ...], int]) -> tuple[str | int, ...]:
    """Return the keys of a header, each array of tables followed by the index of its last table."""
    path: list[str | int] = []
    for depth, key in enumerate(keys, start=1):
        path.append(key)
        if length := lengths.get(keys[:depth]):
            path.append(length - 1)
    return tuple(path)


def _token_at(value: Sequence[Token], keys: tuple[str | int, ...]) -> Token | None:
    """Return the first token of the value at `keys` inside of `value`."""
    if not keys:
        return value[0]
    key, *rest = keys
    if isinstance(key, int):
        parts = split_at_commas(value[1:-1]) if value[0].group() == "[" else []
        return _token_at(parts[key], tuple(rest)) if key < len(parts) else None
    pairs = key_values(value[1:-1]) if value[0].group() == "{" else []
    inside = (_token_at(pair.value, keys[len(pair.key) :]) for pair in pairs if pair.key == keys[: len(pair.key)])
    return next((token for token in inside if token), None)


def _value_inside(pair: KeyValue, keys: tuple[str, ...]) -> Sequence[Token] | None:
    """Return the tokens of the value at `keys`, which may be inside of inline tables."""
    if pair.key == keys:
        return pair.value
    if keys[: len(pair.key)] != pair.key or pair.value[0].group() != "{":
        return None
    rest = keys[len(pair.key) :]
    return next((value for inner in key_values(pair.value[1:-1]) if (value := _value_inside(inner, rest))), None)


def _keys(tokens: Sequence[Token]) -> tuple[str, ...]:
    value = tomllib.loads("".join(token.group() for token in tokens) + " = 0")
    keys: list[str] = []
    while isinstance(value, dict):
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)
