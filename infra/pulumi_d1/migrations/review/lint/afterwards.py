"""1xx: what is wrong after the file, although every statement runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import Rule, format_rows, hit_at
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.broken import Broken
    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit

IDS: Final = Rule(
    "D110",
    "ids are given again",
    "AUTOINCREMENT promises that no id is given twice. The last id is in sqlite_sequence. In a rebuilt table it is the "
    "largest one that was copied, so the ids of deleted rows are given again: links and logs then show other rows.",
    "Set the last id at the end of the file: UPDATE sqlite_sequence SET seq = 41 WHERE name = 'invoices';",
)
STRING: Final = Rule(
    "D111",
    "a string in place of a column",
    "SQLite reads a word in double quotes as a string if there is no column of that name. There is no error: a "
    "misspelled column, or one that the table does not have yet, becomes the same text in every row.",
    "For a column, write its name as it is in the table, or leave a new column out of the INSERT so that it gets its "
    "default. For a string, use single quotes.",
)
BROKEN: Final = Rule(
    "D112",
    "a later statement fails",
    "The file runs, but afterwards a table cannot be written or a view cannot be read: a trigger, a view or a foreign "
    "key names something that is no longer there, or references a column that is not unique. SQLite notices only when "
    "it is used. ALTER TABLE ... RENAME also changes the triggers, views and foreign keys that name the table. While a "
    "table is empty, an index, a CHECK or a generated column that calls date('now') is accepted too, and refuses the "
    "first row.",
    "Rebuild in the order create, copy, drop, rename: CREATE TABLE authors_new, INSERT INTO authors_new SELECT, DROP "
    "TABLE authors, ALTER TABLE authors_new RENAME TO authors. DROP the triggers and views that name the table before "
    "that, and create them again after it. A referenced column must be the PRIMARY KEY or UNIQUE. Compare with the "
    "current time in a query, not in an index, a CHECK or a generated column.",
)
ORPHANS: Final = Rule(
    "D113",
    "rows reference a row that is gone",
    "PRAGMA defer_foreign_keys = OFF discards the violations that were counted since ON. D1 never checks them again: "
    "the rows stay, and a later rebuild or copy of them fails.",
    "Before OFF, delete these rows or let them reference another one. To see them: PRAGMA foreign_key_check;",
)
RULES: Final = (IDS, STRING, BROKEN, ORPHANS)

_SET_ID: Final = (
    "At the end of the file: DELETE FROM sqlite_sequence WHERE name = '{table}'; "
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {seq});"
)
_CREATES: Final = frozenset({"CREATE_VIEW", "CREATE_TRIGGER"})
_CHANGES_ROWS: Final = frozenset({"DROP_TABLE", "DELETE", "UPDATE", "INSERT"})


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings that do not depend on rows."""
    for file in rehearsal.files:
        refusal = rehearsal.refusal if file is rehearsal.files[-1] else None
        for index, step in enumerate(file.steps):
            if (string := step.string) and not (refusal and refusal.step == index):
                severity = Severity.ERROR if string.is_column else Severity.WARNING
                message = f'"{string.name}" names no column here, so it is read as a string'
                yield hit_at(file, index, STRING, severity, message, offset=string.offset)
    for broken in rehearsal.broken:
        file = rehearsal.files[broken.file]
        if not broken.is_string:
            yield _broken(file, broken)
        elif file.steps[broken.step].actions[0].verb not in _CREATES:  # these have a finding with the place
            error = broken.error.partition(" - ")[0]
            message = f"{' and '.join(broken.uses)} would read a string in place of a column ({error})"
            yield hit_at(file, broken.step, STRING, Severity.ERROR, message)


def hits_of_rows(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings that depend on rows."""
    unproven = {refusal.name for refusal in rehearsal.undecided}
    for file in rehearsal.files:
        last = len(file.steps) - 1
        for restart in file.restarts if file.migration.name not in unproven else ():
            advice = _SET_ID.format(table=restart.table.replace("'", "''"), seq=restart.before - 1)
            message = f"ids of {restart.table} restart at {restart.after} and were at {restart.before}"
            at = _touching(
                file, {fold(restart.table), "sqlite_sequence"}, frozenset({"DROP_TABLE", "DELETE", "UPDATE"})
            )
            yield hit_at(file, last if at is None else at, IDS, Severity.WARNING, message, advice=advice)
        for violation in file.violations:
            rows = "rows" if rehearsal.basis.kind is BasisKind.MADE else format_rows(violation.rows)
            refer = "references" if rows == format_rows(1) else "reference"
            message = f"{rows} of {violation.child} {refer} a row of {violation.parent} that is gone"
            at = _touching(file, {violation.child, fold(violation.parent)}, _CHANGES_ROWS)
            yield hit_at(file, last if at is None else at, ORPHANS, Severity.ERROR, message)


def _broken(file: RehearsedFile, broken: Broken) -> Hit:
    step = file.steps[broken.step]
    change = parse_alter_table(step.statement.text)
    renames = change is not None and change.kind is AlterKind.RENAME_TABLE
    *others, last = broken.uses
    uses = f"{', '.join(others)} and {last} fail" if others else f"{last} fails"
    after = "" if renames else f", because of {_words(step.statement.text)}"
    return hit_at(file, broken.step, BROKEN, Severity.ERROR, f"{uses} afterwards ({broken.error}){after}")


def _words(sql: str) -> str:
    """Return the beginning of a statement, in one line."""
    return " ".join(sql.partition("(")[0].split()[:6]).rstrip(";")


def _touching(file: RehearsedFile, tables: set[str], verbs: frozenset[str]) -> int | None:
    """Return the index of the last statement that changes rows of one of the tables, or drops it."""
    found = [
        index
        for index, step in enumerate(file.steps)
        if any(action.verb in verbs and fold(action.name) in tables for action in step.actions)
    ]
    return found[-1] if found else None
