"""1xx: rows and values that are lost, as the rehearsal showed it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.plan import Severity
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import format_rows, hit_at
from pulumi_d1.migrations.review.lint.lost_rules import (
    CASCADE,
    COLUMN,
    DELETED,
    DROPPED,
    LEFT_OUT,
    MOVED,
    REPLACED,
    TRIGGERED,
    UPDATED,
)
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.authorizer import is_on
from pulumi_d1.sqlite.fates import Kept
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.fates import ColumnFate, TableFate
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.recorder import Action

_INSTEAD_OF_REBUILD: Final = (
    "If ALTER TABLE can make the change (ADD, RENAME or DROP COLUMN), use it and rebuild nothing. Otherwise run "
    "'d1 rebuild {name} --stack STACK', which writes a file that loses nothing."
)
_INSTEAD_OF_CONVERSION: Final = (
    "If the SELECT leaves the column out, name it on both sides: INSERT INTO users_new (id, name) SELECT id, name FROM "
    "users; If its new type or an expression converts the values, and the new ones are right, allow it with a reason."
)
_INSTEAD_OF_DROP: Final = (
    "If the rows in the message must go too, allow it with a reason. Otherwise first rebuild their tables without the "
    "foreign key (d1 rebuild --table NAME --create FILE), or point it at another table."
)
_INSTEAD_OF_CHANGE: Final = (
    "Name the rows that you mean in a WHERE. If the rows in the message must go too, allow it with a reason. Otherwise "
    "first let them reference another row: UPDATE sessions SET user_id = 1 WHERE user_id = 2;"
)
_DIRECT: Final = frozenset({CASCADE, TRIGGERED, REPLACED})
_ON_DELETE: Final = {"SET NULL": "NULL", "SET DEFAULT": "its default"}
_ON_UPDATE: Final = {"CASCADE": "the new key", **_ON_DELETE}


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family."""
    # A copy that generated rows could not pass has copied nothing. What is missing then proves nothing.
    unproven = {refusal.name for refusal in rehearsal.undecided}
    for file in rehearsal.files:
        for hit in _File(file, _Counts(rehearsal)).hits() if file.fates else ():
            if file.migration.name not in unproven or hit.finding.rule in _DIRECT:
                yield hit


@dataclass(frozen=True, slots=True)
class _Counts:
    """Numbers of rows in messages: exact, of a sample, or none for generated rows."""

    rehearsal: Rehearsal

    def rows(self, number: int) -> str:
        """Return a number of rows: `3 rows`, `3 sampled rows`, `rows`."""
        match self.rehearsal.basis.kind:
            case BasisKind.MADE:
                return "rows"
            case BasisKind.SAMPLE:
                return format_rows(number).replace("row", "sampled row")
            case _:
                return format_rows(number)

    def total(self, number: int) -> str:
        """Return the same in parentheses, or nothing."""
        return "" if self.rehearsal.basis.kind is BasisKind.MADE else f" ({self.rows(number)})"


@dataclass(frozen=True, slots=True)
class _Victim:
    """Rows that a statement deletes or changes through a foreign key or a trigger.

    Attributes:
        columns: The columns that reference what was deleted, or that are changed.
        does: `delete`, or the new value: `NULL`, `its default`, `the new key`.
        trigger: The trigger; empty for a foreign key.
    """

    table: str
    rows: int
    columns: tuple[str, ...]
    does: str
    trigger: str = ""


class _File:
    """One file with the fates of the tables that it changed."""

    def __init__(self, file: RehearsedFile, counts: _Counts) -> None:
        self._file = file
        self._counts = counts
        self._aliases = {fate.start: _aliases(fate, file.steps) for fate in file.fates}
        self._victims = {index: tuple(self._of_step(step)) for index, step in enumerate(file.steps)}

    def hits(self) -> Iterator[Hit]:
        """Yield the findings about the file."""
        for index, step in enumerate(self._file.steps):
            if victims := self._victims[index]:
                yield from self._indirect(index, step, victims)
            yield from self._replaced(index, step)
        for fate in self._file.fates:
            yield from self._rows(fate)
            if fate.end and not (fate.rebuilt and fate.missing and self._copying(fate) is None):
                yield from self._columns(fate)

    def _fate(self, table: str) -> TableFate | None:
        return next((fate for fate in self._file.fates if table in self._aliases[fate.start]), None)

    # What foreign keys and triggers did

    def _of_step(self, step: Step) -> Iterator[_Victim]:
        """Yield the rows that foreign keys and triggers took from a table for good."""
        dropped = {fold(name) for name in step.names("DROP_TABLE")}
        for table, rows in step.count("DELETE", indirect=True).items():
            fate = self._fate(table)
            if fate is None:  # a copy that the file makes and drops again
                lasting = max((item.missing for item in self._file.fates if item.rebuilt), default=0)
            else:
                lasting = fate.missing
            if lasting and table not in dropped:
                yield self._victim(step, table, min(rows, lasting), "DELETE")
        for table, rows in step.count("UPDATE", indirect=True).items():
            if (fate := self._fate(table)) and table not in dropped:
                yield from self._updated(step, fate, table, rows)

    def _victim(self, step: Step, table: str, rows: int, verb: str) -> _Victim:
        parents = self._changed(step, "DELETE")
        keys = [key for key in step.foreign_keys if fold(key.child) == table and key.on_delete == "CASCADE"]
        keys = [key for key in keys if fold(key.parent) in parents]
        # REPLACE in a trigger deletes too, but has no DELETE among its actions.
        by_verb = {a.verb: a.trigger for a in step.actions if a.trigger and fold(a.name) == table}
        trigger = by_verb.get(verb) or next(iter(by_verb.values()), "")
        columns = tuple(dict.fromkeys(column for key in keys for column in key.columns))
        name = keys[0].child if keys else table
        return _Victim(name, rows, columns, "delete", "" if keys else trigger)

    def _updated(self, step: Step, fate: TableFate, table: str, rows: int) -> Iterator[_Victim]:
        lost = {name: c for c in fate.columns if c.lost and not c.gone for name in c.names}
        changed = {verb: self._changed(step, verb) for verb in ("DELETE", "UPDATE")}
        found = set[str]()
        for key in step.foreign_keys:
            deleted, updated = (fold(key.parent) in changed[verb] for verb in ("DELETE", "UPDATE"))
            # Rows that a deletion changes in the parent itself are updated too, so the deletion decides.
            does = (deleted and _ON_DELETE.get(key.on_delete)) or (updated and _ON_UPDATE.get(key.on_update))
            columns = [lost[fold(c)] for c in key.columns if fold(c) in lost and fold(c) not in found]
            if fold(key.child) == table and columns and does:
                found |= {name for column in columns for name in column.names}
                number = min(rows, max(column.lost for column in columns))
                yield _Victim(key.child, number, tuple(column.name for column in columns), does)
        for trigger in dict.fromkeys(a.trigger for a in step.actions if a.trigger and fold(a.name) == table):
            written = {fold(a.other) for a in step.actions if (a.verb, a.trigger) == ("UPDATE", trigger)} - found
            columns = [column for column in fate.columns if written & column.names & lost.keys()]
            if columns:
                number = min(rows, max(column.lost for column in columns))
                yield _Victim(fate.name, number, tuple(column.name for column in columns), "other values", trigger)

    def _changed(self, step: Step, verb: str) -> set[str]:
        """Return the folded tables whose rows a statement deleted or updated, itself or through others."""
        dropped = {fold(name) for name in step.names("DROP_TABLE")} if verb == "DELETE" else set[str]()
        return dropped.union(step.count(verb, indirect=False), step.count(verb, indirect=True))

    def _indirect(self, index: int, step: Step, victims: Sequence[_Victim]) -> Iterator[Hit]:
        by_keys = [victim for victim in victims if not victim.trigger]
        by_triggers = [victim for victim in victims if victim.trigger]
        if by_keys and not self._replaces(step):
            follows = all(victim.does == "the new key" for victim in by_keys)
            message = f"{self._doing(step)} would {self._clauses(by_keys)}{_no_protection(self._file, index)}"
            yield hit_at(
                self._file,
                index,
                CASCADE,
                Severity.WARNING if follows else Severity.ERROR,
                message,
                advice=self._advice(step),
            )
        if by_triggers:
            names = ", ".join(dict.fromkeys(victim.trigger for victim in by_triggers))
            deletes = any(victim.does == "delete" for victim in by_triggers)
            message = f"the trigger {names} would {self._clauses(by_triggers)}"
            severity = Severity.ERROR if deletes else Severity.WARNING
            yield hit_at(self._file, index, TRIGGERED, severity, message)

    def _doing(self, step: Step) -> str:
        action = step.actions[0]
        if action.verb in {"DROP_TABLE", "DROP_VTABLE", "INSERT"}:
            return f"{'inserting into' if action.verb == 'INSERT' else 'dropping'} {action.name}"
        rows = "every row" if step.every_row else "rows"
        return f"{'updating' if action.verb == 'UPDATE' else 'deleting'} {rows} of {action.name}"

    def _advice(self, step: Step) -> str:
        """Return advice for a statement that is no part of a rebuild."""
        action = step.actions[0]
        if action.verb not in {"DROP_TABLE", "DROP_VTABLE"}:
            return _INSTEAD_OF_CHANGE
        fate = self._fate(fold(action.name))
        if fate and fate.rebuilt:
            return _INSTEAD_OF_REBUILD.format(name=self._file.migration.name)
        return _INSTEAD_OF_DROP

    def _clauses(self, victims: Iterable[_Victim]) -> str:
        # Sorted, "delete" comes before "set".
        clauses = sorted(dict.fromkeys(map(self._clause, victims)))
        *others, last = clauses
        return f"{', '.join(others)}, and {last}" if others else last

    def _clause(self, victim: _Victim) -> str:
        columns, rows = ", ".join(victim.columns), self._counts.rows(victim.rows)
        fate = self._fate(fold(victim.table))
        is_copy = fate is not None and fold(victim.table) not in {fate.start, fold(fate.name)}
        table = f"{victim.table}, the copy of {fate.name}" if fate and is_copy else victim.table
        if victim.does == "delete":
            return f"delete {rows} of {table}{f' ({columns})' if columns else ''}"
        return f"set {columns} of {rows} of {table} to {victim.does}"

    # REPLACE

    def _replaces(self, step: Step) -> bool:
        verbs = {"INSERT", "UPDATE"}
        return bool(step.actions) and step.actions[0].verb in verbs and bool(step.count("DELETE", indirect=False))

    def _replaced(self, index: int, step: Step) -> Iterator[Hit]:
        if not self._replaces(step):
            return
        deleted = step.count("DELETE", indirect=False)
        [(table, rows), *_] = deleted.items()
        fate, victims = self._fate(table), [v for v in self._victims[index] if not v.trigger]
        reset = [column.name for column in _unnamed(step, fate)] if fate else []
        if not (victims or reset or (fate and fate.missing)):
            return
        message = f"REPLACE deletes {self._counts.rows(rows)} of {fate.name if fate else table}"
        if reset:
            message += f" and does not insert {', '.join(reset)} again"
        if victims:
            message += f", which would {self._clauses(victims)}"
        yield hit_at(self._file, index, REPLACED, Severity.ERROR, message)

    # Rows

    def _rows(self, fate: TableFate) -> Iterator[Hit]:
        """Yield the finding about the missing rows that no foreign key, trigger or REPLACE explains."""
        names, copies = self._aliases[fate.start], self._copies(fate)[0]
        indirect = sum(
            rows
            for index, step in enumerate(self._file.steps)
            if self._victims[index]
            for table, rows in step.count("DELETE", indirect=True).items()
            if table in names or (table in copies and self._fate(table) is None)
        )
        direct = [
            (index, step, step.count("DELETE", indirect=False))
            for index, step in enumerate(self._file.steps)
            if step.actions and step.actions[0].verb == "DELETE" and fold(step.actions[0].name) in names
        ]
        deleted = sum(rows.get(table, 0) for _, _, rows in direct for table in rows if table in names)
        rewritten = self._with_new_keys(fate, names)
        missing = fate.missing - indirect - deleted - rewritten
        severity = {Kept.NO: Severity.ERROR, Kept.PARTLY: Severity.WARNING}.get(fate.kept)
        if fate.missing and severity:
            for index, step, rows in direct:
                if step.every_row:
                    number = min(rows.get(fold(step.actions[0].name), fate.missing), fate.missing)
                    message = f"every row of {step.actions[0].name} is deleted{self._counts.total(number)}"
                    yield hit_at(self._file, index, DELETED, severity, message)
        filled = self._copying(fate)
        if rewritten and missing <= 0 and fate.rebuilt and filled is not None:
            message = f"the file changes the keys of {fate.name}, so the copy of its rows cannot be compared: check it"
            yield hit_at(self._file, filled, MOVED, Severity.WARNING, message)
        dropped = self._last("DROP_TABLE", names) if not fate.virtual else self._last("DROP_VTABLE", names)
        if missing <= 0 or severity is None or dropped is None:
            return
        if not fate.end:
            message = f"{fate.name} is dropped with its rows{self._counts.total(fate.rows)}"
            if severity is Severity.WARNING:
                message += f": only a part of it is copied, without {self._not_kept(fate)}"
                is_lost = any(column.values and column.kept is Kept.NO for column in fate.columns)
                severity = Severity.ERROR if is_lost else Severity.WARNING
            yield hit_at(self._file, dropped, DROPPED, severity, message)
        elif not fate.rows_after or (filled is None and self._is_created(names)):
            message = f"{fate.name} is created again, but its rows are not copied back{self._counts.total(fate.rows)}"
            yield hit_at(self._file, dropped, DROPPED, Severity.ERROR, message)
        else:
            yield self._left_out(fate, missing, dropped, dropped if filled is None else filled)

    def _left_out(self, fate: TableFate, missing: int, dropped: int, filled: int) -> Hit:
        """Return the finding about rows that a copy leaves out, or whose keys it changes."""
        changed = [column for column in fate.columns if column.key and column.lost]
        if changed and fate.rows_after >= fate.rows:
            keys = ", ".join(column.name for column in changed)
            columns = {name for column in changed for name in column.names}
            own = self._aliases[fate.start]  # the new table has the keys to itself under another name
            keyed = {
                key.child
                for key in self._file.steps[dropped].foreign_keys
                if fold(key.parent) in own and (not key.parent_columns or columns & set(map(fold, key.parent_columns)))
            }
            children = ", ".join(sorted({fate.name if fold(name) in own else name for name in keyed}))
            referenced = f", which {children} may reference" if children else ""
            message = f"the copy of {fate.name} changes {keys} of {self._counts.rows(missing)}{referenced}"
            severity = Severity.ERROR if children else Severity.WARNING
            return hit_at(self._file, filled, MOVED, severity, message, advice=_INSTEAD_OF_CONVERSION)
        made = self._counts.rehearsal.basis.kind is BasisKind.MADE
        left = "rows" if made else f"{missing:,} of {self._counts.rows(fate.rows)}"
        message = f"the copy leaves out {left} of {fate.name}"
        return hit_at(self._file, filled, LEFT_OUT, Severity.ERROR, message)

    def _with_new_keys(self, fate: TableFate, names: frozenset[str]) -> int:
        """Return how many of the missing rows are still there, because statements changed their keys."""
        if fate.rebuilt and self._copying(fate) is None:
            return 0
        written = self._rows_written(names)
        updated = max((_of(column, written) for column in fate.columns if column.key), default=0)
        return min(updated, max(fate.rows_after - (fate.rows - fate.missing), 0))

    def _is_created(self, names: frozenset[str]) -> bool:
        """Return whether the file creates one of the tables. If not, an earlier file may have filled it."""
        return any(fold(name) in names for step in self._file.steps for name in step.names("CREATE_TABLE"))

    def _not_kept(self, fate: TableFate) -> str:
        return ", ".join(column.name for column in fate.columns if column.values and column.kept is not Kept.YES)

    # Columns

    def _columns(self, fate: TableFate) -> Iterator[Hit]:
        names = self._aliases[fate.start]
        by_victims = {
            fold(name)
            for victims in self._victims.values()
            for victim in victims
            if fold(victim.table) in names
            for name in victim.columns
        }
        for step in self._file.steps:
            if self._replaces(step) and set(names) & set(step.count("DELETE", indirect=False)):
                by_victims |= {fold(column.name) for column in _unnamed(step, fate)}
        changed = [c for c in fate.columns if c.lost and not c.gone and not c.names & by_victims]
        for index, step in enumerate(self._file.steps):
            written = self._written(step, names) if step.every_row else frozenset()
            if overwritten := [c for c in changed if c.names & written and c.kept is not Kept.YES]:
                listed = ", ".join(f"{c.name}{self._counts.total(c.lost)}" for c in overwritten)
                message = f"every row of {step.actions[0].name} gets a new value in {listed}"
                yield hit_at(self._file, index, UPDATED, Severity.WARNING, message)
        meant = self._rows_written(names)
        # A row whose key changes is missing, and so is the key: that is in `_rows`.
        copied = [c for c in changed if c.lost > _of(c, meant) + (fate.missing if c.key else 0)]
        # An UPDATE explains other values, but not that a rebuild empties a column or fills it from another one.
        copied += [
            c for c in changed if fate.rebuilt and not c.key and (c.holds or c.nulled == c.values) and c not in copied
        ]
        emptied = [column for column in copied if fate.rebuilt and column.nulled == column.values]
        yield from self._gone_columns(fate, names, emptied)
        copied = [column for column in copied if column not in emptied]
        if copied and not fate.virtual:
            yield self._moved(fate, copied)

    def _gone_columns(self, fate: TableFate, names: frozenset[str], emptied: list[ColumnFate]) -> Iterator[Hit]:
        gone = [c for c in fate.columns if c.gone and c.values and c.kept is not Kept.YES]
        for column in gone:
            index = self._altered(column, names)
            if index is not None:
                message = f"{self._file.steps[index].actions[0].name} loses the values of {self._valued(column)}"
                yield hit_at(self._file, index, COLUMN, _severity(column), message)
        dropped = self._last("DROP_TABLE", names)
        left = [c for c in gone if self._altered(c, names) is None] + emptied
        if fate.rebuilt and left and dropped is not None:
            severity = max((_severity(column) for column in left), key=lambda item: item is Severity.ERROR)
            message = f"the rebuild of {fate.name} does not copy the values of {', '.join(map(self._valued, left))}"
            yield hit_at(self._file, dropped, COLUMN, severity, message)

    def _altered(self, column: ColumnFate, names: frozenset[str]) -> int | None:
        """Return the index of the ALTER TABLE that drops a column."""
        for index, step in enumerate(self._file.steps):
            action = step.actions[0] if step.changed_schema else None
            alters = action and action.verb == "ALTER_TABLE" and fold(action.name) in names
            if action and alters and fold(action.other) in column.names:
                return index
        return None

    def _valued(self, column: ColumnFate) -> str:
        converted = ", which may be converted elsewhere" if column.kept is Kept.PARTLY else ""
        return f"{column.name}{self._counts.total(column.values)}{converted}"

    def _moved(self, fate: TableFate, columns: Sequence[ColumnFate]) -> Hit:
        """Return the finding about a copy that changes values, or about rows that are deleted and inserted again."""
        names, listed = self._aliases[fate.start], ", ".join(f"{c.name}{self._counts.total(c.lost)}" for c in columns)
        if (index := self._copying(fate)) is None:
            steps = enumerate(self._file.steps)
            rewritten = (place for place, step in steps if any(row.table in names for row in step.rows))
            # Without such a statement, another table has taken the name.
            index = max(rewritten, default=len(self._file.steps) - 1)
            message = f"rows of {fate.name} end with other values in {listed}"
            return hit_at(self._file, index, MOVED, Severity.WARNING, message)
        words = tokens(self._file.steps[index].statement.text)
        doing = "SELECT *" if ("select", "*") in pairwise(words) else "the copy"
        moved = ", ".join(f"{c.holds} into {c.name}" for c in columns if c.holds)
        clauses = [f"puts {moved} of {fate.name}"] if moved else []
        clauses += [
            f"sets {c.name} of {self._counts.rows(c.lost)} of {fate.name} to "
            f"{'NULL' if c.nulled == c.lost else 'one value'}"
            for c in columns
            if not c.holds and (c.nulled == c.lost or (c.constant and c.lost == c.values))
        ]
        if clauses:
            message = f"{doing} {', '.join(clauses)}"
            return hit_at(self._file, index, MOVED, Severity.ERROR, message)
        message = f"the copy of {fate.name} changes values of {listed}"
        return hit_at(self._file, index, MOVED, Severity.WARNING, message, advice=_INSTEAD_OF_CONVERSION)

    # Statements

    def _written(self, step: Step, names: frozenset[str]) -> frozenset[str]:
        """Return the folded columns of a table that an UPDATE, an UPSERT or a REPLACE writes."""
        action = step.actions[0] if step.actions else None
        if action is None or fold(action.name) not in names or action.verb not in {"UPDATE", "INSERT"}:
            return frozenset()
        written = {
            fold(other.other)
            for other in step.actions
            if not other.trigger and (other.verb, other.name) == ("UPDATE", action.name)
        }
        if action.verb == "INSERT" and step.count("DELETE", indirect=False):
            written |= _inserted(step) or {fold(c.name) for fate in self._file.fates for c in fate.columns}
        return frozenset(written)

    def _rows_written(self, names: frozenset[str]) -> Counter[str]:
        """Return the number of rows of a table in which the statements meant to replace values, by folded column."""
        rows: Counter[str] = Counter()
        for step in self._file.steps:
            direct = (row for row in step.rows if row.table in names and not row.indirect)
            number = sum(row.rows for row in direct if row.verb != "INSERT" and not row.fills)
            rows.update(dict.fromkeys(self._written(step, names), number))
        return rows

    def _last(self, verb: str, names: frozenset[str]) -> int | None:
        """Return the index of the last statement that does this to one of the names."""
        found = [
            index
            for index, step in enumerate(self._file.steps)
            if step.actions and step.actions[0].verb == verb and fold(step.actions[0].name) in names
        ]
        return found[-1] if found else None

    def _copying(self, fate: TableFate) -> int | None:
        """Return the index of the last statement that copies rows of a table, or of a copy, back into it."""
        return self._copies(fate)[1]

    def _copies(self, fate: TableFate) -> tuple[set[str], int | None]:
        """Return the tables that get rows of a table, and the last statement that copies some back into it."""
        names, sources, found = self._aliases[fate.start], {fate.start, fold(fate.name)}, None
        for index, step in enumerate(self._file.steps):
            action = step.actions[0] if step.actions else None
            change = parse_alter_table(step.statement.text) if step.changed_schema else None
            if action and change and change.kind is AlterKind.RENAME_TABLE and fold(action.name) in sources:
                sources.add(change.new)
            elif action and action.verb in {"INSERT", "CREATE_TABLE"} and sources & _others(step, action):
                sources.add(fold(action.name))
                found = index if fold(action.name) in names else found
        return sources, found


def _others(step: Step, action: Action) -> set[str]:
    """Return the tables that a statement reads. CREATE TABLE reads the new table itself, for its keys."""
    return {table for table, _ in step.reads} - {fold(action.name)}


def _aliases(fate: TableFate, steps: Sequence[Step]) -> frozenset[str]:
    """Return the folded names that a table, and the one that replaces it, have in a file."""
    names = {fate.start, fold(fate.name), fate.end} - {""}
    for step in steps:
        change = parse_alter_table(step.statement.text) if step.changed_schema else None
        if change and change.kind is AlterKind.RENAME_TABLE and {change.new, fold(step.actions[0].name)} & names:
            names |= {change.new, fold(step.actions[0].name)}
    return frozenset(names)


def _severity(column: ColumnFate) -> Severity:
    return Severity.WARNING if column.kept is Kept.PARTLY else Severity.ERROR


def _of(column: ColumnFate, rows: Counter[str]) -> int:
    """Return the rows of a column, whatever its name was."""
    return sum(rows[name] for name in column.names)


def _unnamed(step: Step, fate: TableFate) -> Iterator[ColumnFate]:
    """Yield the columns that a REPLACE changes without naming them."""
    named = _inserted(step)
    if named and step.actions[0].verb == "INSERT":
        yield from (column for column in fate.columns if column.lost and not column.names & named)


def _inserted(step: Step) -> set[str]:
    """Return the folded columns that an INSERT names; empty if it names none."""
    words = tokens(step.statement.text)
    match words[words.index("into") + 1 :] if "into" in words else ():
        case (_, ".", _, "as", _, "(", *rest) | (_, ".", _, "(", *rest) | (_, "as", _, "(", *rest) | (_, "(", *rest):
            return set(rest[: rest.index(")")])
    return set()


def _no_protection(file: RehearsedFile, step: int) -> str:
    """Return a clause for each PRAGMA before the step that looks as if it helped."""
    clauses = ""
    for before in file.steps[:step]:
        for action in before.actions:
            match fold(action.name):
                case "foreign_keys" if action.other and not is_on(action.other):
                    why = "has no effect on D1"
                case "defer_foreign_keys" if action.other and is_on(action.other):
                    why = "delays checks, not this"
                case _:
                    continue
            clauses += f"; PRAGMA {action.name} = {action.other} in line {before.statement.line} {why}"
    return clauses
