"""1xx: the triggers and indexes that a rebuild loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.schema import SchemaObject

NOT_REBUILT: Final = Rule(
    "D114",
    "a rebuild loses a trigger or an index",
    "DROP also removes the triggers and indexes of a table or view. One that is created again under the same name has "
    "only those that the file creates again. There is no error: a search table is no longer updated, or duplicates "
    "are no longer refused. A lost index that is not UNIQUE is only a note.",
    "Run its CREATE again at the end of the file. Or let d1 rebuild write the file: it keeps triggers and indexes. If "
    "it must go, DROP it by name before the table.",
)
RULES: Final = (NOT_REBUILT,)

_INSTEAD: Final = (
    "Run its CREATE again at the end of the file, or run 'd1 rebuild {name} --stack STACK', which writes such a file. "
    "If it must go, DROP it by name before the table."
)
_DROPS: Final = frozenset({"DROP_TABLE", "DROP_VTABLE", "DROP_VIEW"})
_DROPS_BY_NAME: Final = frozenset({"DROP_TRIGGER", "DROP_INDEX"})


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family. A lost index that is not UNIQUE costs only time: see `lost`."""
    for item, place in lost(rehearsal):
        if item.type == "trigger" or item.is_unique_index:
            message = f"{item.table} is created again without its {item.type} {item.name}"
            advice = _INSTEAD.format(name=place[0].migration.name)
            yield hit_at(*place, NOT_REBUILT, Severity.ERROR, message, advice=advice)


def lost(rehearsal: Rehearsal) -> Iterator[tuple[SchemaObject, tuple[RehearsedFile, int]]]:
    """Yield each trigger and index that the files lose, and the file and step that drops its table or view.

    Those that a file drops by name do not count, nor the triggers of a table for which a file creates other ones.
    """
    before, after = rehearsal.before, rehearsal.after
    main = [step.actions[0] for file in rehearsal.files for step in file.steps if step.actions]
    gone = {fold(action.name) for action in main if action.verb in _DROPS_BY_NAME}
    has_others = {(item.type, fold(item.table)) for key, item in after.objects.items() if key not in before.objects}
    for (type_, name), item in before.objects.items():
        table = fold(item.table)
        of = next((of for of in ("table", "view") if (of, table) in before.objects), "")
        if type_ == of or (type_, name) in after.objects or name in gone or (of, table) not in after.objects:
            continue
        is_lost = schema.lacks_index(after, item) if type_ == "index" else ("trigger", table) not in has_others
        if is_lost and (place := _dropped(rehearsal, table)):
            yield item, place


def _dropped(rehearsal: Rehearsal, table: str) -> tuple[RehearsedFile, int] | None:
    """Return the statement that drops a table or view, which may have another name by then; None if there is none."""
    for file in rehearsal.files:
        for index, step in enumerate(file.steps):
            change = parse_alter_table(step.statement.text) if step.changed_schema else None
            if change and change.kind is AlterKind.RENAME_TABLE and fold(step.actions[0].name) == table:
                table = fold(change.new)
            elif any(action.verb in _DROPS and fold(action.name) == table for action in step.actions):
                return file, index
    return None
