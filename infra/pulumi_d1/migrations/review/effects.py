"""What the pending migrations do to rows that are there already. Pure."""

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


class Kind(StrEnum):
    """What happens to the rows."""

    DROPPED = "dropped"
    """Their table is dropped, and not made again with them."""

    COLUMN_DROPPED = "column dropped"
    """Values of a column are dropped, or not copied when their table is rebuilt."""

    DELETED = "deleted"
    """A DELETE takes all of them."""

    UPDATED = "updated"
    """An UPDATE changes all of them."""

    FOREIGN_KEY = "foreign key"
    """A foreign key of theirs points at rows that go."""

    IN_THE_WAY = "in the way"
    """They stand in the way of a column that only an empty table can get."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one statement does to the rows of one table.

    Attributes:
        kind: what.
        file: 0-based place in the rehearsal.
        step: 0-based place of the statement in its file.
        table: as it is called at that moment.
        columns: that it concerns, as they are called at that moment; empty for whole rows.
        live_table: the table as it is called before anything runs.
        live_columns: the columns, likewise: the rows concerned are those with a value in all of them.
        key: the foreign key, for FOREIGN_KEY.
        certain: whether no statement before may have changed the rows, or taken some away.
    """

    kind: Kind
    file: int
    step: int
    table: str
    columns: tuple[str, ...]
    live_table: str
    live_columns: tuple[str, ...]
    key: ForeignKey | None = None
    certain: bool = True


def effects(rehearsal: Rehearsal, *, each_file_alone: bool) -> tuple[Effect, ...]:
    """All of them, in the order of the statements.

    Args:
        rehearsal: of the pending files.
        each_file_alone: whether to take every table that a file finds for one with rows, as it may be where the files
            before it ran long ago; not only those that are there before the first file.
    """
    lineage = Lineage(rehearsal.before.tables)
    held = {
        table: {column.name.lower() for column in columns if not column.generated}
        for table, columns in rehearsal.before.columns.items()
    }
    found: list[Effect] = []
    for number, file in enumerate(rehearsal.files):
        if each_file_alone:
            lineage.restart()
        found += _of_file(number, file, lineage, held)
    if each_file_alone:
        return tuple(found)
    return tuple(live for effect in found if (live := _named(effect, rehearsal.before)))


def _named(effect: Effect, before: Schema) -> Effect | None:
    """The effect with the names as they were written; None where a column is not there after all."""
    table = before.objects["table", effect.live_table].name
    names = {column.name.lower(): column.name for column in before.columns[effect.live_table]}
    columns = [names[column] for column in effect.live_columns if column in names]
    if len(columns) < len(effect.live_columns):
        return None
    return replace(effect, live_table=table, live_columns=tuple(columns))


def _of_file(number: int, file: RehearsedFile, lineage: Lineage, held: Mapping[str, set[str]]) -> list[Effect]:
    """Its effects, but for what it makes good again. `held` is told which columns are gone for good."""
    found: list[Effect] = []
    for index, step in enumerate(file.steps):
        if step.actions:
            found += _of_step((number, index), step, lineage)
        lineage.follow(step)
    for effect in found:
        if effect.kind is Kind.COLUMN_DROPPED and file.steps[effect.step].actions[0].verb not in DROPS:
            held.get(effect.live_table, set()).difference_update(effect.live_columns)
    lasting = [effect for effect in found if not _is_made_good(effect, file, lineage, held)]
    for effect in lasting:
        if effect.kind is Kind.COLUMN_DROPPED:
            held.get(effect.live_table, set()).difference_update(effect.live_columns)
    return lasting


def _of_step(place: tuple[int, int], step: Step, lineage: Lineage) -> Iterator[Effect]:
    """Its effects on tables that hold rows from before, and on columns that were there before."""
    name = step.actions[0].name
    concerned = [
        *((Kind.FOREIGN_KEY, key.child, key.columns, key) for key in lineage.set_off(step)),
        *((kind, name, columns, None) for kind, columns in _own(step)),
    ]
    for kind, table, columns, key in concerned:
        held = lineage.get(table)
        if held is None or held.rows is None or (kind is Kind.UPDATED and held.lost.issuperset(columns)):
            continue
        originals = [original for column in columns if (original := held.original(column.lower())) is not None]
        if len(originals) == len(columns):
            yield Effect(kind, *place, table, columns, held.rows, tuple(originals), key, not held.touched)


def _own(step: Step) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """What a statement does to its own table, and to which columns of it."""
    action = step.actions[0]
    match action.verb:
        case _ if step.needs_empty:
            yield Kind.IN_THE_WAY, ()
        case "DROP_TABLE" | "DROP_VTABLE" if step.changed_schema:
            yield Kind.DROPPED, ()
            yield from ((Kind.COLUMN_DROPPED, (column,)) for column in step.lost_columns)
        case "ALTER_TABLE" if action.other and step.changed_schema:
            yield Kind.COLUMN_DROPPED, (action.other,)
        case "DELETE" if step.everything:
            yield Kind.DELETED, ()
        case "UPDATE" if step.everything:
            written = [a.other for a in step.actions if (a.verb, a.name, a.trigger) == ("UPDATE", action.name, "")]
            yield from ((Kind.UPDATED, (column,)) for column in written)


def _is_made_good(effect: Effect, file: RehearsedFile, lineage: Lineage, held: Mapping[str, set[str]]) -> bool:
    """Whether the file brings the rows back, with all of the columns `held`, from a copy that it made before."""
    action = file.steps[effect.step].actions[0]
    again = {name: table for name in (effect.table.lower(), effect.live_table) if (table := lineage.get(name))}
    copied = {source for table in again.values() for source in table.copied}
    is_back = any(table == effect.live_table for table, _ in copied)
    concerned = {(effect.live_table, column) for column in effect.live_columns}
    every = {(effect.live_table, column) for column in held.get(effect.live_table, ())}
    is_whole = is_back and every | concerned <= copied
    match effect.kind, effect.key.on_delete if effect.key else "":
        case Kind.DROPPED, _ if action.verb == "DROP_VTABLE":  # an index over other tables, mostly
            return effect.table.lower() in file.rebuilt
        case Kind.DROPPED, _:  # what is not copied of it is told by its columns
            return is_back
        case Kind.COLUMN_DROPPED, _ if action.verb in DROPS:
            return not is_back or concerned <= copied
        case (Kind.DELETED, _) | (Kind.FOREIGN_KEY, "CASCADE"):
            return is_whole
        case Kind.FOREIGN_KEY, "SET NULL" | "SET DEFAULT":
            return concerned <= copied
        case _:
            return False
