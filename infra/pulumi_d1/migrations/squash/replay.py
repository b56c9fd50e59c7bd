"""Run files on a database in memory whose clock and whose random numbers are fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.batches import read_batches
from pulumi_d1.sqlite.execute import Query, run_by_statement, run_script, transaction
from pulumi_d1.sqlite.frozen import FrozenDatabase
from pulumi_d1.sqlite.sandbox import trusted
from pulumi_d1.sqlite.statements import normalize_newlines, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from pulumi_d1.migrations.folder import Migration


@dataclass(frozen=True, slots=True)
class Replay:
    """A database that files have run on.

    Attributes:
        moving: File and line of each statement that read the clock or a random number.
    """

    connection: apsw.Connection
    moving: tuple[str, ...]


def replay(files: Sequence[Migration], table: str, *, second: bool, by_statement: bool = False) -> Replay:
    """Run files, each in its own transaction.

    Args:
        table: The ledger, which is there and stays empty.
        second: The second of two moments, which differ in time and in random numbers.
        by_statement: Commit after each statement: it is not known whether an import is one transaction.

    Raises:
        SqlError: D1 would refuse a statement, or a file in batches would never end.
    """
    database = FrozenDatabase(second)
    connection = database.connection
    run_script(connection, ledger.create(table))
    moving: list[str] = []
    for file in files:
        script = normalize_newlines(file.sql)
        if by_statement:
            for _ in run_by_statement(connection, script):
                pass
            continue
        with transaction(connection) as run:
            for index, statement in enumerate(split(script)):
                uses = database.uses
                run(index, Query(statement.text))
                if database.uses > uses:
                    moving.append(f"{file.name}:{statement.line}")
        _refuse_endless(file, connection)
    return Replay(connection, tuple(moving))


def _refuse_endless(file: Migration, connection: apsw.Connection) -> None:
    batches = read_batches(file)
    if batches is None:
        return
    with trusted(connection):
        if connection.execute(f"{batches.left()} LIMIT 1", can_cache=False).fetchall():
            raise SqlError(f"{file.name} runs in batches and would change rows again, without an end")
