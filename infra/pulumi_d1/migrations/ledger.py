"""wrangler's ledger table, statement by statement as wrangler 4.164.0 writes it. Pure text.

The table is the user's and wrangler's; nothing of ours is stored in it, so that either tool can take over.
"""

from __future__ import annotations

from pulumi_d1.sqlite.statements import quoted

DEFAULT_TABLE = "d1_migrations"


def create(table: str) -> str:
    """Creates the ledger if it is not there. SQLite keeps this text, white space included, in its schema."""
    columns = (
        "id         INTEGER PRIMARY KEY AUTOINCREMENT",
        "name       TEXT UNIQUE",
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL",
    )
    return f"CREATE TABLE IF NOT EXISTS {quoted(table)}(\n\t\t" + ",\n\t\t".join(columns) + "\n);"


def select(table: str) -> str:
    """Reads the ledger: id, name, applied_at, oldest first."""
    return f"SELECT *\n\t\tFROM {quoted(table)}\n\t\tORDER BY id"


def select_with_schema(table: str) -> str:
    """Reads the schema, as pulumi_d1.sqlite.schema.SELECT does, and the ledger, whose rows have no type: one statement.

    It is refused where there is no such table, or one without wrangler's columns.
    """
    of_schema = "SELECT type, name, tbl_name, sql, NULL AS applied_at, rowid AS place FROM sqlite_master"
    of_ledger = f"SELECT NULL, name, NULL, NULL, applied_at, id FROM {quoted(table)}"  # noqa: S608 - quoted
    return f"{of_schema} WHERE sql IS NOT NULL UNION ALL {of_ledger} ORDER BY place"


def insert(table: str, name: str) -> str:
    """Records that the migration `name` is applied."""
    return f"INSERT INTO {quoted(table)} (name)\nvalues ({_literal(name)});"


def exists(table: str) -> str:
    """Asks for one row if the ledger is there."""
    return f"SELECT name FROM sqlite_master WHERE type = 'table' AND name = {_literal(table)}"  # noqa: S608 - quoted


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
