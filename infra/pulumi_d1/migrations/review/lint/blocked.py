"""2xx: statements that D1 refuses because of existing rows. The rehearsal accepts them, because it has no rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.effects import EffectKind
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.migrations.review.lint.row_counts import format_rows
from pulumi_d1.sqlite.authorizer import is_on
from pulumi_d1.sqlite.statements import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulumi_d1.migrations.review.effects import Effect
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.migrations.review.lint.row_counts import RowCounts
    from pulumi_d1.migrations.review.rehearsal import Rehearsal, RehearsedFile

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
    "checks the keys again.",
)
RULES: Final = (ADDED, REFERENCED)

_HOLDS: Final = frozenset({"NO ACTION", "RESTRICT"})


def hits(rehearsal: Rehearsal, effects: Sequence[Effect], row_counts: RowCounts) -> Iterator[Hit]:
    """Yield the findings of this family.

    Args:
        effects: Its effects on existing rows, in order.
    """
    for effect in effects:
        if effect.kind is EffectKind.BLOCKS_COLUMN:
            yield _added(rehearsal.files[effect.file], effect, row_counts.of(effect))
    holding = [effect for effect in effects if effect.key and effect.key.on_delete in _HOLDS]
    for (number, step), group in groupby(holding, key=lambda effect: (effect.file, effect.step)):
        file = rehearsal.files[number]
        blocking = [effect for effect in group if not _is_resolved(rehearsal, file, effect)]
        if blocking:
            yield _referenced(file, step, blocking, row_counts)


def _added(file: RehearsedFile, effect: Effect, number: int | None) -> Hit:
    has = {None: "may have rows", 0: "has no rows now"}.get(number) or f"has {format_rows(number or 0)}"
    reason = file.steps[effect.step].empty_table_error
    message = f"D1 adds this column only to an empty table, and {effect.table} {has}: {reason}"
    severity = Severity.WARNING if number == 0 else Severity.ERROR
    return _mark_refused(hit_at(file, effect.step, ADDED, severity, message), bool(number) and effect.certain)


def _referenced(file: RehearsedFile, step: int, blocking: Sequence[Effect], row_counts: RowCounts) -> Hit:
    action = file.steps[step].actions[0]
    doing = "delete every row of" if action.verb == "DELETE" else "drop"
    with_rows = [effect for effect in blocking if row_counts.of(effect)] or blocking
    rows = ", ".join(
        f"{_amount(row_counts.of(effect))} of {effect.table} ({', '.join(effect.columns)})" for effect in with_rows
    )
    certain = any(row_counts.of(effect) and effect.certain for effect in blocking)
    message = f"D1 refuses to {doing} {action.name} while {rows} reference it"
    return _mark_refused(hit_at(file, step, REFERENCED, row_counts.severity(blocking), message), certain)


def _amount(number: int | None) -> str:
    return format_rows(number) if number else "rows"


def _mark_refused(hit: Hit, refused: bool) -> Hit:  # noqa: FBT001 - a value, not a switch
    return replace(hit, finding=replace(hit.finding, refused=refused))


def _is_resolved(rehearsal: Rehearsal, file: RehearsedFile, effect: Effect) -> bool:
    """Return whether the foreign key check is deferred, and then finds nothing or does not happen."""
    parent = file.steps[effect.step].actions[0].name.lower()
    child = rehearsal.before.objects.get(("table", effect.live_table.lower()))
    declared = child is not None and "deferred" in tokens(child.sql)
    deferred = declared
    for step in file.steps[: effect.step]:
        for action in step.actions:
            if action.name.lower() == "defer_foreign_keys" and action.other:
                deferred = declared or is_on(action.other)
    later = [step.actions[0] for step in file.steps[effect.step + 1 :] if step.actions]
    discarded = any(a.name.lower() == "defer_foreign_keys" and a.other and not is_on(a.other) for a in later)
    return deferred and (discarded or any(a.verb == "INSERT" and a.name.lower() == parent for a in later))
