"""What is sent for one migration: its text and its ledger row, as one transaction. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.errors import ConfigError
from infra.migrations import ledger
from infra.sqlite.statements import Statement, comments, creates_trigger, is_terminated, normalize_newlines, split

if TYPE_CHECKING:
    from infra.migrations.folder import Migration

_MISREAD = "'\"`;"


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

    The database ends up as wrangler would leave it, but the way differs: the ledger is created in the same transaction,
    so that a refused first file leaves no trace; comments between statements stay here; a forgotten last semicolon is
    added; and what Cloudflare's /query is known to cut in the wrong place goes as an import, which cuts it right.

    Args:
        migration: the file.
        folder: where it lies, as the user wrote it; for the message.
        table: name of the ledger.

    Raises:
        ConfigError: the file's last string, comment or trigger is not closed, and would swallow the ledger row.
    """
    statements = split(normalize_newlines(migration.sql))
    body = "".join(f"{statement.text.removesuffix(';')};\n" for statement in statements)
    if not is_terminated(body):
        raise ConfigError(
            f"{folder}/{migration.name}:{statements[-1].line}: the statement that starts here opens a string, comment "
            "or trigger that is never closed: close it"
        )
    script = f"{ledger.create(table)}\n{body}{ledger.insert(table, migration.name)}"
    return Request(script, as_import=any(_is_cut_wrong(statement) for statement in statements))


def _is_cut_wrong(statement: Statement) -> bool:
    """Whether /query is known to fail on it.

    It does on many triggers (workers-sdk#15690, #15314, #14991), and on comments that hold a quote (#4713) or a
    semicolon (#3892).
    """
    return creates_trigger(statement) or any(set(comment.text) & set(_MISREAD) for comment in comments(statement.text))
