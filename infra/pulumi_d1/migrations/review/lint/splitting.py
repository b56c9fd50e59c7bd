"""3xx: what Cloudflare's /query is known to cut in the wrong place. `request` sends the worst of it another way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule, hit
from pulumi_d1.sqlite.statements import comments, may_have_comments, normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.review.rehearsal import RehearsedFile
    from pulumi_d1.sqlite.statements import Comment

MISREAD: Final = Rule(
    "D302",
    "wrangler's way of sending cuts the file in the wrong place",
    "wrangler sends a migration to /query, which cuts it into statements by other rules than SQLite's: it misses the "
    "end of a trigger's body (workers-sdk#15690, #15314, #14991), and takes quotes and semicolons in comments for "
    "real ones (#4713, #3892). pulumi up leaves comments between statements out, and sends what is left of this as "
    "an import, which is cut right; a team that uses both tools finds that only one of them works.",
    "In a trigger: BEGIN in capitals, on a line of its own; WHEN or iif() in the place of CASE ... END;, LF at the "
    "ends of lines, and no more than five CREATE TABLE before it in the file. In comments: neither quotes nor "
    "semicolons.",
)
RULES: Final = (MISREAD,)

_BEGIN: Final = re.compile(r"(?<=[ \t\n])BEGIN(?=[ \t\n])")
_END: Final = re.compile(r"\bEND\s*;", re.IGNORECASE)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_SUSPECT: Final = re.compile(r"--[^\n]*['\"`;]|/\*")
_TABLES: Final = 6  # the number of #15690


def hits(file: RehearsedFile) -> Iterator[Hit]:
    """The findings of this family."""
    tables = 0
    for index, step in enumerate(file.steps):
        verb = step.actions[0].verb if step.actions else ""
        if verb == "CREATE_TRIGGER":
            for why in _trigger(step.statement.text, file.migration.sql, tables):
                yield hit(file, index, MISREAD, Severity.WARNING, f"/query cuts this trigger in two: {why}")
        tables += verb == "CREATE_TABLE"
    sql = file.migration.sql
    if may_have_comments(sql) and _SUSPECT.search(sql):
        yield from _comments(file)


def _comments(file: RehearsedFile) -> Iterator[Hit]:
    script = normalize_newlines(file.migration.sql)
    for comment in comments(script):
        if why := _misread(comment):
            place = position(script, comment.offset)
            message = f"/query takes {why} in this comment for a real one"
            finding = Finding(MISREAD, Severity.WARNING, file.migration.name, *place, message)
            yield Hit(_next(file, comment), finding)


def _trigger(sql: str, script: str, tables: int) -> Iterator[str]:
    bare = _QUOTED.sub("", sql)
    if not _BEGIN.search(bare):
        yield "its BEGIN is not in capitals between blanks"
    if any(end.end() < len(bare) for end in _END.finditer(bare)):
        yield "an END; in its body is taken for its own"
    if "\n" in sql and "\r\n" in script:
        yield "its lines end in CRLF, which old versions of wrangler send as it is"
    if tables >= _TABLES:
        yield f"{tables} CREATE TABLE come before it"


def _misread(comment: Comment) -> str:
    rest = _QUOTED.sub("", comment.text)
    if any(quote in rest for quote in "'\"`"):
        return "a quote"
    return "a semicolon" if ";" in rest else ""


def _next(file: RehearsedFile, comment: Comment) -> int | None:
    """The statement that the comment is in, or in front of."""
    for index, step in enumerate(file.steps):
        if comment.offset < step.statement.offset + len(step.statement.text):
            return index
    return len(file.steps) - 1 if file.steps else None
