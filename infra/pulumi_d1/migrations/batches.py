"""Files that run in batches of rows: `-- d1:batch 1000` before one UPDATE, DELETE or INSERT ... SELECT. Pure.

The file is plain SQL: wrangler and the emulator run it as one statement. `pulumi up` sends one request per batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.sqlite.statements import (
    comments,
    iter_statements,
    next_statement,
    normalize_newlines,
    position,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.sqlite.statements import Comment, Statement, Word

MARK: Final = "d1:batch"
LARGEST: Final = 100_000
"""Most rows of a batch. D1 ends a request after 30 s, and Cloudflare's FAQ shows batches of 1,000 rows."""
NEVER_ENDS: Final = "rows match the WHERE again after they were changed, so the batches would never end"

_MARKED: Final = re.compile(r"--\s*d1:batch\s+([0-9]+)\s*")
_VERBS: Final = frozenset({"update", "delete", "insert", "replace"})
_WHAT: Final = "one UPDATE, DELETE or INSERT ... SELECT"


@dataclass(frozen=True, slots=True)
class BatchStatement:
    """The statement of a file in batches, in parts.

    Attributes:
        size: Rows of a batch.
        verb: `update`, `delete` or `insert`.
        table: The table that it changes, unquoted, as written.
        prefix: Its WITH clause; empty if it has none.
        target: The table as the statement names it, with its alias.
        row: The name by which the statement's expressions can name the table: its alias, or its own name.
        change: What follows the target: the SET clause with its keyword, or the columns of an INSERT.
        source: The FROM clause of an UPDATE, or the SELECT of an INSERT.
        condition: The WHERE clause without its keyword.
    """

    size: int
    verb: str
    table: str
    prefix: str
    target: str
    row: str
    change: str
    source: str
    condition: str

    def left(self) -> str:
        """Select each row that the statement would still change."""
        if self.verb == "insert":
            return f"{self.prefix}SELECT 1 FROM ({self.source})"
        return f"{self.prefix}SELECT 1 FROM {self._tables} WHERE ({self.condition})"

    def count(self, most: int) -> str:
        """Count the rows that the statement would still change, up to a limit."""
        return f"SELECT count(*) AS number FROM ({self.left()} LIMIT {most})"

    def next_range(self, key: str, after: str) -> str:
        """Select the last key of the next batch, as a text, and the number of its rows."""
        condition = f"({self.condition}){f' AND {self._key(key)} > {after}' if after else ''}"
        keys = f"SELECT {self._distinct}{self._key(key)} AS key FROM {self._tables} WHERE {condition} ORDER BY 1"
        return f"SELECT CAST(max(key) AS TEXT) AS last, count(*) AS number FROM ({self.prefix}{keys} LIMIT {self.size})"

    def in_range(self, key: str, after: str, last: str) -> str:
        """Return the statement for the rows of one batch."""
        return self._statement(self._range(key, after, last))

    def left_in_range(self, key: str, after: str, last: str) -> str:
        """Select the rows of a batch that the statement would change again."""
        return f"{self.left()} AND {self._range(key, after, last)}"

    def limited(self, keys: Sequence[str]) -> str:
        """Return the statement for any rows of one batch."""
        if self.verb == "insert":
            return (
                f"{self.prefix}INSERT INTO {self.target} {self.change} SELECT * FROM ({self.source}) LIMIT {self.size}"
            )
        mine = ", ".join(map(self._key, keys))
        found = f"SELECT {self._distinct}{mine} FROM {self._tables} WHERE ({self.condition}) LIMIT {self.size}"
        return self._statement(f"({mine}) IN ({found})")

    def _statement(self, only: str) -> str:
        if self.verb == "delete":
            return f"{self.prefix}DELETE FROM {self.target} WHERE ({self.condition}) AND {only}"
        source = f" FROM {self.source}" if self.source else ""
        return f"{self.prefix}UPDATE {self.target} {self.change}{source} WHERE ({self.condition}) AND {only}"

    def _range(self, key: str, after: str, last: str) -> str:
        key = self._key(key)
        return f"{f'{key} > {after} AND ' if after else ''}{key} <= {last}"

    def _key(self, key: str) -> str:
        return f"{self.row}.{key}"

    @property
    def _distinct(self) -> str:
        return "DISTINCT " if self.source else ""

    @property
    def _tables(self) -> str:
        return f"{self.target}, {self.source}" if self.source else self.target


def read_batches(migration: Migration, folder: str = "") -> BatchStatement | None:
    """Return the statement of a file in batches; None if the file has no such comment.

    Args:
        folder: The file's folder as the user wrote it, for the message; empty to leave the place out.

    Raises:
        ConfigError: The comment or the statement cannot be run in batches.
    """
    mark = find_mark(migration)
    if mark is None:
        return None
    script = normalize_newlines(migration.sql)
    try:
        return _parse(list(iter_statements(script)), _size(mark))
    except ConfigError as error:
        line, column = position(script, mark.offset)
        where = f"{folder}/{migration.name}:{line}:{column}: " if folder else ""
        raise ConfigError(f"{where}{error}") from None


def find_mark(migration: Migration) -> Comment | None:
    """Return the comment before the first statement that asks for batches, or None."""
    if MARK not in migration.sql:
        return None
    script = normalize_newlines(migration.sql)
    first = next_statement(script)
    marks = (comment for comment in comments(script[: first.offset if first else None]) if MARK in comment.text)
    return next(marks, None)


def _size(mark: Comment) -> int:
    match = _MARKED.fullmatch(mark.text)
    size = int(match[1]) if match else 0
    if not 1 <= size <= LARGEST:
        raise ConfigError(f"the comment is not '-- {MARK} ROWS' with 1 to {LARGEST:,} rows, such as -- {MARK} 1000")
    return size


def _parse(statements: Sequence[Statement], size: int) -> BatchStatement:
    if len(statements) != 1:
        raise ConfigError(f"a file with -- {MARK} holds {_WHAT}, and this one has {len(statements)} statements")
    text = _without_comments(statements[0].text.removesuffix(";"))
    parsed = words(text)
    top = _top_level(parsed)
    at = next((place for place in top if parsed[place].keyword in _VERBS), None)
    if at is None or parsed[0].keyword not in {"with", parsed[at].keyword}:
        raise ConfigError(f"a file with -- {MARK} holds {_WHAT}")
    if parsed[at + 1].keyword == "or" or parsed[at].keyword == "replace":
        raise ConfigError(f"{parsed[at].keyword.upper()} with a conflict clause cannot run in batches")
    places = {parsed[p].keyword: p for p in reversed(top) if p > at and parsed[p - 1].keyword != "distinct"}
    verb = parsed[at].keyword
    for word in ("returning", "conflict", "limit", *(() if verb == "insert" else ("order",))):
        if word in places:
            raise ConfigError(f"the {verb.upper()} has {word.upper()}, which cannot run in batches")
    return _PARSERS[verb](_Parsed(text, parsed, at, places, size))


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A statement as words.

    Attributes:
        at: Index of its verb.
        places: Index of the first of each keyword outside of parentheses, after the verb, without DISTINCT FROM.
    """

    text: str
    words: Sequence[Word]
    at: int
    places: Mapping[str, int]
    size: int

    def between(self, first: int, last: int | None) -> str:
        """Return the text after a word, up to another one or the end."""
        return self.text[self.words[first].end : self.words[last].start if last is not None else None].strip()

    def from_word(self, first: int, last: int | None) -> str:
        """Return the same with the first word."""
        return f"{self.text[self.words[first].start : self.words[first].end]} {self.between(first, last)}"

    def make(self, verb: str, target: str, **parts: str) -> BatchStatement:
        """Return the statement, with the table that `target` names."""
        named = words(target)
        if [word.keyword for word in named[1:2]] == ["."]:
            named = named[2:]
        others = [word for word in named[1:] if word.keyword != "as"]
        is_alias = bool(others) and others[0].keyword not in {"indexed", "not"}
        row = others[0] if is_alias else named[0]
        prefix = self.text[: self.words[self.at].start]
        return BatchStatement(self.size, verb, named[0].text, prefix, target, target[row.start : row.end], **parts)


def _parse_update(parsed: _Parsed) -> BatchStatement:
    begin, where, source = (parsed.places.get(word) for word in ("set", "where", "from"))
    if begin is None or where is None:
        raise ConfigError(
            "the UPDATE has no WHERE, so it would never end: add one that a row does not match once it is changed, "
            "such as WHERE email <> lower(email)"
        )
    source = source if source is not None and source < where else None
    return parsed.make(
        "update",
        parsed.between(parsed.at, begin),
        change=parsed.from_word(begin, where if source is None else source),
        source="" if source is None else parsed.between(source, where),
        condition=parsed.between(where, None),
    )


def _parse_delete(parsed: _Parsed) -> BatchStatement:
    where = parsed.places.get("where")
    return parsed.make(
        "delete",
        parsed.between(parsed.at + 1, where),
        change="",
        source="",
        condition="true" if where is None else parsed.between(where, None),
    )


def _parse_insert(parsed: _Parsed) -> BatchStatement:
    begin = min((parsed.places[word] for word in ("select", "with") if word in parsed.places), default=None)
    if begin is None or "values" in parsed.places:
        raise ConfigError(f"a file with -- {MARK} holds {_WHAT}")
    columns = parsed.places.get("(", begin)
    columns = min(columns, begin)
    return parsed.make(
        "insert",
        parsed.between(parsed.at + 1, columns),
        change="" if columns == begin else parsed.from_word(columns, begin),
        source=parsed.from_word(begin, None),
        condition="",
    )


_PARSERS: Final[Mapping[str, Callable[[_Parsed], BatchStatement]]] = {
    "update": _parse_update,
    "delete": _parse_delete,
    "insert": _parse_insert,
}


def _top_level(parsed: Sequence[Word]) -> list[int]:
    """Return the indexes of the words outside of parentheses, each opening parenthesis included."""
    depth, found = 0, []
    for place, word in enumerate(parsed):
        depth -= word.keyword == ")"
        if not depth:
            found.append(place)
        depth += word.keyword == "("
    return found


def _without_comments(text: str) -> str:
    for comment in reversed(comments(text)):
        text = f"{text[: comment.offset]} {text[comment.end :]}"
    return text
