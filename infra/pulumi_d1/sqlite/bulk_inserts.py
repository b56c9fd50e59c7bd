"""Runs of INSERTs that differ only in their values, as in a bulk load. Pure: text in, text out.

The first and the last of a run represent all of it, so `observe` runs the others many at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.sqlite.statements import (
    MAX_CHARACTER_BYTES,
    MAX_STATEMENT_BYTES,
    Statement,
    line_of,
    may_have_comments,
    next_statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = re.compile(
    r"""(?:insert|replace)\b(?:[^'";`\[/-]|"[^"]*"|`[^`]*`|\[[^\]]*\])*?\bvalues\b""", re.IGNORECASE
)
_BLANKS: Final = re.compile(r"[ \t\n\r\f]*")
_LITERALS: Final = r"""(?:
    [0-9.,()+ \t\n\r]++ | '[^']*+(?:''[^']*+)*+' | -(?!-) | \b(?i:null|true|false)\b | \b[Xx](?=') | (?<=[0-9.])[Ee]
)*+"""
_ONLY_LITERALS: Final = re.compile(rf"{_LITERALS} ;?", re.VERBOSE)


def insert_head(sql: str) -> str:
    """Return an INSERT up to and including VALUES, or "" if `sql` is another statement or may contain a comment."""
    match = _HEAD.match(sql)
    if not match or (may_have_comments(sql) and not _ONLY_LITERALS.fullmatch(sql, match.end())):
        return ""
    return match[0]


def inserts_after(script: str, statement: Statement) -> tuple[str, Statement] | None:
    """Return the INSERTs that follow an INSERT and differ from it only in literals, as many as fit into one request.

    Returns:
        Their text and the last of them; None if there are none.
    """
    head, blanks = insert_head(statement.text), _BLANKS.match(script, statement.end)
    if not (head and blanks and script.startswith(head, blanks.end())):
        return None
    run = re.compile(rf"(?: [ \t\n\r\f]*+ (?P<last>{re.escape(head)} {_LITERALS} ;) )++", re.VERBOSE)
    # SQLite applies the limit for one statement to a text of several.
    end = statement.end + MAX_STATEMENT_BYTES // (1 if script.isascii() else MAX_CHARACTER_BYTES)
    nul = script.find("\0", statement.end, end)  # SQLite stops reading there
    match = run.match(script, statement.end, end if nul < 0 else nul)
    if not match:
        return None
    start = match.start("last")
    return match[0], Statement(match["last"], start, line_of(script, start, statement))


def iter_condensed(script: str) -> Iterator[Statement]:
    """Yield the statements of a script, but only some of each run of INSERTs, the first and the last among them."""
    statement = next_statement(script)
    while statement:
        yield statement
        if run := inserts_after(script, statement):
            _, statement = run
        else:
            statement = next_statement(script, statement)
