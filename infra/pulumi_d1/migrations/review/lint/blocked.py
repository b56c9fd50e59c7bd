"""2xx: what D1 refuses because of rows that are there. An empty database lets it through, and so does the rehearsal."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.effects import EffectKind
from pulumi_d1.migrations.review.lint.finding import Rule, hit
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
    "a column that only an empty table can get",
    "A column that is NOT NULL needs a default other than NULL; a default must be constant (CURRENT_TIMESTAMP is "
    "not); one with REFERENCES must be NULL; a STORED column can't be added. SQLite checks all this only where the "
    "table has rows, so that a local database without rows lets it through.",
    "Give it a constant default (NOT NULL DEFAULT ''), or add it without NOT NULL, fill it with an UPDATE, and let "
    "the code see to it from then on.",
)
REFERENCED: Final = Rule(
    "D209",
    "a table goes while rows point at it",
    "Foreign keys without CASCADE, SET NULL or SET DEFAULT hold their parent: D1 refuses the DROP or DELETE while "
    "rows point at it. With PRAGMA defer_foreign_keys = ON it refuses the end of the transaction, with no more than "
    "an internal error, since a table that gets its name by RENAME does not count as the parent coming back.",
    "In a rebuild, write PRAGMA defer_foreign_keys = ON; before it and PRAGMA defer_foreign_keys = OFF; after its "
    "RENAME: OFF forgets the violations that the DROP has counted. Copy every row, with its key: nothing checks them "
    "again.",
)
RULES: Final = (ADDED, REFERENCED)

_HOLDS: Final = frozenset({"NO ACTION", "RESTRICT"})


def hits(rehearsal: Rehearsal, effects: Sequence[Effect], row_counts: RowCounts) -> Iterator[Hit]:
    """The findings of this family.

    Args:
        rehearsal: of the pending files.
        effects: of the rehearsal, in order.
        row_counts: how many rows they concern.
    """
    for effect in effects:
        if effect.kind is EffectKind.BLOCKS_COLUMN:
            yield _added(rehearsal.files[effect.file], effect, row_counts.of(effect))
    holding = [effect for effect in effects if effect.key and effect.key.on_delete in _HOLDS]
    for (number, step), group in groupby(holding, key=lambda effect: (effect.file, effect.step)):
        file = rehearsal.files[number]
        held = [effect for effect in group if not _is_settled(rehearsal, file, effect)]
        if held:
            yield _referenced(file, step, held, row_counts)


def _added(file: RehearsedFile, effect: Effect, number: int | None) -> Hit:
    there = {None: "which may have rows", 0: "which has no rows now"}.get(
        number
    ) or f"which has {format_rows(number or 0)}"
    message = f"D1 adds this column to an empty table only, not to {effect.table}, {there}"
    reason = file.steps[effect.step].empty_table_error
    severity = Severity.WARNING if number == 0 else Severity.ERROR
    return _refused(hit(file, effect.step, ADDED, severity, f"{message}: {reason}"), bool(number) and effect.certain)


def _referenced(file: RehearsedFile, step: int, held: Sequence[Effect], row_counts: RowCounts) -> Hit:
    action = file.steps[step].actions[0]
    doing = "deleting every row of" if action.verb == "DELETE" else "dropping"
    pointing = [effect for effect in held if row_counts.of(effect)] or held
    by = ", ".join(
        f"{_amount(row_counts.of(effect))} of {effect.table} ({', '.join(effect.columns)})" for effect in pointing
    )
    certain = any(row_counts.of(effect) and effect.certain for effect in held)
    message = f"D1 refuses {doing} {action.name} while {by} point at it"
    return _refused(hit(file, step, REFERENCED, row_counts.severity(held), message), certain)


def _amount(number: int | None) -> str:
    return format_rows(number) if number else "rows"


def _refused(found: Hit, certain: bool) -> Hit:  # noqa: FBT001 - a value, not a switch
    return replace(found, finding=replace(found.finding, refused=certain))


def _is_settled(rehearsal: Rehearsal, file: RehearsedFile, effect: Effect) -> bool:
    """Whether the check is put off, and finds nothing, or does not happen, when it comes."""
    parent = file.steps[effect.step].actions[0].name.lower()
    child = rehearsal.before.objects.get(("table", effect.live_table.lower()))
    declared = child is not None and "deferred" in tokens(child.sql)
    put_off = declared
    for step in file.steps[: effect.step]:
        for action in step.actions:
            if action.name.lower() == "defer_foreign_keys" and action.other:
                put_off = declared or is_on(action.other)
    later = [step.actions[0] for step in file.steps[effect.step + 1 :] if step.actions]
    forgotten = any(a.name.lower() == "defer_foreign_keys" and a.other and not is_on(a.other) for a in later)
    return put_off and (forgotten or any(a.verb == "INSERT" and a.name.lower() == parent for a in later))
