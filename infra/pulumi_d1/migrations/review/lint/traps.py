"""3xx: statements that run, but cause trouble later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule, hit_at
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import comments, normalize_newlines, position, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import SchemaObject

UNTERMINATED: Final = Rule(
    "D301",
    "the file does not end with a semicolon",
    "wrangler appends its INSERT into the ledger to the file's text. Without the semicolon, both are one statement. In "
    "a comment that is never closed, the INSERT is lost, and the file runs again and again. pulumi up adds what is "
    "missing.",
    "End the last statement with a semicolon, and close the comment.",
)
VIRTUAL: Final = Rule(
    "D303",
    "a virtual table prevents exports",
    "wrangler d1 export fails while the database has a virtual table, including FTS5 (workers-sdk#9519).",
    "Plan for it before you need an export: drop the virtual table for the export, then create and fill it again. Time "
    "Travel is not affected.",
)
CONFLICT: Final = Rule(
    "D304",
    "IF NOT EXISTS hides a different object",
    "An object with this name exists, but it is a different one. The statement does nothing, without an error, and the "
    "file is recorded as applied.",
    "Write CREATE without IF NOT EXISTS, so that a difference is an error. Or ALTER the existing table.",
)
LEDGER: Final = Rule(
    "D305",
    "the file changes the ledger",
    "The ledger lists the applied files. wrangler and pulumi up write one row for each file, in the file's own "
    "transaction. With a row too many or too few, both skip a file or run one twice.",
    "Leave the table alone. To record files as applied without running them, use d1 baseline.",
)
RULES: Final = (UNTERMINATED, VIRTUAL, CONFLICT, LEDGER)

_MAX_SHOWN: Final = 3  # changes in a message
_QUERIES: Final = frozenset({"select", "with", "values"})
_TOUCHES: Final = {
    "INSERT": "writes to",
    "UPDATE": "writes to",
    "DELETE": "writes to",
    "ALTER_TABLE": "alters",
    "DROP_TABLE": "drops",
}


def hits(rehearsal: Rehearsal, table: str) -> Iterator[Hit]:
    """Yield the findings of this family."""
    for file in rehearsal.files:
        for index, step in enumerate(file.steps):
            if step.actions and step.actions[0].verb == "CREATE_VTABLE":
                message = f"{step.actions[0].name} is a virtual table: wrangler d1 export fails while it exists"
                yield hit_at(file, index, VIRTUAL, Severity.WARNING, message)
            if existing := step.conflict:
                yield hit_at(file, index, CONFLICT, Severity.ERROR, _conflict(step, existing))
            if touches := _touches(step, table):
                yield hit_at(file, index, LEDGER, Severity.ERROR, f"the statement {touches} {table}, the ledger")
        if not (rehearsal.refusal and file is rehearsal.files[-1]):
            yield from _unterminated(file)


def _touches(step: Step, table: str) -> str:
    table = fold(table)
    verbs = {action.verb for action in step.actions if fold(action.name) == table}
    verbs |= {
        "ALTER_TABLE" for action in step.actions if action.verb == "CREATE_TRIGGER" and fold(action.other) == table
    }
    return next((does for verb, does in reversed(_TOUCHES.items()) if verb in verbs), "")


def _conflict(step: Step, existing: SchemaObject) -> str:
    """Return the message, with the differences if both objects can be created and compared."""
    # A CREATE TABLE ... AS SELECT is not run here: it could take any time.
    texts = [existing.sql, step.statement.text] if _QUERIES.isdisjoint(tokens(step.statement.text)) else []
    before, wanted = (schema.read(schema.build_from_statements(texts[place : place + 1])) for place in range(2))
    changes = [f"{change.name}: {change.detail or change.kind}" for change in difference(before, wanted)]
    more = [f"and {len(changes) - _MAX_SHOWN} more"] if len(changes) > _MAX_SHOWN else []
    shown = f" ({', '.join(changes[:_MAX_SHOWN] + more)})" if before.objects and wanted.objects else ""
    return f"the {existing.type} {existing.name} exists with another definition{shown}, so the statement does nothing"


def _unterminated(file: RehearsedFile) -> Iterator[Hit]:
    script = normalize_newlines(file.migration.sql)
    last = file.steps[-1].statement if file.steps else None
    end = last.end if last else 0
    if last and not last.text.endswith(";"):
        message, at = "the last statement has no semicolon: wrangler's INSERT would become part of it", end - 1
    else:
        opened = [end + comment.offset for comment in comments(script[end:]) if comment.is_open]
        if not opened:
            return
        message, at = "the comment is never closed: wrangler's INSERT would become part of it", opened[0]
    place = position(script, at)
    step = len(file.steps) - 1 if file.steps else None
    yield Hit(step, Finding(UNTERMINATED, Severity.WARNING, file.migration.name, *place, message))
