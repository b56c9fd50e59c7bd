"""Mark migrations that a database already has as applied without running them: first the proof, then one write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ApiError, ConfigError, OutcomeUnknown
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.folder import sort_key
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.rehearsal.evidence import collect_evidence
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.review import drift
from pulumi_d1.migrations.run.settling import settle_attempts
from pulumi_d1.sqlite.names import fold
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.rehearsal.rehearse import Refusal
    from pulumi_d1.sqlite.difference import SchemaChange

_WRITES_ROWS: Final = frozenset({"insert", "update", "delete", "replace", "with"})

_OTHER_LEDGERS: Final = frozenset({"__drizzle_migrations", "_prisma_migrations"})
"""The ledgers of tools that a database may have been migrated with before. No file creates them."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The files to mark, and the proof that the database has them.

    Attributes:
        names: The files to mark, in order.
        unknown: The names in the ledger without a file. The schema that they create is unknown.
        refusal: Why the files cannot run on a new database; None if they can.
        differences: The changes from the schema of the ledger and of `names` to the live one; empty if they agree.
        writers: Those of `names` that write rows, which are not compared.
        empty: Those of `names` without a statement.
    """

    names: tuple[str, ...]
    unknown: tuple[str, ...]
    refusal: Refusal | None
    differences: tuple[SchemaChange, ...]
    writers: tuple[str, ...]
    empty: tuple[str, ...]


def plan_baseline(files: Sequence[Migration], now: LiveDatabase, table: str, through: str | None) -> Baseline:
    """Compare the schema of the files with the live one. Pure.

    Args:
        files: The folder, in order.
        through: The last file to mark; None for all files.

    Raises:
        ConfigError: `through` is not in the folder.
        SqlError: The local SQLite cannot create the live schema.
    """
    names = [file.name for file in files]
    if through is not None and through not in names:
        raise ConfigError(f"--through {through}: there is no such file in the migrations folder")
    chosen = files if through is None else files[: names.index(through) + 1]
    unmarked = [file for file in chosen if file.name not in now.ledger]
    ledger_after = tuple(sorted((*now.ledger, *(file.name for file in unmarked)), key=sort_key))
    by_name = {file.name: file for file in files}
    objects = tuple(item for item in now.objects if fold(item.table) not in _OTHER_LEDGERS)
    return Baseline(
        tuple(file.name for file in unmarked),
        tuple(name for name in now.ledger if name not in by_name),
        _refusal([by_name[name] for name in ledger_after if name in by_name], table),
        drift(files, LiveDatabase(ledger_after, objects), table),
        tuple(file.name for file in unmarked if _writes_rows(file)),
        tuple(file.name for file in unmarked if file.is_empty),
    )


def _refusal(files: Sequence[Migration], table: str) -> Refusal | None:
    """Return why the files cannot run on a new database; None if they can.

    Raises:
        SqlError: They cannot be rehearsed.
    """
    evidence = collect_evidence((), files, table, database=None, kind=BasisKind.NEW)
    return evidence.rehearsal.refusal or evidence.rehearsal.over_budget


def mark_applied(
    database: Database, names: Sequence[str], table: str, sleep: Callable[[float], None]
) -> tuple[str, ...]:
    """Write files into the ledger, all or none, and return the names that the ledger has then.

    Args:
        table: The name of the ledger, which is created if it does not exist.
        sleep: Waits for a number of seconds.

    Raises:
        ApiError: Nothing was marked, or the ledger does not list it.
    """
    lost = ""
    try:
        database.write("\n".join((ledger.create(table), *(ledger.insert(table, name) for name in names))))
    except OutcomeUnknown as error:
        lost = f"the response was lost ({error}), and "
    except ApiError as error:
        raise ApiError(f"nothing was marked: {error}", code=error.code, status=error.status) from error
    for _ in settle_attempts(sleep) if lost else (0,):
        listed = live.read_ledger(database, table)
        if set(names) <= set(listed):
            return listed
    raise ApiError(f"{lost}the ledger {table} does not list the files: nothing was marked; run the same command again")


def _writes_rows(file: Migration) -> bool:
    statements = iter_statements(normalize_newlines(file.sql))
    return any(first_word(statement.text) in _WRITES_ROWS for statement in statements)
