"""Find out what the pending migrations do to existing rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pulumi_d1.migrations.review.lineage import DROPS, Lineage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_d1.migrations.review.rehearsal import Rehearsal, RehearsedFile
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import ForeignKey, Schema


class EffectKind(StrEnum):
    """The kind of an effect on existing rows."""

    DROPPED = "dropped"
    """Their table is dropped, and they are not copied back into a new one."""

    COLUMN_DROPPED = "column dropped"
    """The values of a column are dropped, or not copied when their table is rebuilt."""

    DELETED = "deleted"
    """A DELETE removes all of them."""

    UPDATED = "updated"
    """An UPDATE changes all of them."""

    FOREIGN_KEY = "foreign key"
    """They reference rows that are deleted."""

    BLOCKS_COLUMN = "blocks column"
    """They prevent an ADD COLUMN that only an empty table accepts."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one statement on the rows of one table.

    Attributes:
        file: 0-based index into the rehearsal's files.
        step: 0-based index into the file's steps.
        table: The table's name when the statement runs.
        columns: The columns' names when the statement runs; empty if whole rows are concerned.
        live_table: The table's name on the live database.
        live_columns: The columns' names on the live database. Rows with a value in all of them are concerned.
        key: The foreign key, for FOREIGN_KEY.
        certain: True if no earlier statement can have changed or deleted these rows.
    """

    kind: EffectKind
    file: int
    step: int
    table: str
    columns: tuple[str, ...]
    live_table: str
    live_columns: tuple[str, ...]
    key: ForeignKey | None = None
    certain: bool = True


def find_effects(rehearsal: Rehearsal, *, each_file_alone: bool) -> tuple[Effect, ...]:
    """Return the effects of the pending files, in the order of the statements.

    Args:
        each_file_alone: True if every table that exists before a file may have rows, because the earlier files may have
            run long ago. False if only the tables of the live database may have rows.
    """
    lineage = Lineage(rehearsal.before.tables)
    columns_left = {
        table: {column.name.lower() for column in columns if not column.generated}
        for table, columns in rehearsal.before.columns.items()
    }
    effects: list[Effect] = []
    for number, file in enumerate(rehearsal.files):
        if each_file_alone:
            lineage.restart()
        effects += _of_file(number, file, lineage, columns_left)
    if each_file_alone:
        return tuple(effects)
    return tuple(named for effect in effects if (named := _named(effect, rehearsal.before)))


def _named(effect: Effect, before: Schema) -> Effect | None:
    """Return the effect with its live names as written, or None if the live table has no such column."""
    table = before.objects["table", effect.live_table].name
    names = {column.name.lower(): column.name for column in before.columns[effect.live_table]}
    columns = [names[column] for column in effect.live_columns if column in names]
    if len(columns) < len(effect.live_columns):
        return None
    return replace(effect, live_table=table, live_columns=tuple(columns))


def _of_file(number: int, file: RehearsedFile, lineage: Lineage, columns_left: Mapping[str, set[str]]) -> list[Effect]:
    """Return the effects that a file does not undo itself.

    Args:
        number: 0-based index of the file.
        lineage: The tables before the file. They are followed to its end.
        columns_left: Columns of each live table that still have their values. Those that the file drops are removed.
    """
    effects: list[Effect] = []
    for index, step in enumerate(file.steps):
        if step.actions:
            effects += _of_step((number, index), step, lineage)
        lineage.follow(step)
    for effect in effects:
        if effect.kind is EffectKind.COLUMN_DROPPED and file.steps[effect.step].actions[0].verb not in DROPS:
            columns_left.get(effect.live_table, set()).difference_update(effect.live_columns)
    lasting = [effect for effect in effects if not _is_undone(effect, file, lineage, columns_left)]
    for effect in lasting:
        if effect.kind is EffectKind.COLUMN_DROPPED:
            columns_left.get(effect.live_table, set()).difference_update(effect.live_columns)
    return lasting


def _of_step(place: tuple[int, int], step: Step, lineage: Lineage) -> Iterator[Effect]:
    """Yield the effects of a statement on tables with existing rows and on existing columns."""
    name = step.actions[0].name
    concerned = [
        *((EffectKind.FOREIGN_KEY, key.child, key.columns, key) for key in lineage.triggered_keys(step)),
        *((kind, name, columns, None) for kind, columns in _own(step)),
    ]
    for kind, table, columns, key in concerned:
        current = lineage.get(table)
        if current is None or current.rows is None or (kind is EffectKind.UPDATED and current.lost.issuperset(columns)):
            continue
        originals = [original for column in columns if (original := current.original(column.lower())) is not None]
        if len(originals) == len(columns):
            yield Effect(kind, *place, table, columns, current.rows, tuple(originals), key, not current.touched)


def _own(step: Step) -> Iterator[tuple[EffectKind, tuple[str, ...]]]:
    """Yield what a statement does to its own table, and to which columns."""
    action = step.actions[0]
    match action.verb:
        case _ if step.empty_table_error:
            yield EffectKind.BLOCKS_COLUMN, ()
        case "DROP_TABLE" | "DROP_VTABLE" if step.changed_schema:
            yield EffectKind.DROPPED, ()
            yield from ((EffectKind.COLUMN_DROPPED, (column,)) for column in step.dropped_columns)
        case "ALTER_TABLE" if action.other and step.changed_schema:
            yield EffectKind.COLUMN_DROPPED, (action.other,)
        case "DELETE" if step.every_row:
            yield EffectKind.DELETED, ()
        case "UPDATE" if step.every_row:
            written = [a.other for a in step.actions if (a.verb, a.name, a.trigger) == ("UPDATE", action.name, "")]
            yield from ((EffectKind.UPDATED, (column,)) for column in written)


def _is_undone(effect: Effect, file: RehearsedFile, lineage: Lineage, columns_left: Mapping[str, set[str]]) -> bool:
    """Return whether the file copies the rows back, with all `columns_left`, from a copy that it made before."""
    action = file.steps[effect.step].actions[0]
    again = {name: table for name in (effect.table.lower(), effect.live_table) if (table := lineage.get(name))}
    copied = {source for table in again.values() for source in table.copied}
    is_back = any(table == effect.live_table for table, _ in copied)
    concerned = {(effect.live_table, column) for column in effect.live_columns}
    every = {(effect.live_table, column) for column in columns_left.get(effect.live_table, ())}
    is_whole = is_back and every | concerned <= copied
    match effect.kind, effect.key.on_delete if effect.key else "":
        case EffectKind.DROPPED, _ if action.verb == "DROP_VTABLE":  # usually an index over other tables
            return effect.table.lower() in file.rebuilt
        case EffectKind.DROPPED, _:  # columns that are not copied have their own effects
            return is_back
        case EffectKind.COLUMN_DROPPED, _ if action.verb in DROPS:
            return not is_back or concerned <= copied
        case (EffectKind.DELETED, _) | (EffectKind.FOREIGN_KEY, "CASCADE"):
            return is_whole
        case EffectKind.FOREIGN_KEY, "SET NULL" | "SET DEFAULT":
            return concerned <= copied
        case _:
            return False
