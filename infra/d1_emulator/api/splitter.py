"""How the service cuts the SQL of a query into statements: a model of reported behaviour, defects included.

Nobody outside of Cloudflare has seen the code. This is the simplest cutter that does what users report of the endpoint
/query, as of September 2026; the same text arrives whole through /import. The reports:

- CRLF after the BEGIN of a trigger's body: "incomplete input: SQLITE_ERROR" (cloudflare/workers-sdk#14991).
- `begin` in lower case: the same (#15314, whose reporter finds that the match is case-sensitive).
- `CASE ... END;` in a body: the same; its END is taken for the body's (#4326, #4727, botiverse/hands#328). In
  parentheses, where no semicolon follows, it does no harm.
- A trigger after six CREATE TABLE in one text: the same, with LF and BEGIN in capitals (#15690). Why is not known, nor
  whether five would do; here the sixth is one too many.
- A quote in a comment: "A prepared SQL statement must contain only one statement." (#4713). A cutter that does not know
  comments takes it for the start of a string, and misses the semicolons in it.
- A semicolon in a comment: "SQL code did not contain a statement." (#3892, #4767), for the same reason.

What the reports leave open is decided in favour of the text. Pure.
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
_TABLES_TOO_MANY: Final = 6


def cut(queries: Iterable[Query]) -> tuple[Query, ...]:
    """Cut the SQL of a request as the service does. A trigger that is cut in two is refused by SQLite later.

    Raises:
        SqlError: a piece holds several statements.
    """
    return tuple(Query(piece, query.params) for query in queries for piece in _checked(query.sql))


def pieces(script: str) -> tuple[str, ...]:
    """Cut one text, without a look at what the pieces are."""
    found, start, tables, in_body = [], 0, 0, False
    for token in _TOKEN.finditer(script):
        if token["begin"]:
            in_body |= tables < _TABLES_TOO_MANY and bool(_TRIGGER.search(script, start, token.start()))
        elif token["end"] or (token["semi"] and not in_body):
            found.append(script[start : token.end()])
            tables += bool(_TABLE.search(found[-1]))
            start, in_body = token.end(), False
    rest = script[start:]
    if split(rest) or not found:
        found.append(rest)
    return tuple(found)


def _checked(script: str) -> tuple[str, ...]:
    found = pieces(script)
    if any(len(split(piece)) > 1 for piece in found):
        raise SqlError("A prepared SQL statement must contain only one statement.")
    return found
