"""2xx: statements that D1 refuses as soon as a table has rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.migrations.rehearsal.rehearse import Refusal, Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.observation import Step

ADDED: Final = Rule(
    "D201",
    "a column that only an empty table accepts",
    "A NOT NULL column needs a default other than NULL. A default must be constant (CURRENT_TIMESTAMP is not). A "
    "column with REFERENCES must default to NULL. A STORED column cannot be added. SQLite checks this only if the "
    "table has rows, so a local database without rows accepts the column.",
    "Give it a constant default (NOT NULL DEFAULT ''). Or add it without NOT NULL, fill it with an UPDATE, and let the "
    "code set it from then on.",
)
REFERENCED: Final = Rule(
    "D209",
    "a table is dropped or emptied while rows reference it",
    "Without CASCADE, SET NULL or SET DEFAULT, D1 refuses to DROP or DELETE the parent while rows reference it. With "
    "PRAGMA defer_foreign_keys = ON it refuses the commit instead, with nothing but an internal error: a table that "
    "gets the parent's name by RENAME does not count as the parent.",
    "In a rebuild, write PRAGMA defer_foreign_keys = ON; before it and PRAGMA defer_foreign_keys = OFF; after its "
    "RENAME. OFF discards the violations that the DROP has counted. Copy every row with its key, because nothing "
    "checks the keys again. Or let d1 rebuild write the file: d1 rebuild 0004_users.sql --stack STACK",
)
RULES: Final = (ADDED, REFERENCED)

_HOLDS: Final = frozenset({"NO ACTION", "RESTRICT"})
_NEVER: Final = ("Cannot add a UNIQUE column", "Cannot add a PRIMARY KEY column")
_SYNTAX: Final = "syntax error"
_FOREIGN_KEY: Final = "FOREIGN KEY constraint failed"


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings about columns that were added because their table has no rows now."""
    undecided = {(refusal.name, refusal.step) for refusal in rehearsal.undecided}
    for file in rehearsal.files:
        for index, step in enumerate(file.steps):
            if (error := step.empty_table_error) and (file.migration.name, index) not in undecided:
                message = added_message(step, error, "has no rows now")
                yield hit_at(file, index, ADDED, Severity.WARNING, message)


def added_message(step: Step, error: str, rows: str) -> str:
    """Return the message of D201."""
    return f"D1 adds this column only to an empty table, and {step.actions[0].name} {rows}: {error}"


def classify(file: RehearsedFile, refusal: Refusal, rows: str) -> tuple[Rule, str, int] | None:
    """Return the rule, message and statement of a refusal that depends on rows; None for any other.

    Args:
        rows: `has rows` or `may have rows`.
    """
    step = None if refusal.step is None else file.steps[refusal.step]
    if step and _adds_column(step) and not refusal.message.startswith(_NEVER) and _SYNTAX not in refusal.message:
        return ADDED, added_message(step, refusal.message, rows), refusal.step or 0
    if not refusal.message.startswith(_FOREIGN_KEY):
        return None
    steps = list(enumerate(file.steps)) if step is None else [(refusal.step or 0, step)]
    for index, candidate in reversed(steps):
        action = candidate.actions[0] if candidate.actions else None
        if action and action.verb in {"DROP_TABLE", "DELETE"} and (keys := _holding(candidate)):
            doing = f"drop {action.name}" if action.verb == "DROP_TABLE" else f"delete rows of {action.name}"
            return REFERENCED, f"D1 refuses to {doing} while rows of {keys} reference it", index
    return None


def _adds_column(step: Step) -> bool:
    change = parse_alter_table(step.statement.text)
    # A statement that cannot be prepared has no action: it is wrong on an empty table too.
    return bool(step.actions) and change is not None and change.kind is AlterKind.ADD_COLUMN


def _holding(step: Step) -> str:
    keys: Sequence[str] = [
        f"{key.child} ({', '.join(key.columns)})"
        for key in step.foreign_keys
        if key.on_delete in _HOLDS and fold(key.parent) == fold(step.actions[0].name)
    ]
    return ", ".join(keys)
