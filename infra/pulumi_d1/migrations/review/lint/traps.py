"""3xx: what runs, and comes back later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Finding, Hit, Rule, hit
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import difference
from pulumi_d1.sqlite.statements import comments, normalize_newlines, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.review.rehearsal import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import SchemaObject

UNTERMINATED: Final = Rule(
    "D301",
    "the file does not end with a semicolon",
    "wrangler appends its INSERT into the ledger to the file's text: without the semicolon both are one statement, "
    "and in a comment that is never closed the INSERT is lost, so that the file runs again and again. pulumi up adds "
    "what is missing.",
    "End the last statement with a semicolon, and close the comment.",
)
VIRTUAL: Final = Rule(
    "D303",
    "a virtual table can't be exported",
    "wrangler d1 export fails on a database that has a virtual table, FTS5 included, for as long as it is there "
    "(workers-sdk#9519).",
    "Know it before you need an export: drop the virtual table for the time of the export, and make and fill it "
    "again. Time Travel is not affected.",
)
IN_THE_WAY: Final = Rule(
    "D304",
    "IF NOT EXISTS hides something that is different",
    "The name is taken by something else than what the statement says. It does nothing, without an error, and the "
    "file is recorded as applied.",
    "Write CREATE without IF NOT EXISTS, so that a difference is an error, or ALTER TABLE what is there.",
)
LEDGER: Final = Rule(
    "D305",
    "the file touches the ledger",
    "The ledger says which files are applied. wrangler and pulumi up write one row for each file, in its own "
    "transaction; a row too many, or too few, makes both skip a file, or run one twice.",
    "Leave the table alone. To take an old database over, insert the names by hand, once, outside of the migrations.",
)
RULES: Final = (UNTERMINATED, VIRTUAL, IN_THE_WAY, LEDGER)

_SHOWN: Final = 3  # changes, in a message
_TOUCHES: Final = {
    "INSERT": "writes to",
    "UPDATE": "writes to",
    "DELETE": "writes to",
    "ALTER_TABLE": "alters",
    "DROP_TABLE": "drops",
}


def hits(rehearsal: Rehearsal, table: str) -> Iterator[Hit]:
    """The findings of this family.

    Args:
        rehearsal: of the pending files.
        table: name of the ledger.
    """
    for file in rehearsal.files:
        for index, step in enumerate(file.steps):
            if step.actions and step.actions[0].verb == "CREATE_VTABLE":
                name = step.actions[0].name
                yield hit(
                    file, index, VIRTUAL, Severity.WARNING, f"{name} is virtual: wrangler d1 export fails with it"
                )
            if there := step.conflict:
                yield hit(file, index, IN_THE_WAY, Severity.ERROR, _in_the_way(step, there))
            if touches := _touches(step, table):
                yield hit(file, index, LEDGER, Severity.ERROR, f"the statement {touches} {table}, the ledger")
        if not (rehearsal.refusal and file is rehearsal.files[-1]):
            yield from _unterminated(file)


def _touches(step: Step, table: str) -> str:
    table = table.lower()
    verbs = {action.verb for action in step.actions if action.name.lower() == table}
    verbs |= {
        "ALTER_TABLE" for action in step.actions if action.verb == "CREATE_TRIGGER" and action.other.lower() == table
    }
    return next((does for verb, does in reversed(_TOUCHES.items()) if verb in verbs), "")


def _in_the_way(step: Step, there: SchemaObject) -> str:
    """What is there, and how it differs, where the two can be made and compared."""
    was, wanted = (schema.read(schema.build_from_statements([sql])) for sql in (there.sql, step.statement.text))
    changes = [f"{change.name}: {change.detail or change.kind}" for change in difference(was, wanted)]
    more = [f"and {len(changes) - _SHOWN} more"] if len(changes) > _SHOWN else []
    but = f" ({', '.join(changes[:_SHOWN] + more)})" if was.objects and wanted.objects else ""
    return f"the {there.type} {there.name} is there already, and is not what this says{but}: the statement does nothing"


def _unterminated(file: RehearsedFile) -> Iterator[Hit]:
    script = normalize_newlines(file.migration.sql)
    last = file.steps[-1].statement if file.steps else None
    end = last.offset + len(last.text) if last else 0
    if last and not last.text.endswith(";"):
        message, at = "the last statement has no semicolon: wrangler's INSERT would become a part of it", end - 1
    else:
        opened = [end + comment.offset for comment in comments(script[end:]) if comment.is_open]
        if not opened:
            return
        message, at = "the comment is never closed: wrangler's INSERT would become a part of it", opened[0]
    place = position(script, at)
    step = len(file.steps) - 1 if file.steps else None
    yield Hit(step, Finding(UNTERMINATED, Severity.WARNING, file.migration.name, *place, message))
