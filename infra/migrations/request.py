"""What is sent for one migration: its text and its ledger row, as one transaction. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.errors import ConfigError
from infra.migrations import ledger
from infra.sqlite.statements import creates_trigger, is_terminated, normalize_newlines, split

if TYPE_CHECKING:
    from infra.migrations.folder import Migration


@dataclass(frozen=True, slots=True)
class Request:
    """One transaction.

    Attributes:
        sql: the script, ledger row included.
        as_import: whether it goes as an import, not as a query.
    """

    sql: str
    as_import: bool


def make_request(migration: Migration, folder: str, table: str) -> Request:
    """What applies `migration` and records it in the ledger `table`.

    Differs from wrangler's in ways that do not show in the result: the ledger is created in the same transaction, so
    that a refused first file leaves no trace; a forgotten last semicolon is added; and a file with a trigger goes as an
    import, since Cloudflare's /query cuts many triggers in the wrong place (workers-sdk#15690).

    Args:
        migration: the file.
        folder: where it lies, as the user wrote it; for the message.
        table: name of the ledger.

    Raises:
        ConfigError: the file's last comment, string or trigger is not closed, and would swallow the ledger row.
    """
    sql = normalize_newlines(migration.sql)
    if not is_terminated(sql):
        sql += "\n;"
    statements = split(sql)
    if not is_terminated(sql):
        line = statements[-1].line if statements else 1
        raise ConfigError(
            f"{folder}/{migration.name}:{line}: a comment, string or trigger is opened here or after and never closed: "
            "close it"
        )
    script = f"{ledger.create(table)}\n{sql}\n{ledger.insert(table, migration.name)}"
    return Request(script, as_import=any(creates_trigger(statement) for statement in statements))
