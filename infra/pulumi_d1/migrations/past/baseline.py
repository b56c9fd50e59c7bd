"""Migrations that a database has already, marked as applied without running them: proof, and one write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulumi_d1.errors import ApiError, ConfigError, OutcomeUnknown
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.folder import order
from pulumi_d1.migrations.live import Live
from pulumi_d1.migrations.review.rehearsal import rehearse
from pulumi_d1.migrations.review.review import drift
from pulumi_d1.migrations.run.outcome import SETTLE_SECONDS
from pulumi_d1.sqlite.statements import first_word, iter_statements, normalize_newlines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_d1.cloudflare.database import Database
    from pulumi_d1.migrations.folder import Migration
    from pulumi_d1.migrations.review.rehearsal import Refusal
    from pulumi_d1.sqlite.difference import SchemaChange

_WRITES_ROWS: Final = frozenset({"insert", "update", "delete", "replace", "with"})


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is to be marked, and whether the database has it.

    Attributes:
        names: files to mark, in order.
        unknown: names in the ledger that no file has: what they made can't be told.
        refusal: why the files can't be run from nothing, so that what they make can't be told; None where they can.
        differences: the way from the schema that ledger and `names` make to the live one; empty where it is proven.
        writers: those of `names` that write rows, which nothing proves.
    """

    names: tuple[str, ...]
    unknown: tuple[str, ...]
    refusal: Refusal | None
    differences: tuple[SchemaChange, ...]
    writers: tuple[str, ...]


def baseline(files: Sequence[Migration], now: Live, table: str, through: str | None) -> Baseline:
    """What there is to mark, held against the live schema. Pure.

    Args:
        files: the folder, in order.
        now: the database.
        table: name of the ledger.
        through: the last file to mark; None for the last of all.

    Raises:
        ConfigError: `through` is not in the folder.
        SqlError: the live schema can't be made here.
    """
    names = [file.name for file in files]
    if through is not None and through not in names:
        raise ConfigError(f"--through {through}: there is no such file in the migrations folder")
    chosen = files if through is None else files[: names.index(through) + 1]
    marked = [file for file in chosen if file.name not in now.ledger]
    explained = tuple(sorted((*now.ledger, *(file.name for file in marked)), key=order))
    by_name = {file.name: file for file in files}
    return Baseline(
        tuple(file.name for file in marked),
        tuple(name for name in now.ledger if name not in by_name),
        rehearse((), [by_name[name] for name in explained if name in by_name], table).refusal,
        drift(files, Live(explained, now.objects), table),
        tuple(file.name for file in marked if _writes_rows(file)),
    )


def mark(database: Database, names: Sequence[str], table: str, sleep: Callable[[float], None]) -> tuple[str, ...]:
    """Writes the files into the ledger, all or none, and gives the ledger as it is then.

    Args:
        database: the database.
        names: of the files.
        table: name of the ledger, which is created where it is not there.
        sleep: waits so many seconds.

    Raises:
        ApiError: nothing was marked, or the ledger does not show it.
    """
    lost = ""
    try:
        database.write("\n".join((ledger.create(table), *(ledger.insert(table, name) for name in names))))
    except OutcomeUnknown as error:
        lost = f"the answer was lost ({error}), and "
    except ApiError as error:
        raise ApiError(f"nothing was marked: {error}", code=error.code, status=error.status) from error
    for pause in (0, *(SETTLE_SECONDS if lost else ())):
        sleep(pause)
        found = live.read(database, table).ledger
        if set(names) <= set(found):
            return found
    raise ApiError(
        f"{lost}the ledger {table} does not show the files: nothing was marked, so run the same command again"
    )


def _writes_rows(file: Migration) -> bool:
    statements = iter_statements(normalize_newlines(file.sql))
    return any(first_word(statement.text) in _WRITES_ROWS for statement in statements)
