"""Why a table is not a ledger, or a row of it names no file. Pure. No value of a row except its id is in a message."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.other_ledgers import keep, kept_name, replaced_ledger, replacement
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_d1.sqlite.schema import SchemaObject

_COLUMNS: Final = ("id", "name")
"""The columns that wrangler reads; its own ledgers have applied_at too."""

_MOST_ROWS: Final = 5


def table_fault(objects: Iterable[SchemaObject], table: str) -> str:
    """Return why the object that `migrationsTable` names is not a ledger; empty if it is one, or does not exist.

    Args:
        objects: The live schema.
    """
    item = next((item for item in objects if fold(item.name) == fold(table) and item.type != "trigger"), None)
    if item is None or _is_wranglers(item, table) or not (reason := _reason(item, table)):
        return ""
    return (
        f"migrationsTable is '{table}', but that is no ledger: {reason}. A ledger is a table with the columns id, name "
        f"and applied_at, as wrangler creates it. {_cure(item, table)}"
    )


def row_fault(rows: Sequence[tuple[Any, Any]], table: str) -> str:
    """Return which rows of a ledger do not name one file each; empty if all of them do.

    Args:
        rows: Id and name of each row, as D1 returned them.
    """
    faults: list[tuple[Any, str]] = []
    first_ids: dict[str, Any] = {}
    for id_, name in rows:
        if not is_name(name):
            faults.append((id_, f"{_kind(name)} as its name"))
        elif name in first_ids:
            faults.append((id_, f"the same name as {_row(first_ids[name])}"))
        else:
            first_ids[name] = id_
    if not faults:
        return ""
    listed = "; ".join(f"{_row(id_)} has {what}" for id_, what in faults[:_MOST_ROWS])
    more = f"; and {len(faults) - _MOST_ROWS:,} more" if len(faults) > _MOST_ROWS else ""
    number = next((id_ for id_, _ in faults if isinstance(id_, int)), None)
    example = "" if number is None else f": DELETE FROM {quoted(table)} WHERE id = {number}"  # noqa: S608 - quoted
    return (
        f"the ledger {table} is damaged: {listed}{more}. Set the name to that of the file that the row records. If it "
        f"records none, delete it with 'wrangler d1 execute'{example}"
    )


def is_name(value: Any) -> bool:
    """Return whether the value of a ledger's `name` can be that of a file."""
    return isinstance(value, str) and value != ""


def _is_wranglers(item: SchemaObject, table: str) -> bool:
    """Return whether a table is as wrangler creates it, in the text that SQLite keeps of it."""
    return item.sql == ledger.create(table).replace("IF NOT EXISTS ", "").removesuffix(";")


def _reason(item: SchemaObject, table: str) -> str:
    """Return why an object is not a ledger, from an empty copy of it; empty if wrangler can read and write it."""
    if item.type != "table" or item.is_virtual:
        return (
            "it is a virtual table" if item.is_virtual else f"it is {'a' if item.type == 'view' else 'an'} {item.type}"
        )
    with suppress(SqlError):  # what the local SQLite cannot create, D1 may still use
        copy = schema.build([item])
        columns = schema.column_names(copy, item.name)
        if missing := [column for column in _COLUMNS if column not in columns]:
            return f"it has no column {' and no column '.join(missing)}"
        try:
            run_script(copy, ledger.insert(table, "0001.sql"))
        except SqlError as error:
            if "NOT NULL" in str(error):
                return f"a row cannot have a name alone ({error})"
    return ""


def _cure(item: SchemaObject, table: str) -> str:
    """Return what to do about a table that is no ledger, with the SQL if it has the name of wrangler's."""
    if other := replaced_ledger((item,), table):
        by_hand = replacement(other)
        return (
            f"{other.tool} creates such a table. 'd1 baseline' finds the files that its rows stand for, proves the "
            f"schema, and creates wrangler's ledger. It keeps the old table as {kept_name(item.name)}"
            + (f". This SQL does the same without the proof:\n{by_hand}" if by_hand else "")
        )
    baseline = "mark the files that the database already has: 'd1 baseline'"
    if fold(table) != ledger.DEFAULT_TABLE:
        return f"Set migrationsTable to a name that is free, such as {ledger.DEFAULT_TABLE}, and then {baseline}"
    if item.type != "table":
        return f"Set migrationsTable to a name that is free, and then {baseline}"
    return f"Rename the table, and then {baseline}. To rename it:\n{keep(item.name)}"


def _kind(value: Any) -> str:
    if value is None:
        return "NULL"
    if value == "":
        return "an empty text"
    return "a number" if isinstance(value, int | float) else "a blob"


def _row(id_: Any) -> str:
    if isinstance(id_, int | float | str):
        return f"the row with id {id_!a}"
    return f"a row with {_kind(id_)} as its id"
