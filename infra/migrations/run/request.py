"""What is sent for migrations: their text and their ledger rows, as one transaction. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.errors import ConfigError
from infra.migrations import ledger
from infra.sqlite.statements import Statement, comments, creates_trigger, is_terminated, normalize_newlines, split

if TYPE_CHECKING:
    from infra.migrations.folder import Migration

LARGE_BYTES: Final = 1_000_000
"""From here on a file is bulk data, which D1 documents imports for; a query has 30 s, an import has no limit known."""

_MISREAD: Final = "'\"`;"
_PRAGMA: Final = re.compile(r"pragma\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One migration of a request.

    Attributes:
        name: as it stands in the ledger.
        sql: the script, ledger row included.
    """

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Request:
    """One transaction.

    Attributes:
        parts: the migrations, in order.
        as_import: whether it goes as an import, not as a query.
        alone: whether it can't share a request.
    """

    parts: tuple[Part, ...]
    as_import: bool = False
    alone: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of its migrations."""
        return tuple(part.name for part in self.parts)

    @property
    def sql(self) -> str:
        """The script of all of them."""
        return "\n".join(part.sql for part in self.parts)


def make_request(migration: Migration, folder: str, table: str) -> Request:
    """What applies `migration` and records it in the ledger `table`. A seed is applied so too, without the record.

    The database ends up as wrangler would leave it, but the way differs: the ledger is created in the same transaction,
    so that a refused first file leaves no trace; comments between statements stay here; a forgotten last semicolon is
    added; what Cloudflare's /query is known to cut in the wrong place goes as an import, which cuts it right; a large
    file goes that way too. A PRAGMA holds until the end of its transaction, so its file shares none. It stays a query
    where it can: foreign_keys=OFF is reported to do nothing there, which is wrangler's way, and to work in an import.

    Args:
        migration: the file.
        folder: where it lies, as the user wrote it; for the message.
        table: name of the ledger; empty for a file that is not recorded.

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
    script = f"{ledger.create(table)}\n{body}{ledger.insert(table, migration.name)}" if table else body
    has_pragma = any(_PRAGMA.match(statement.text) for statement in statements)
    as_import = any(map(_is_cut_wrong, statements)) or (len(script.encode()) > LARGE_BYTES and not has_pragma)
    return Request((Part(migration.name, script),), as_import, alone=as_import or has_pragma)


def _is_cut_wrong(statement: Statement) -> bool:
    """Whether /query is known to fail on it.

    It does on many triggers (workers-sdk#15690, #15314, #14991), and on comments that hold a quote (#4713) or a
    semicolon (#3892).
    """
    return creates_trigger(statement) or any(set(comment.text) & set(_MISREAD) for comment in comments(statement.text))
