"""Split SQL scripts into statements as SQLite does. Pure: text in, text out, no database.

The rule is that of `sqlite3_complete()` (SQLite's complete.c). A semicolon ends a statement unless it is in a string,
a quoted name or a comment, or in the body of a CREATE TRIGGER, which only `; END ;` closes. workerd's sqlite.c++ splits
imported files by the same rule. Most other splitters fail on triggers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_STATEMENT_BYTES: Final = 100_000
"""The longest statement that D1 accepts, in bytes of UTF-8 (Cloudflare's limits page, workerd's sqlite.c++)."""

MAX_CHARACTER_BYTES: Final = 4
"""Bytes of the longest character in UTF-8."""

_BLANK: Final = r"[ \t\n\r\f\ufeff]++ | --[^\n]*\n? | /\*.*?(?:\*/|\Z)"
# ASCII letters and digits, _, $ and everything beyond ASCII. The class is negated because a range up to U+10FFFF takes
# 5 ms to compile with IGNORECASE.
_LETTER: Final = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_QUOTED: Final = (
    r"""'[^']*+(?:''[^']*+)*+(?:'|\Z) | "[^"]*+(?:""[^"]*+)*+(?:"|\Z) | `[^`]*+(?:``[^`]*+)*+(?:`|\Z)"""
    r""" | \[[^\]]*(?:\]|\Z)"""
)

# The group's name is the kind of token. As in SQLite, an unclosed quote or comment runs to the end of the script, a
# byte order mark is a blank, and any other blank beyond ASCII is a letter.
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>   {_BLANK} )
    | (?P<quoted>  {_QUOTED} )
    | (?P<semi>    ; )
    | (?P<word>    {_LETTER}+ )
    | (?P<other>   [^ \t\n\r\f;'"`\[\-/A-Za-z0-9_$\u0080-\U0010ffff]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
# Shortcuts that match in one step: the text between two statements, a complete statement whose first words rule out a
# trigger, and the first word.
_BETWEEN: Final = re.compile(rf"(?: {_BLANK} | ; )*+", re.VERBOSE | re.DOTALL)
_PLAIN: Final = re.compile(
    rf"(?! (?:explain | create (?: {_BLANK} )++ (?:temp|temporary|trigger)) (?!{_LETTER}) )"
    rf"{_LETTER}++ (?: [^;'\"`\[\-/]++ | {_QUOTED} | {_BLANK} | [\-/] )*+ ;",
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
_FIRST: Final = re.compile(rf"(?: {_BLANK} )*+ ({_LETTER}+)", re.VERBOSE | re.DOTALL)

# The states of sqlite3_complete(): what has been read of the current statement.
_START: Final = "start"  # nothing yet
_EXPLAIN: Final = "explain"  # EXPLAIN
_CREATE: Final = "create"  # CREATE, or CREATE TEMP
_NORMAL: Final = "normal"  # anything that is not a trigger
_TRIGGER: Final = "trigger"  # CREATE TRIGGER and part of its body
_BODY_SEMI: Final = "body semicolon"  # in a trigger, just after a semicolon
_BODY_END: Final = "body end"  # in a trigger, just after `; END`

# (state, token) -> next state. Any other token leads to _NORMAL, or to _TRIGGER inside a trigger.
_NEXT: Final = {
    (_START, "explain"): _EXPLAIN,
    (_START, "create"): _CREATE,
    (_EXPLAIN, "create"): _CREATE,
    (_EXPLAIN, "query"): _EXPLAIN,  # EXPLAIN QUERY PLAN
    (_EXPLAIN, "plan"): _EXPLAIN,
    (_CREATE, "temp"): _CREATE,
    (_CREATE, "temporary"): _CREATE,
    (_CREATE, "trigger"): _TRIGGER,
    (_TRIGGER, ";"): _BODY_SEMI,
    (_BODY_SEMI, ";"): _BODY_SEMI,
    (_BODY_SEMI, "end"): _BODY_END,
    (_BODY_END, ";"): _START,
}
_IN_TRIGGER: Final = frozenset({_TRIGGER, _BODY_SEMI, _BODY_END})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script.

    Attributes:
        text: The text from its first word to its semicolon, inclusive. Comments before it belong to no statement.
        offset: 0-based index of `text` in the script, in characters: `script[offset:end] == text`.
        line: 1-based line of the script on which the statement starts.
    """

    text: str
    offset: int
    line: int

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.offset + len(self.text)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Attributes:
        text: The comment with its delimiters, without the line break after it.
        offset: 0-based index in the script, in characters.
    """

    text: str
    offset: int

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.offset + len(self.text)

    @property
    def is_open(self) -> bool:
        """True if this is a block comment that is never closed."""
        return _is_open_comment(self.text)


@dataclass(frozen=True, slots=True)
class Word:
    """One token of a statement.

    Attributes:
        text: The token as `tokens` returns it.
        start: 0-based index of its first character in the statement.
        end: Index after its last character.
        is_quoted: True for a string and for a name in quotes, which are never keywords.
    """

    text: str
    start: int
    end: int
    is_quoted: bool = False

    @property
    def keyword(self) -> str:
        """The text if it may be a keyword or a sign, otherwise an empty text."""
        return "" if self.is_quoted else self.text


def split(script: str) -> tuple[Statement, ...]:
    """Return the statements of a script, in order. Takes linear time.

    Pieces with nothing but blanks, comments or a semicolon are left out.
    """
    return tuple(iter_statements(script))


def iter_statements(script: str) -> Iterator[Statement]:
    """Yield what `split` returns, one at a time: a large script has too many statements to hold at once."""
    statement = next_statement(script)
    while statement:
        yield statement
        statement = next_statement(script, statement)


def statements_of_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the statements of a script that is too large for memory. Takes linear time if most are one line each."""
    text = ""
    for line in lines:
        text += line
        if line.rstrip().endswith(";") and (_PLAIN.fullmatch(text.strip()) or is_terminated(text)):
            yield from (statement.text for statement in split(text))
            text = ""
    yield from (statement.text for statement in split(text))


def next_statement(script: str, last: Statement | None = None) -> Statement | None:
    """Return the statement after `last`, or the first one if `last` is None. Return None at the end of the script."""
    between = _BETWEEN.match(script, last.end if last else 0)
    start = between.end() if between else len(script)
    if start == len(script):
        return None
    plain = _PLAIN.match(script, start)
    end = plain.end() if plain else _end_of_statement(script, start)
    return Statement(script[start:end], start, line_of(script, start, last))


def line_of(script: str, offset: int, before: Statement | None) -> int:
    """Return the 1-based line of a 0-based offset. Counting starts at `before`, a statement ahead of the offset."""
    return (before.line if before else 1) + script.count("\n", before.offset if before else 0, offset)


def is_terminated(script: str) -> bool:
    """Return whether a statement appended on a new line would be separate from the script's last one.

    False if the last statement has no semicolon or a block comment is never closed.
    """
    state, last = _START, None
    for token in _TOKEN.finditer(script):
        if token.lastgroup != "blank" and not (state == _START and token.lastgroup == "semi"):
            state = _advance(state, token)
        last = token
    return state == _START and not (last is not None and _is_open_comment(last[0]))


def normalize_newlines(script: str) -> str:
    """Replace CRLF with LF outside of strings and quoted names, as wrangler does before it sends a script.

    Cloudflare's own splitter fails on triggers that contain CRLF (workers-sdk issue 14991).
    """
    if "\r" not in script or "\r\n" not in script:  # searching for one character is much faster
        return script
    return "".join(
        token[0] if token.lastgroup == "quoted" else token[0].replace("\r\n", "\n") for token in _TOKEN.finditer(script)
    )


def creates_trigger(statement: Statement) -> bool:
    """Return whether a statement is a CREATE TRIGGER, TEMP or not."""
    state = _START
    for token in _TOKEN.finditer(statement.text):
        if token.lastgroup != "blank" and (state := _advance(state, token)) not in {_EXPLAIN, _CREATE}:
            break
    return state == _TRIGGER


def may_have_comments(sql: str) -> bool:
    """Return whether `sql` may contain a comment. A string that looks like one counts too."""
    # Searching for one character is much faster than for two.
    return ("-" in sql and "--" in sql) or ("/" in sql and "/*" in sql)


def comments(script: str) -> tuple[Comment, ...]:
    """Return the comments of a script or of one statement, in order."""
    blanks = (token for token in _TOKEN.finditer(script) if token.lastgroup == "blank")
    return tuple(
        Comment(token[0].rstrip("\r\n"), token.start()) for token in blanks if token[0].startswith(("--", "/*"))
    )


def first_word(sql: str) -> str:
    """Return the first word of a statement in lower case, skipping comments. Return "" if there is none."""
    match = _FIRST.match(sql)
    return match[1].lower() if match else ""


def tokens(sql: str) -> tuple[str, ...]:
    """Return the tokens of a statement in one spelling, so that two texts with the same meaning compare equal.

    Blanks, comments and semicolons are left out. Names are folded and without quotes; strings are unchanged.
    """
    normalized: list[str] = []
    for token in _TOKEN.finditer(sql):
        match token.lastgroup:
            case "word":
                normalized.append(fold(token[0]))
            case "quoted":
                end = token[0][-1]
                name = fold(token[0][1:-1].replace(end * 2, end))
                normalized.append(token[0] if token[0].startswith("'") else name)
            case "other":
                normalized += token[0]
    return tuple(normalized)


def words(sql: str) -> tuple[Word, ...]:
    """Return the tokens of a statement with their places. Blanks, comments and semicolons are left out."""
    placed: list[Word] = []
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "other":
            placed += (Word(sign, at, at + 1) for at, sign in enumerate(token[0], token.start()))
        elif token.lastgroup in {"word", "quoted"}:
            [text] = tokens(token[0])
            placed.append(Word(text, token.start(), token.end(), token.lastgroup == "quoted"))
    return tuple(placed)


def check_expressions(sql: str) -> tuple[tuple[str, str], ...]:
    """Return the folded name, or "" if it has none, and the text of each CHECK of a CREATE TABLE, in order."""
    checks: list[tuple[str, str]] = []
    before = ["", "", ""]
    name, start, depth = "", -1, 0
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "other":
            for place, character in enumerate(token[0], token.start()):
                if character == "(" and start < 0 and before[-1] == "check":
                    name, start, depth = before[-2] if before[-3] == "constraint" else "", place + 1, 0
                depth += (character == "(") - (character == ")")
                if start >= 0 and depth == 0:
                    checks.append((name, sql[start:place].strip()))
                    start = -1
                before = ["", "", character]
        elif token.lastgroup != "blank":
            before = [*before[1:], *tokens(token[0])]
    return tuple(checks)


def clause(sql: str, first: str, ends: Sequence[str]) -> str | None:
    """Return the text after the keyword `first` of a statement, or None if the statement does not have it.

    Keywords in parentheses, such as those of WITH queries, are skipped.

    Args:
        first: The keyword that starts the clause, in lower case.
        ends: Keywords that end it, in lower case. A semicolon ends it too.
    """
    depth, start = 0, -1
    for token in _TOKEN.finditer(sql):
        if token.lastgroup == "other":
            depth += token[0].count("(") - token[0].count(")")
        elif depth == 0 and token.lastgroup in {"word", "semi"}:
            word = token[0].lower()
            if start >= 0 and (word == ";" or word in ends):
                return sql[start : token.start()]
            if start < 0 and word == first:
                start = token.end()
    return sql[start:] if start >= 0 else None


def quoted(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Quote a text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def position(script: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column of a 0-based offset in characters."""
    start = script.rfind("\n", 0, offset) + 1
    return script.count("\n", 0, offset) + 1, offset - start + 1


def _end_of_statement(script: str, start: int) -> int:
    """Return the index after its semicolon, or after its last token if it has none."""
    state, end = _START, start
    for token in _TOKEN.finditer(script, start):
        if token.lastgroup != "blank":
            end, state = token.end(), _advance(state, token)
            if state == _START:
                break
    return end


def _advance(state: str, token: re.Match[str]) -> str:
    if state == _NORMAL:
        return _START if token.lastgroup == "semi" else _NORMAL
    if state not in _IN_TRIGGER and token.lastgroup == "semi":
        return _START
    # Only words and semicolons count: a quoted "END" is a name.
    read = token[0].lower() if token.lastgroup in {"word", "semi"} else ""
    return _NEXT.get((state, read), _TRIGGER if state in _IN_TRIGGER else _NORMAL)


def _is_open_comment(token: str) -> bool:
    return token.startswith("/*") and (len(token) < len("/**/") or not token.endswith("*/"))
