"""Make the request for a migration: its text and its ledger row. Pure.

A query is one transaction. Whether an import is one is not known (docs/adr/0018), so its script relies on neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.batches import read_batches
from pulumi_d1.migrations.importing import is_split_wrongly
from pulumi_d1.sqlite.bulk_inserts import iter_condensed
from pulumi_d1.sqlite.statements import (
    Statement,
    is_terminated,
    iter_statements,
    normalize_newlines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_d1.migrations.batches import BatchStatement
    from pulumi_d1.migrations.folder import Migration

LARGE_BYTES: Final = 1_000_000
"""The size of bulk data, for which D1 documents imports. A query is limited to 30 s; no limit of an import is known."""

_PRAGMA: Final = re.compile(r"pragma\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequestPart:
    """One migration of a request.

    Attributes:
        pieces: The script, ledger row included; in pieces, so that a large file's text is in memory only once.
    """

    name: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. The ledger lists a migration only if all of its statements ran.

    Attributes:
        parts: The migrations, in order.
        as_import: True if it is sent as an import, not as a query.
        alone: True if it cannot share a request.
        batches: The statement that is sent in batches; None if the script is sent as it is.
        replaces: The names in the ledger that the file's own takes the place of.
    """

    parts: tuple[RequestPart, ...]
    as_import: bool = False
    alone: bool = False
    batches: BatchStatement | None = None
    replaces: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the migrations."""
        return tuple(part.name for part in self.parts)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The whole script, in pieces."""
        return tuple(piece for part in self.parts for piece in part.pieces)

    @property
    def sql(self) -> str:
        """The whole script."""
        return "".join(self.pieces)


def make_request(
    migration: Migration, folder: str, table: str, statements: Iterable[Statement] | None = None
) -> Request:
    """Return the request that applies a migration and records it in the ledger, or that runs a seed.

    The database ends up as wrangler would leave it, but this request differs from wrangler's:

    - It creates the ledger in the same request, so a refused first file leaves no trace.
    - It begins with a statement that fails if the ledger lists the file, so a late second run repeats nothing.
    - An import marks the file as begun before its first statement, and as applied after the last.
    - A query leaves out the comments between statements.
    - A missing last semicolon is added.
    - A squashed file that takes the place of applied ones only swaps their rows in the ledger.
    - A large file, and one that Cloudflare's /query splits wrongly, is sent as an import, which splits it correctly.

    A PRAGMA holds until its transaction ends, so its file shares no request. If possible, such a file stays a query:
    foreign_keys=OFF is reported to do nothing there, as with wrangler, but to take effect in an import. If it is not
    possible, `importing.refused_imports` refuses the file.

    Args:
        folder: The file's folder as the user wrote it, for the message.
        table: The name of the ledger; empty for a file that is not recorded.
        statements: The result of `iter_condensed` for the file's text, if it is already known.

    Raises:
        ConfigError: The file's last string, comment or trigger is not closed, and would swallow the ledger row, or the
            file cannot run in batches.
    """
    if migration.replaces:
        statements_of_swap = (
            ledger.refuse_second_run(table, migration.name),
            ledger.swap(table, migration.name, migration.replaces),
        )
        part = RequestPart(migration.name, tuple(f"{statement}\n" for statement in statements_of_swap))
        return Request((part,), alone=True, replaces=migration.replaces)
    if table and (batches := read_batches(migration, folder)):
        return Request((RequestPart(migration.name, (migration.sql,)),), alone=True, batches=batches)
    text = normalize_newlines(migration.sql)
    is_large = len(text) > LARGE_BYTES or len(text.encode()) > LARGE_BYTES
    every = () if is_large else tuple(iter_statements(text))
    last, has_pragma = None, False
    for last in every or statements or iter_condensed(text):
        has_pragma = has_pragma or _PRAGMA.match(last.text) is not None
    if last and not is_terminated(_with_semicolon(last)):
        raise ConfigError(
            f"{folder}/{migration.name}:{last.line}: the statement that starts here opens a string, comment "
            "or trigger that is never closed: close it"
        )
    as_import = (is_large and not has_pragma) or any(map(is_split_wrongly, every or iter_statements(text)))
    body = _import_text(text, last) if as_import else "".join(map(_with_semicolon, every or iter_statements(text)))
    pieces = _recorded(body, table, migration.name, as_import=as_import) if table else (body,)
    return Request((RequestPart(migration.name, pieces),), as_import, alone=as_import or has_pragma)


def _recorded(body: str, table: str, name: str, *, as_import: bool) -> tuple[str, ...]:
    """Return the script of a migration, in pieces, with the statements for the ledger around it."""
    before = [ledger.create(table), ledger.refuse_second_run(table, name)]
    if as_import:
        before.append(ledger.begin_import(table, name))
    applied = ledger.finish_import(table, name) if as_import else ledger.insert(table, name)
    return ("".join(f"{statement}\n" for statement in before), body, f"\n{applied}\n")


def _with_semicolon(statement: Statement) -> str:
    """Return a statement with its semicolon, on lines of its own."""
    return f"{statement.text.removesuffix(';')};\n"


def _import_text(text: str, last: Statement | None) -> str:
    """Return the text to import: unchanged and not copied, unless its last semicolon is missing.

    Args:
        last: The last statement; None if the file has none.
    """
    if last is None:
        return ""
    return text if is_terminated(text[last.offset :]) else f"{text[: last.offset]}{_with_semicolon(last)}"
