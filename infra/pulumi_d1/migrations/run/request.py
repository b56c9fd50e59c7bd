"""What is sent for migrations: their text and their ledger rows, as one transaction. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite.bulk_inserts import iter_condensed
from pulumi_d1.sqlite.statements import (
    Statement,
    comments,
    creates_trigger,
    is_terminated,
    iter_statements,
    may_have_comments,
    normalize_newlines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.migrations.folder import Migration

LARGE_BYTES: Final = 1_000_000
"""From here on a file is bulk data, which D1 documents imports for; a query has 30 s, an import has no limit known."""

_MISREAD: Final = "'\"`;"
_PRAGMA: Final = re.compile(r"pragma\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One migration of a request.

    Attributes:
        name: as it stands in the ledger.
        pieces: the script, ledger row included; in pieces, so that a large file's text is in memory once.
    """

    name: str
    pieces: tuple[str, ...]


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
    def pieces(self) -> tuple[str, ...]:
        """The script of all of them, in pieces."""
        return tuple(piece for part in self.parts for piece in part.pieces)

    @property
    def sql(self) -> str:
        """The script of all of them."""
        return "".join(self.pieces)


def make_request(
    migration: Migration, folder: str, table: str, statements: Iterable[Statement] | None = None
) -> Request:
    """What applies `migration` and records it in the ledger `table`. A seed is applied so too, without the record.

    The database ends up as wrangler would leave it, but the way differs: the ledger is created in the same transaction,
    so that a refused first file leaves no trace; comments between statements of a query stay here; a forgotten last
    semicolon is added; what Cloudflare's /query is known to cut in the wrong place goes as an import, which cuts it
    right; a large file goes that way too. A PRAGMA holds until the end of its transaction, so its file shares none. It
    stays a query where it can: foreign_keys=OFF is reported to do nothing there, which is wrangler's way, and to work
    in an import.

    Args:
        migration: the file.
        folder: where it lies, as the user wrote it; for the message.
        table: name of the ledger; empty for a file that is not recorded.
        statements: what `iter_condensed` gives for its text; None where nobody has cut it yet.

    Raises:
        ConfigError: the file's last string, comment or trigger is not closed, and would swallow the ledger row.
    """
    text = normalize_newlines(migration.sql)
    is_large = len(text) > LARGE_BYTES or len(text.encode()) > LARGE_BYTES
    every = () if is_large else tuple(iter_statements(text))
    last, has_pragma = None, False
    for last in every or statements or iter_condensed(text):
        has_pragma = has_pragma or _PRAGMA.match(last.text) is not None
    if last and not is_terminated(_closed(last)):
        raise ConfigError(
            f"{folder}/{migration.name}:{last.line}: the statement that starts here opens a string, comment "
            "or trigger that is never closed: close it"
        )
    as_import = (is_large and not has_pragma) or any(map(_is_cut_wrong, every or iter_statements(text)))
    body = _whole(text, last) if as_import else "".join(map(_closed, every or iter_statements(text)))
    recorded = (f"{ledger.create(table)}\n", body, f"\n{ledger.insert(table, migration.name)}\n")
    pieces = recorded if table else (body,)
    return Request((Part(migration.name, pieces),), as_import, alone=as_import or has_pragma)


def _closed(statement: Statement) -> str:
    """A statement with its semicolon, on lines of its own."""
    return f"{statement.text.removesuffix(';')};\n"


def _whole(text: str, last: Statement | None) -> str:
    """The text of a file, for an import, which cuts it right whatever its comments hold; not copied where it can be.

    Args:
        text: the file's.
        last: its last statement; None where it has none, and there is nothing to send.
    """
    if last is None:
        return ""
    return text if is_terminated(text[last.offset :]) else f"{text[: last.offset]}{_closed(last)}"


def _is_cut_wrong(statement: Statement) -> bool:
    """Whether /query is known to fail on it.

    It does on many triggers (workers-sdk#15690, #15314, #14991), and on comments that hold a quote (#4713) or a
    semicolon (#3892).
    """
    if creates_trigger(statement):
        return True
    text = statement.text
    return may_have_comments(text) and any(set(comment.text) & set(_MISREAD) for comment in comments(text))
