"""1xx: rows and values that are lost."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.effects import EffectKind
from pulumi_d1.migrations.review.lineage import DROPS
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.migrations.review.lint.row_counts import format_rows
from pulumi_d1.sqlite.authorizer import is_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pulumi_d1.migrations.review.effects import Effect
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.migrations.review.lint.row_counts import RowCounts
    from pulumi_d1.migrations.review.rehearsal import Rehearsal, RehearsedFile

CASCADE: Final = Rule(
    "D101",
    "foreign keys delete or change rows of other tables",
    "D1 runs DROP TABLE as a DELETE of every row and follows foreign keys: CASCADE deletes the referencing rows, SET "
    "NULL and SET DEFAULT overwrite their column. There is no error (workers-sdk#5438, drizzle-orm#4938). PRAGMA "
    "defer_foreign_keys delays checks, not these actions. PRAGMA foreign_keys has no effect inside a transaction, and "
    "every request to D1 is one.",
    "If ALTER TABLE can make the change (ADD, RENAME or DROP COLUMN), use it and rebuild nothing. Otherwise, do all of "
    "this in one file. Before you change the parent, for each table in the message: CREATE TABLE keep_sessions AS "
    "SELECT * FROM sessions; and DROP TABLE sessions; so that nothing references the parent. Then rebuild the parent. "
    "Then run the old CREATE TABLE sessions with its indexes and triggers, INSERT INTO sessions SELECT * FROM "
    "keep_sessions; and DROP TABLE keep_sessions;",
)
DROPPED: Final = Rule(
    "D102",
    "a table is dropped with its rows",
    "The rows are deleted. Only Time Travel still has them, until its history ends. A table that a file drops and "
    "creates again counts too, if nothing is copied back into it.",
    "Rename the table first (ALTER TABLE logs RENAME TO logs_old). Drop it in a later migration, once nothing has "
    "missed it, and allow that with a reason. In a rebuild, INSERT INTO the new table SELECT from the old one before "
    "the DROP.",
)
COLUMN: Final = Rule(
    "D103",
    "a column loses its values",
    "The values are deleted. Only Time Travel still has them, until its history ends. A rebuilt table loses the "
    "columns that its INSERT ... SELECT does not read.",
    "Remove the column from the code first. Drop it in a later migration, and allow that with a reason. In a rebuild, "
    "name the column in the SELECT.",
)
DELETED: Final = Rule(
    "D104",
    "a DELETE removes every row",
    "A DELETE without WHERE, or with one that is always true, empties the table.",
    "Name the rows: DELETE FROM logs WHERE created_at < '2020-01-01'. If you mean all of them, allow it with a reason.",
)
UPDATED: Final = Rule(
    "D105",
    "an UPDATE overwrites every row",
    "An UPDATE without WHERE, or with one that is always true, overwrites the column in every row.",
    "Name the rows: UPDATE users SET role = 'guest' WHERE role IS NULL. If you mean all of them, allow it with a "
    "reason.",
)
RULES: Final = (CASCADE, DROPPED, COLUMN, DELETED, UPDATED)

_DOES: Final = {
    "CASCADE": "delete {rows} ({columns})",
    "SET NULL": "set {columns} of {rows} to NULL",
    "SET DEFAULT": "set {columns} of {rows} to its default",
}


def hits(rehearsal: Rehearsal, effects: Sequence[Effect], row_counts: RowCounts) -> Iterator[Hit]:
    """Yield the findings of this family.

    Args:
        effects: Its effects on existing rows, in order.
    """
    for (number, step), group in groupby(effects, key=lambda effect: (effect.file, effect.step)):
        file = rehearsal.files[number]
        by_rule: dict[Rule, list[Effect]] = {}
        for effect in group:
            if rule := _rule(effect):
                by_rule.setdefault(rule, []).append(effect)
        for rule, concerned in by_rule.items():
            severity = Severity.WARNING if rule is UPDATED else row_counts.severity(concerned)
            yield hit_at(file, step, rule, severity, _MESSAGES[rule](file, concerned, row_counts))


def _rule(effect: Effect) -> Rule | None:
    match effect.kind:
        case EffectKind.FOREIGN_KEY if effect.key and effect.key.on_delete in _DOES:
            return CASCADE
        case EffectKind.DROPPED:
            return DROPPED
        case EffectKind.COLUMN_DROPPED:
            return COLUMN
        case EffectKind.DELETED:
            return DELETED
        case EffectKind.UPDATED:
            return UPDATED
        case _:
            return None


def _cascade(file: RehearsedFile, victims: Sequence[Effect], row_counts: RowCounts) -> str:
    step = victims[0].step
    action = file.steps[step].actions[0]
    doing = f"dropping {action.name}" if action.verb in DROPS else f"deleting every row of {action.name}"
    with_rows = [effect for effect in victims if row_counts.of(effect) != 0] or victims
    # Sorted, "delete" comes before "set".
    clauses = sorted(_clause(effect, action.name, row_counts.of(effect)) for effect in with_rows)
    no_rows = "; there are no such rows now" if all(row_counts.of(effect) == 0 for effect in victims) else ""
    return f"{doing} would {_listed(clauses)}{no_rows}{_no_protection(file, step)}"


def _clause(effect: Effect, parent: str, number: int | None) -> str:
    key, columns = effect.key, ", ".join(effect.columns)
    if key is None:
        return ""
    at_most = "up to " if number and key.parent.lower() != parent.lower() else ""
    amount = f"{at_most}{format_rows(number)}" if number else "the rows"
    return _DOES[key.on_delete].format(rows=f"{amount} of {effect.table}", columns=columns)


def _listed(clauses: Sequence[str]) -> str:
    *others, last = clauses
    return f"{', '.join(others)}, and {last}" if others else last


def _no_protection(file: RehearsedFile, step: int) -> str:
    """Return a clause for each PRAGMA before the step that looks as if it helped."""
    clauses = ""
    for before in file.steps[:step]:
        for action in before.actions:
            match action.name.lower():
                case "foreign_keys" if action.other and not is_on(action.other):
                    why = "has no effect on D1"
                case "defer_foreign_keys" if action.other and is_on(action.other):
                    why = "delays checks, not this"
                case _:
                    continue
            clauses += f"; PRAGMA {action.name} = {action.other} in line {before.statement.line} {why}"
    return clauses


def _dropped(file: RehearsedFile, effects: Sequence[Effect], row_counts: RowCounts) -> str:
    [effect] = effects
    if effect.table.lower() in file.rebuilt:
        return f"{effect.table} is created again, but its rows are not copied back{_total(effect, row_counts)}"
    return f"{effect.table} is dropped with its rows{_total(effect, row_counts)}"


def _column(file: RehearsedFile, effects: Sequence[Effect], row_counts: RowCounts) -> str:
    table = effects[0].table
    if file.steps[effects[0].step].actions[0].verb in DROPS:
        return f"the rebuild of {table} does not copy the values of {_columns(effects, row_counts)}"
    return f"{table} loses the values of {_columns(effects, row_counts)}"


def _deleted(_file: RehearsedFile, effects: Sequence[Effect], row_counts: RowCounts) -> str:
    [effect] = effects
    return f"every row of {effect.table} is deleted{_total(effect, row_counts)}"


def _updated(_file: RehearsedFile, effects: Sequence[Effect], row_counts: RowCounts) -> str:
    return f"every row of {effects[0].table} gets a new value in {_columns(effects, row_counts)}"


def _columns(effects: Iterable[Effect], row_counts: RowCounts) -> str:
    return ", ".join(f"{effect.columns[0]}{_total(effect, row_counts)}" for effect in effects)


def _total(effect: Effect, row_counts: RowCounts) -> str:
    match row_counts.of(effect):
        case None:
            return ""
        case 0:
            return " (no rows now)"
        case number:
            return f" ({format_rows(number)})"


_MESSAGES: Final[Mapping[Rule, Callable[[RehearsedFile, Sequence[Effect], RowCounts], str]]] = {
    CASCADE: _cascade,
    DROPPED: _dropped,
    COLUMN: _column,
    DELETED: _deleted,
    UPDATED: _updated,
}
