"""Rows of a bulk load: INSERTs that differ in their values alone, of which the first and the last tell everything.

So observe runs the others many at once, without a look at each. Pure: text in, text out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, Statement, following, line_of, may_comment

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS: Final = re.compile(
    r"""(?:insert|replace)\b(?:[^'";`\[/-]|"[^"]*"|`[^`]*`|\[[^\]]*\])*?\bvalues\b""", re.IGNORECASE
)
_BLANKS: Final = re.compile(r"[ \t\n\r\f]*")
_LITERALS: Final = r"""(?:
    [0-9.,()+ \t\n\r]++ | '[^']*+(?:''[^']*+)*+' | -(?!-) | \b(?i:null|true|false)\b | \b[Xx](?=') | (?<=[0-9.])[Ee]
)*+"""
_ONLY_LITERALS: Final = re.compile(rf"{_LITERALS} ;?", re.VERBOSE)
_MOST_BYTES: Final = 4  # of a character in UTF-8


def head(sql: str) -> str:
    """What an INSERT says before its rows; empty where it is something else, or holds what may be a comment."""
    found = _ROWS.match(sql)
    if not found or (may_comment(sql) and not _ONLY_LITERALS.fullmatch(sql, found.end())):
        return ""
    return found[0]


def rows_after(script: str, statement: Statement) -> tuple[str, Statement] | None:
    """The INSERTs after an INSERT that differ from it in literals alone, as many as SQLite takes in one text.

    Returns:
        their text, and the last of them; None where there are none.
    """
    same, between = head(statement.text), _BLANKS.match(script, statement.end)
    if not (same and between and script.startswith(same, between.end())):
        return None
    rows = re.compile(rf"(?: [ \t\n\r\f]*+ (?P<last>{re.escape(same)} {_LITERALS} ;) )++", re.VERBOSE)
    # SQLite holds a text of several statements against the limit of one.
    end = statement.end + MAX_STATEMENT_BYTES // (1 if script.isascii() else _MOST_BYTES)
    nul = script.find("\0", statement.end, end)  # SQLite stops reading there
    found = rows.match(script, statement.end, end if nul < 0 else nul)
    if not found:
        return None
    start = found.start("last")
    return found[0], Statement(found["last"], start, line_of(script, start, statement))


def landmarks(script: str) -> Iterator[Statement]:
    """What `cut` gives, but of rows that follow one another not all: the last is among them."""
    statement = following(script)
    while statement:
        yield statement
        if found := rows_after(script, statement):
            _, statement = found
        else:
            statement = following(script, statement)
