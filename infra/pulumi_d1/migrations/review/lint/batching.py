"""3xx: files that cannot run in batches of rows, and statements that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.batches import MARK, NEVER_ENDS, find_mark, read_batches
from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule, hit_at
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.probe import has_condition
from pulumi_d1.sqlite.statements import normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.observation import Step

BATCHES: Final = Rule(
    "D306",
    "a file cannot run in batches",
    "The statement of a file that starts with -- d1:batch is repeated until it changes nothing. If a row that it has "
    "changed matches its WHERE again, it would never end, or change rows twice.",
    "Write one UPDATE, DELETE or INSERT ... SELECT, with a condition that excludes the rows that are done: UPDATE "
    "users SET email = lower(email) WHERE email <> lower(email), or INSERT INTO new SELECT ... FROM old WHERE NOT "
    "EXISTS (SELECT 1 FROM new WHERE new.id = old.id).",
)
LARGE: Final = Rule(
    "D307",
    "a statement changes very many rows",
    "D1 ends a request after 30 s and undoes it. Until then, nothing else can use the database. Cloudflare's FAQ asks "
    "for batches.",
    "Put the statement into a file of its own that starts with the line -- d1:batch 1000. pulumi up then sends one "
    "request for each 1,000 rows, and continues after an interruption.",
)
RULES: Final = (BATCHES, LARGE)

MOST_ROWS: Final = 40_000
"""Rows that one statement may change without a warning; fewer than the 50,000 rows that a rehearsal reads."""

_MOST_SHOWN: Final = 200  # characters of a statement
_VERBS: Final = frozenset({"UPDATE", "DELETE"})


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family."""
    for file in rehearsal.files:
        if MARK in file.migration.sql:
            yield from _batches(file)
        for index, step in enumerate(file.steps):
            if not find_mark(file.migration) and (message := _size(rehearsal, step)):
                yield hit_at(file, index, LARGE, Severity.WARNING, message, advice=_advice(step))


def _batches(file: RehearsedFile) -> Iterator[Hit]:
    mark = find_mark(file.migration)
    if mark is None:
        return
    problem = NEVER_ENDS if file.left else ""
    try:
        read_batches(file.migration)
    except ConfigError as error:
        problem = str(error)
    if problem:
        place = position(normalize_newlines(file.migration.sql), mark.offset)
        name = file.migration.name
        yield Hit(None, Finding(BATCHES, Severity.ERROR, name, *place, problem, refused=True))


def _size(rehearsal: Rehearsal, step: Step) -> str:
    """Return the message about a statement that changes too many rows; empty if it does not."""
    action = step.actions[0] if step.actions else None
    if action is None or action.verb not in _VERBS:
        return ""
    rows = step.count(action.verb, indirect=False).get(fold(action.name), 0)
    does = "deletes" if action.verb == "DELETE" else "changes"
    if rehearsal.basis.kind is BasisKind.LIVE and rows > MOST_ROWS:
        return f"the {action.verb} {does} {rows:,} rows of {action.name} in one request"
    for name, number, more in rehearsal.basis.live:
        if fold(name) == fold(action.name) and rows and (more or number > MOST_ROWS):
            return f"the {action.verb} {does} many of {'at least ' * more}{number:,} rows of {name} in one request"
    return ""


def _advice(step: Step) -> str:
    """Return the batched form of a statement."""
    text = " ".join(step.statement.text.split())
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."
    is_complete = step.actions[0].verb == "DELETE" or has_condition(step.statement.text)
    condition = "" if is_complete else " It needs a WHERE that a changed row does not match."
    return f"Put it into a file of its own with two lines: '-- {MARK} 1000' and '{shown}'.{condition}"
