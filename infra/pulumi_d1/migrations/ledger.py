"""The SQL of wrangler's ledger table, to the byte as wrangler 4.164.0 writes it. Pure.

The table belongs to the user and to wrangler. It holds nothing of ours, so either tool can take over. Only while an
import runs, it has a row whose name is not that of a file (docs/adr/0018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.sqlite.names import is_internal_name
from pulumi_d1.sqlite.statements import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEFAULT_TABLE = "d1_migrations"

_UNFINISHED = " (import not finished)"
_BATCHES = " (in batches since bookmark "


def create(table: str) -> str:
    """Create the ledger if it does not exist. SQLite keeps this text, white space included, in its schema."""
    columns = (
        "id         INTEGER PRIMARY KEY AUTOINCREMENT",
        "name       TEXT UNIQUE",
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL",
    )
    return f"CREATE TABLE IF NOT EXISTS {quoted(table)}(\n\t\t" + ",\n\t\t".join(columns) + "\n);"


def select(table: str) -> str:
    """Select the ledger's id, name and applied_at, oldest first."""
    return f"SELECT *\n\t\tFROM {quoted(table)}\n\t\tORDER BY id"


def select_with_schema(table: str) -> str:
    """Select the schema, as pulumi_d1.sqlite.schema.SELECT does, and the ledger, whose rows have no type.

    D1 refuses the statement if the table does not exist or lacks wrangler's columns.
    """
    of_schema = "SELECT type, name, tbl_name, sql, NULL AS applied_at, rowid AS place FROM sqlite_master"
    of_ledger = f"SELECT NULL, name, NULL, NULL, applied_at, id FROM {quoted(table)}"
    return f"{of_schema} WHERE sql IS NOT NULL UNION ALL {of_ledger} ORDER BY place"


def insert(table: str, name: str) -> str:
    """Record the migration `name` as applied."""
    return f"INSERT INTO {quoted(table)} (name)\nvalues ({quoted_text(name)});"


def refuse_second_run(table: str, name: str) -> str:
    """Violate the ledger's primary key if it lists `name`; otherwise change nothing.

    As a script's first statement, it stops a late second run before that repeats any statement of the file.
    """
    into = f"INSERT INTO {quoted(table)} (id, name)"
    return f"{into}\nSELECT id, name FROM {quoted(table)} WHERE name = {quoted_text(name)};"


def begin_import(table: str, name: str) -> str:
    """Record that the import of `name` has begun. Fails if another one has."""
    return insert(table, unfinished(name))


def finish_import(table: str, name: str) -> str:
    """Record `name` as applied, in the row of `begin_import`."""
    return f"UPDATE {quoted(table)}\nSET name = {quoted_text(name)} WHERE name = {quoted_text(unfinished(name))};"


def unfinished(name: str) -> str:
    """Return the ledger's name of a file whose import has begun and not ended."""
    return f"{name}{_UNFINISHED}"


def unfinished_imports(names: Iterable[str]) -> tuple[str, ...]:
    """Return the files whose imports have begun and not ended, of the names in a ledger."""
    return tuple(name.removesuffix(_UNFINISHED) for name in names if name.endswith(_UNFINISHED))


def begin_batches(table: str, name: str, bookmark: str) -> str:
    """Record that the batches of `name` have begun, with the bookmark from before, unless they have already."""
    row = quoted_text(f"{name}{_BATCHES}{bookmark})")
    return (
        f"INSERT INTO {quoted(table)} (name)\nSELECT {row} WHERE NOT EXISTS "
        f"(SELECT 1 FROM {quoted(table)} WHERE {_is_begun(name)});"
    )


def refuse_batch(table: str, name: str, condition: str) -> str:
    """Violate the ledger's primary key if the rows of `condition` exist; otherwise change nothing."""
    return (
        f"INSERT INTO {quoted(table)} (id, name)\nSELECT id, name FROM {quoted(table)} "
        f"WHERE {_is_begun(name)} AND EXISTS ({condition});"
    )


def finish_batches(table: str, name: str, condition: str) -> str:
    """Record `name` as applied, in the row of `begin_batches`, unless rows of `condition` exist."""
    return (
        f"UPDATE {quoted(table)}\nSET name = {quoted_text(name)}, applied_at = CURRENT_TIMESTAMP "
        f"WHERE {_is_begun(name)} AND NOT EXISTS ({condition});"
    )


def swap(table: str, name: str, replaced: Sequence[str]) -> str:
    """Record `name` in the first of the rows of `replaced`, and delete the others.

    Violate the ledger's primary key if one of them is missing; otherwise the order of all other rows stays. A ledger
    that somebody else created may list a file twice.
    """
    rows = f"FROM {quoted(table)} WHERE name IN ({', '.join(map(quoted_text, replaced))})"
    return (
        f"INSERT INTO {quoted(table)} (id, name)\nSELECT id, name FROM {quoted(table)} "
        f"WHERE (SELECT count(DISTINCT name) {rows}) <> {len(replaced)};\n"
        f"UPDATE {quoted(table)}\nSET name = {quoted_text(name)}, applied_at = CURRENT_TIMESTAMP "
        f"WHERE id = (SELECT min(id) {rows});\n"
        f"DELETE {rows};"
    )


def lists(table: str, name: str) -> str:
    """Count the rows of `name`."""
    return f"SELECT count(*) AS number FROM {quoted(table)} WHERE name = {quoted_text(name)};"


def begun_batches(row: str) -> tuple[str, str]:
    """Return the file and the bookmark in the row of `begin_batches`."""
    name, _, rest = row.partition(_BATCHES)
    return name, rest.removesuffix(")")


def is_begun(name: str) -> bool:
    """Return whether a name in a ledger is that of batches that have begun."""
    return _BATCHES in name


def _is_begun(name: str) -> str:
    start = f"{name}{_BATCHES}"
    return f"substr(name, 1, {len(start)}) = {quoted_text(start)}"


def exists(table: str) -> str:
    """Select one row if the ledger exists."""
    return f"SELECT name FROM sqlite_master WHERE type = 'table' AND name = {quoted_text(table)} COLLATE NOCASE"


def is_allowed_name(table: str) -> bool:
    """Return whether a user's table can have this name."""
    return not is_internal_name(table)
