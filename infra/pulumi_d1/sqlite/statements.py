"""A script of SQL text, cut into statements as SQLite itself cuts it. Pure: text in, text out, no database.

The rule is the one of `sqlite3_complete()` (SQLite's complete.c): a semicolon ends a statement unless it stands in a
string, a quoted name or a comment, or in the body of a CREATE TRIGGER, which only `; END ;` closes. Keeping to that
rule matters: workerd's sqlite.c++ cuts imported files with it, and most cutters that users meet fail on triggers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_STATEMENT_BYTES: Final = 100_000
"""Longest statement that D1 takes, in bytes of UTF-8 (Cloudflare's limits page, workerd's sqlite.c++)."""

_BLANK: Final = r"[ \t\n\r\f\ufeff]++ | --[^\n]*\n? | /\*.*?(?:\*/|\Z)"
# ASCII's letters, digits, _ and $, and all beyond ASCII. Said by what it is not: a range up to U+10FFFF takes 5 ms to
# compile where case is ignored, in each process.
_LETTER: Final = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_QUOTED: Final = (
    r"""'[^']*+(?:''[^']*+)*+(?:'|\Z) | "[^"]*+(?:""[^"]*+)*+(?:"|\Z) | `[^`]*+(?:``[^`]*+)*+(?:`|\Z)"""
    r""" | \[[^\]]*(?:\]|\Z)"""
)

# One alternative for each kind of token; the name of the group is the kind. A quote or comment that is never closed
# runs to the end of the script, as it does in SQLite. The blanks are SQLite's: a byte order mark is one, other blanks
# beyond ASCII are letters.
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
# In one step each: what stands between two statements; a whole statement whose first words tell that it is no trigger,
# if it has its semicolon; the first word.
_BETWEEN: Final = re.compile(rf"(?: {_BLANK} | ; )*+", re.VERBOSE | re.DOTALL)
_PLAIN: Final = re.compile(
    rf"(?! (?:explain | create (?: {_BLANK} )++ (?:temp|temporary|trigger)) (?!{_LETTER}) )"
    rf"{_LETTER}++ (?: [^;'\"`\[\-/]++ | {_QUOTED} | {_BLANK} | [\-/] )*+ ;",
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
_FIRST: Final = re.compile(rf"(?: {_BLANK} )*+ ({_LETTER}+)", re.VERBOSE | re.DOTALL)

# The states of sqlite3_complete(), by what has been read of the current statement.
_START: Final = "start"  # nothing yet
_EXPLAIN: Final = "explain"  # EXPLAIN
_CREATE: Final = "create"  # CREATE, or CREATE TEMP
_NORMAL: Final = "normal"  # anything that is not a trigger
_TRIGGER: Final = "trigger"  # CREATE TRIGGER and some of its body
_BODY_SEMI: Final = "body semicolon"  # in a trigger, just after a semicolon
_BODY_END: Final = "body end"  # in a trigger, just after `; END`

# (state, what was read) -> next state. What is not listed leads on to _NORMAL, or to _TRIGGER inside a trigger.
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
        text: from its first word to its semicolon, that one included; comments before it belong to no statement.
        offset: 0-based index of `text` in the script, in characters: `script[offset:offset + len(text)] == text`.
        line: 1-based line of the script on which the statement starts.
    """

    text: str
    offset: int
    line: int

    @property
    def end(self) -> int:
        """Index of what comes after it."""
        return self.offset + len(self.text)


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Attributes:
        text: its marks included, without the end of its line.
        offset: 0-based index in the script, in characters.
    """

    text: str
    offset: int

    @property
    def end(self) -> int:
        """Index of what comes after it."""
        return self.offset + len(self.text)

    @property
    def is_open(self) -> bool:
        """Whether it is a block comment that is never closed."""
        return _is_open_comment(self.text)


def split(script: str) -> tuple[Statement, ...]:
    """Cut a script at its top-level semicolons. Takes time linear in the script.

    Returns:
        the statements in order. Pieces that hold only blanks, comments or a lone semicolon are left out.
    """
    return tuple(cut(script))


def cut(script: str) -> Iterator[Statement]:
    """Give what `split` gives, one after the other: a large script has more of them than should be held at once."""
    statement = following(script)
    while statement:
        yield statement
        statement = following(script, statement)


def following(script: str, last: Statement | None = None) -> Statement | None:
    """Give the statement after `last`, or None after the last one.

    Args:
        script: the script.
        last: one of its statements; None for what comes before the first.
    """
    between = _BETWEEN.match(script, last.end if last else 0)
    start = between.end() if between else len(script)
    if start == len(script):
        return None
    plain = _PLAIN.match(script, start)
    end = plain.end() if plain else _end_of_statement(script, start)
    return Statement(script[start:end], start, line_of(script, start, last))


def line_of(script: str, offset: int, before: Statement | None) -> int:
    """Give the 1-based line of a 0-based offset, counted from a statement before it."""
    return (before.line if before else 1) + script.count("\n", before.offset if before else 0, offset)


def is_terminated(script: str) -> bool:
    """Tell whether text can be appended on a new line of its own and still be a statement of its own.

    False where the last statement lacks its semicolon (a comment after that is fine) or a block comment stays open.
    """
    state, last = _START, None
    for token in _TOKEN.finditer(script):
        if token.lastgroup != "blank" and not (state == _START and token.lastgroup == "semi"):
            state = _advance(state, token)
        last = token
    return state == _START and not (last is not None and _is_open_comment(last[0]))


def normalize_newlines(script: str) -> str:
    """Turn CRLF into LF everywhere but inside strings and quoted names, as wrangler does before it sends a script.

    Cloudflare's own splitter fails on triggers that hold CRLF (workers-sdk issue 14991).
    """
    if "\r" not in script or "\r\n" not in script:  # one character is found much faster than two
        return script
    return "".join(
        token[0] if token.lastgroup == "quoted" else token[0].replace("\r\n", "\n") for token in _TOKEN.finditer(script)
    )


def creates_trigger(statement: Statement) -> bool:
    """Tell whether a statement is a CREATE TRIGGER, TEMP or not."""
    state = _START
    for token in _TOKEN.finditer(statement.text):
        if token.lastgroup != "blank" and (state := _advance(state, token)) not in {_EXPLAIN, _CREATE}:
            break
    return state == _TRIGGER


def may_comment(sql: str) -> bool:
    """Tell whether there may be a comment; what looks like one may stand in a string."""
    # One character is found much faster than two.
    return ("-" in sql and "--" in sql) or ("/" in sql and "/*" in sql)


def comments(script: str) -> tuple[Comment, ...]:
    """Give the comments of a script, or of one statement, in order."""
    blanks = (token for token in _TOKEN.finditer(script) if token.lastgroup == "blank")
    return tuple(
        Comment(token[0].rstrip("\r\n"), token.start()) for token in blanks if token[0].startswith(("--", "/*"))
    )


def first_word(sql: str) -> str:
    """Give the first word of a statement, in lower case; comments before it do not count. Empty where it has none."""
    found = _FIRST.match(sql)
    return found[1].lower() if found else ""


def words(sql: str) -> tuple[str, ...]:
    """Give what SQLite reads of a statement, in one spelling, so that two texts of one meaning can be compared.

    Blanks, comments and semicolons are left out; names are in lower case and without quotes, strings as they are.
    """
    found: list[str] = []
    for token in _TOKEN.finditer(sql):
        match token.lastgroup:
            case "word":
                found.append(token[0].lower())
            case "quoted":
                end = token[0][-1]
                name = token[0][1:-1].replace(end * 2, end).lower()
                found.append(token[0] if token[0].startswith("'") else name)
            case "other":
                found += token[0]
    return tuple(found)


def clause(sql: str, first: str, ends: Sequence[str]) -> str | None:
    """Give what follows the word `first` of a statement, parentheses and WITH queries aside, or None without it.

    Args:
        sql: one statement.
        first: the word, in lower case.
        ends: words that end the clause, in lower case; a semicolon does too.
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
    """Give a name as an identifier that SQLite takes for nothing else."""
    return '"' + name.replace('"', '""') + '"'


def position(script: str, offset: int) -> tuple[int, int]:
    """Give the 1-based line and column of a 0-based offset in characters."""
    start = script.rfind("\n", 0, offset) + 1
    return script.count("\n", 0, offset) + 1, offset - start + 1


def _end_of_statement(script: str, start: int) -> int:
    """The index behind its semicolon; without one, behind its last token."""
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
    # Only the text of words and semicolons can matter: a quoted "END" is a name.
    read = token[0].lower() if token.lastgroup in {"word", "semi"} else ""
    return _NEXT.get((state, read), _TRIGGER if state in _IN_TRIGGER else _NORMAL)


def _is_open_comment(token: str) -> bool:
    return token.startswith("/*") and (len(token) < len("/**/") or not token.endswith("*/"))
