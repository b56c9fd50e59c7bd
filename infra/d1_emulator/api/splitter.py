"""Split the SQL of a query as the service does: a model of reported behaviour, defects included. Pure.

The service's code is not public. This is the simplest splitter that does what users report of the endpoint /query, as
of September 2026; the same text arrives whole through /import. The reports:

- CRLF after the BEGIN of a trigger's body: "incomplete input: SQLITE_ERROR" (cloudflare/workers-sdk#14991).
- `begin` in lower case: the same error (#15314, whose reporter finds that the match is case-sensitive).
- `CASE ... END;` in a body: the same error. Its END is taken for the body's (#4326, #4727, botiverse/hands#328). In
  parentheses, where no semicolon follows, it does no harm.
- A trigger after six CREATE TABLE in one text: the same error, with LF and BEGIN in capitals (#15690). The reason is
  not known, nor is the result with five; here the sixth is one too many.
- A quote in a comment: "A prepared SQL statement must contain only one statement." (#4713). A splitter that ignores
  comments takes the quote for the start of a string, and misses the semicolons in it.
- A semicolon in a comment: "SQL code did not contain a statement." (#3892, #4767), for the same reason.

If the reports leave a case open, the text passes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import Query
from pulumi_d1.sqlite.statements import split

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN: Final = re.compile(
    r"""
      (?P<quoted> '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) )
    | (?P<begin>  (?<=[ \t\n]) BEGIN (?=[ \t\n]) )
    | (?P<end>    \b [Ee][Nn][Dd] \s* ; )
    | (?P<semi>   ; )
    """,
    re.VERBOSE,
)
_TABLE: Final = re.compile(r"\bCREATE\s+TABLE\b", re.IGNORECASE)
_TRIGGER: Final = re.compile(r"\bCREATE\s+(?:TEMP\s+|TEMPORARY\s+)?TRIGGER\b", re.IGNORECASE)
_TOO_MANY_TABLES: Final = 6


def cut(queries: Iterable[Query]) -> tuple[Query, ...]:
    """Split the SQL of a request as the service does. A trigger that is cut in two is refused by SQLite later.

    Raises:
        SqlError: A piece has several statements.
    """
    return tuple(Query(piece, query.params) for query in queries for piece in _single_statements(query.sql))


def pieces(script: str) -> tuple[str, ...]:
    """Split one text, without checking the pieces."""
    cut_off, start, tables, in_body = [], 0, 0, False
    for token in _TOKEN.finditer(script):
        if token["begin"]:
            in_body |= tables < _TOO_MANY_TABLES and bool(_TRIGGER.search(script, start, token.start()))
        elif token["end"] or (token["semi"] and not in_body):
            cut_off.append(script[start : token.end()])
            tables += bool(_TABLE.search(cut_off[-1]))
            start, in_body = token.end(), False
    rest = script[start:]
    if split(rest) or not cut_off:
        cut_off.append(rest)
    return tuple(cut_off)


def _single_statements(script: str) -> tuple[str, ...]:
    statements = pieces(script)
    if any(len(split(statement)) > 1 for statement in statements):
        raise SqlError("A prepared SQL statement must contain only one statement.")
    return statements
