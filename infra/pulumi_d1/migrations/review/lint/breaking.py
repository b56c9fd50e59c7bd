"""4xx: what the running code does not survive. Workers are deployed gradually, and rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_d1.migrations.contract import is_contract
from pulumi_d1.migrations.other_ledgers import tool_of
from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.finding import Rule, hit_at
from pulumi_d1.sqlite.alter_table import AlterKind, parse_alter_table
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import check_expressions, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, RehearsedFile
    from pulumi_d1.migrations.review.lint.finding import Hit
    from pulumi_d1.sqlite.observation import Step
    from pulumi_d1.sqlite.schema import Column, Schema, SchemaObject

_WHY: Final = (
    "pulumi up changes the schema before the new code runs everywhere. Workers roll out gradually and are rolled back, "
    "so the previous version also runs on the new schema for a while. "
)
_CONTRACT: Final = (
    "Once only that code runs, let a second file contract the schema. Begin it with -- d1:contract and a reason: it "
    "waits for d1 contract release, and has no such finding. d1 explain compatibility has the steps."
)

GONE: Final = Rule(
    "D401",
    "a table that the running code uses is gone",
    f"{_WHY}Each of its queries on a table or view that is dropped or renamed fails with 'no such table'.",
    "Expand first: create the new table, or a view with the new name, beside the old one. Deploy code that uses it. "
    f"{_CONTRACT}",
    Problem.BREAKING,
)
COLUMN_GONE: Final = Rule(
    "D402",
    "a column that the running code uses is gone",
    f"{_WHY}Each of its queries on a column that is dropped or renamed fails with 'no such column'.",
    "Expand first: add the new column, fill it with an UPDATE, and deploy code that writes both and reads the new one. "
    f"{_CONTRACT}",
    Problem.BREAKING,
)
REQUIRED: Final = Rule(
    "D403",
    "a column that the running code may leave out is required",
    f"{_WHY}Each of its INSERTs that leaves out a NOT NULL column without a default fails. A column that has a value "
    "in every row now does not count.",
    "Give the column a default: NOT NULL DEFAULT ''. If there is none, leave it nullable and deploy code that always "
    f"writes it. {_CONTRACT}",
    Problem.BREAKING,
)
TIGHTER: Final = Rule(
    "D404",
    "a CHECK may refuse what the running code writes",
    f"{_WHY}Each of its writes that a new CHECK does not accept fails. A list in a CHECK that only grows is accepted.",
    "Expand first: deploy code that writes only what the CHECK accepts, and repair the rows with an UPDATE. "
    f"{_CONTRACT}",
    Problem.BREAKING,
)
RULES: Final = (GONE, COLUMN_GONE, REQUIRED, TIGHTER)

LOSSES: Final = {GONE.code: "D102", COLUMN_GONE.code: "D103"}
"""The rule about the rows that the same statement loses. Who allows that has thought of the code."""

_DROPS: Final = frozenset({"DROP_TABLE", "DROP_VTABLE", "DROP_VIEW"})


def hits(rehearsal: Rehearsal) -> Iterator[Hit]:
    """Yield the findings of this family: the schema before the files compared with the one after them."""
    before, after = rehearsal.before, rehearsal.after
    places = _Places(rehearsal)
    relations = {name for type_, name in after.objects if type_ in {"table", "view"}}
    for (type_, name), item in before.objects.items():
        if type_ not in {"table", "view"} or tool_of(name):
            continue
        if name not in relations:
            yield from _gone(item, places)
        elif type_ == "table" and (type_, name) in after.objects and not item.is_virtual:
            yield from _columns(item, before, after, places, _with_nulls(rehearsal, name))
            yield from _checks(item, before, after, places)


class _Places:
    """The statements of the pending files, without those of contract files."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._steps = [
            (file, index, step)
            for file in rehearsal.files
            if not is_contract(file.migration.sql)
            for index, step in enumerate(file.steps)
            if step.changed_schema and step.actions
        ]

    def removal(self, name: str) -> tuple[RehearsedFile, int, str] | None:
        """Return the statement that drops or renames a table or view, and its new name; None if there is none."""
        for file, index, step in reversed(self._steps):
            change = parse_alter_table(step.statement.text)
            if change and change.kind is AlterKind.RENAME_TABLE and fold(step.actions[0].name) == name:
                return file, index, change.new
            if any(action.verb in _DROPS and fold(action.name) == name for action in step.actions):
                return file, index, ""
        return None

    def change(self, table: str, column: str) -> tuple[RehearsedFile, int, str] | None:
        """Return the last statement that changed a column, and its new name; that of a rebuild if none did."""
        rebuilt = None
        for file, index, step in reversed(self._steps):
            change = parse_alter_table(step.statement.text)
            if change and change.kind is AlterKind.RENAME_COLUMN and _alters(step, table) and change.old == column:
                return file, index, change.new
            if change and change.kind is AlterKind.RENAME_TABLE and change.new == table:
                rebuilt = rebuilt or (file, index, "")
            elif _alters(step, table) and column in tokens(step.statement.text):
                return file, index, ""
        return rebuilt


def _alters(step: Step, table: str) -> bool:
    return fold(step.actions[0].name) == table and step.actions[0].verb in {"ALTER_TABLE", "CREATE_TABLE"}


def _gone(item: SchemaObject, places: _Places) -> Iterator[Hit]:
    if found := places.removal(fold(item.name)):
        file, index, new = found
        does = f"is renamed to {new}" if new else "is dropped"
        message = f"{item.name} {does}: code that is running then has no such {item.type}"
        yield hit_at(file, index, GONE, Severity.ERROR, message)


def _with_nulls(rehearsal: Rehearsal, table: str) -> set[str]:
    """Return the folded columns of a table in which some live row has no value, so that code does leave them out."""
    if rehearsal.basis.kind is BasisKind.MADE:
        return set()
    fates = (fate for file in rehearsal.files for fate in file.fates if fate.start == table)
    return {fold(column.name) for fate in fates for column in fate.columns if column.values < fate.rows}


def _columns(item: SchemaObject, before: Schema, after: Schema, places: _Places, with_nulls: set[str]) -> Iterator[Hit]:
    table = fold(item.name)
    olds = {fold(column.name): column for column in before.columns[table]}
    news = {fold(column.name): column for column in after.columns[table]}
    renamed = set[str]()
    for name, old in olds.items():
        if name not in news and (found := places.change(table, name)):
            file, index, new = found
            renamed.add(new)
            does = f"is renamed to {new}" if new else "is dropped"
            message = f"{item.name}.{old.name} {does}: code that is running then has no such column"
            yield hit_at(file, index, COLUMN_GONE, Severity.ERROR, message)
    for name, column in news.items():
        was = olds.get(name)
        is_left_out = name not in renamed if was is None else was.default is not None or name in with_nulls
        if is_left_out and _is_required(column) and not _is_required(was) and (found := places.change(table, name)):
            file, index, _ = found
            message = f"{item.name}.{column.name} is NOT NULL without a default: running code may leave it out"
            yield hit_at(file, index, REQUIRED, Severity.ERROR, message)


def _is_required(column: Column | None) -> bool:
    """Return whether an INSERT must name a column. SQLite itself gives a value to INTEGER PRIMARY KEY."""
    if column is None or column.generated or (column.primary_key and fold(column.type) == "integer"):
        return False
    return column.not_null and (column.default is None or fold(column.default) == "null")


def _checks(item: SchemaObject, before: Schema, after: Schema, places: _Places) -> Iterator[Hit]:
    table = fold(item.name)
    known = {fold(column.name) for column in before.columns[table]}
    olds = [tokens(text) for _, text in check_expressions(item.sql)]
    for _, text in check_expressions(after.objects["table", table].sql):
        words = tokens(text)
        column = next((word for word in words if word in known), "")
        is_looser = words in olds or any(_only_grows(old, words) for old in olds)
        if column and not is_looser and (found := places.change(table, column)):
            message = f"{item.name} gets CHECK ({' '.join(text.split())}): running code may write what it refuses"
            yield hit_at(*found[:2], TIGHTER, Severity.ERROR, message)


def _only_grows(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Return whether two expressions are `column IN (...)`, and the new list has all values of the old one."""
    match old, new:
        case (before, "in", "(", *fewer, ")"), (after, "in", "(", *more, ")") if before == after:
            return set(fewer) <= set(more)
    return False
