"""3xx: text that Cloudflare's /query splits in the wrong place. `run.request` sends the worst of it as an import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Hit, Rule, hit_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import RehearsedFile

MISREAD: Final = Rule(
    "D302",
    "text that /query splits in the wrong place",
    "wrangler sends a migration to /query, which splits it into statements by other rules than SQLite's. It misses the "
    "end of a trigger's body (workers-sdk#15690, #15314, #14991). pulumi up sends such a file as an import, which is "
    "split correctly. In a team that uses both tools, only one of them works.",
    "BEGIN in capitals on a line of its own, WHEN or iif() instead of CASE ... END;, LF line endings, and at most five "
    "CREATE TABLE before the trigger in the file.",
)
RULES: Final = (MISREAD,)

_BEGIN: Final = re.compile(r"(?<=[ \t\n])BEGIN(?=[ \t\n])")
_END: Final = re.compile(r"\bEND\s*;", re.IGNORECASE)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_SUSPECT: Final = re.compile(r"--[^\n]*['\"`;]|/\*")
_TABLES: Final = 6  # from workers-sdk#15690


def hits(file: RehearsedFile) -> Iterator[Hit]:
    """Yield the findings of this family."""
    tables = 0
    for index, step in enumerate(file.steps):
        verb = step.actions[0].verb if step.actions else ""
        if verb == "CREATE_TRIGGER":
            for why in _trigger(step.statement.text, file.migration.sql, tables):
                yield hit_at(file, index, MISREAD, Severity.WARNING, f"/query splits this trigger: {why}")
        tables += verb == "CREATE_TABLE"


def _trigger(sql: str, script: str, tables: int) -> Iterator[str]:
    bare = _QUOTED.sub("", sql)
    if not _BEGIN.search(bare):
        yield "its BEGIN is not in capitals between blanks"
    if any(end.end() < len(bare) for end in _END.finditer(bare)):
        yield "an END; in its body is read as its end"
    if "\n" in sql and "\r\n" in script:
        yield "its lines end in CRLF, which old versions of wrangler send unchanged"
    if tables >= _TABLES:
        yield f"{tables} CREATE TABLE statements come before it"
