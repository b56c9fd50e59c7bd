"""onFailure: restore restores the bookmark after a failed file, unless that would delete someone else's writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.run.recovery import FOREIGN_WRITES
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from pulumi_d1.cloudflare.database import D1Api, Database, QueryResult, Row

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
NAMES = Migration("0002_names.sql", "PRAGMA defer_foreign_keys = on;\nINSERT INTO users (name) VALUES ('Ada');")
BROKEN = Migration("0003_broken.sql", "INSERT INTO users (name) VALUES ('Lost');\nINSERT INTO nowhere VALUES (1);")
FILES = (USERS, NAMES, BROKEN)


def fail(database: Database, origin: D1Api, files: Sequence[Migration] = FILES) -> MigrationFailed:
    with pytest.raises(MigrationFailed) as error:
        apply_files(database, files, TARGET, options=RunOptions(on_failure=OnFailure.RESTORE), retry=origin.retry)
    assert error.value.failed == BROKEN.name
    return error.value


def kept(database: D1Api, failure: MigrationFailed) -> str:
    """Return why the database was not restored."""
    assert failure.applied == (USERS.name, NAMES.name) == read_ledger(database, TARGET.table)
    assert f"restore   wrangler d1 time-travel restore {TARGET.name} --bookmark={failure.bookmark}" in str(failure)
    assert "\n  undo " not in str(failure)
    return next(line.split(maxsplit=1)[1] for line in str(failure).splitlines() if line.startswith("  restored "))


@dataclass(frozen=True)
class Shared:
    """A database that someone else writes to, just before the nth read of its bookmark."""

    database: D1Api
    nth: int
    read_so_far: list[str]

    def read(self, sql: str) -> tuple[Row, ...]:
        return self.database.read(sql)

    def query(self, statements: Sequence[str]) -> tuple[QueryResult, ...]:
        return self.database.query(statements)

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        return self.database.write(sql)

    def import_script(self, *pieces: str, timeout: timedelta | None = None) -> None:
        self.database.import_script(*pieces, timeout=timeout)

    def restore(self, bookmark: str) -> str:
        return self.database.restore(bookmark)

    def bookmark(self) -> str:
        if len(self.read_so_far) + 1 == self.nth:
            self.database.write("INSERT INTO orders VALUES (7)")
        self.read_so_far.append(self.database.bookmark())
        return self.read_so_far[-1]


def test_the_database_is_as_before_the_run_and_the_restore_can_be_undone(database: D1Api) -> None:
    database.write("CREATE TABLE orders (id)")
    failure = fail(database, database)
    assert read_ledger(database, TARGET.table) == failure.applied == ()
    assert database.read("SELECT name FROM sqlite_master WHERE name IN ('users', 'orders')") == ({"name": "orders"},)

    text = str(failure)
    assert "kept      nothing" in text
    assert "restored  to this bookmark, which undid 0001_users.sql, 0002_names.sql" in text
    (undo,) = [line for line in text.splitlines() if line.startswith("  undo ")]
    database.restore(undo.rpartition("=")[2])
    assert read_ledger(database, TARGET.table) == (USERS.name, NAMES.name)


def test_after_a_restore_the_fixed_folder_runs_from_the_start(database: D1Api) -> None:
    fail(database, database)
    fixed = Migration(BROKEN.name, "INSERT INTO users (name) VALUES ('Grace');")
    assert apply_files(database, [USERS, NAMES, fixed], TARGET).ran == (USERS.name, NAMES.name, BROKEN.name)
    assert database.read("SELECT name FROM users ORDER BY id") == ({"name": "Ada"}, {"name": "Grace"})


@pytest.mark.parametrize("imports", ["transaction", "statements"])
def test_after_a_refused_import_the_database_is_restored_too(database: D1Api, imports: str) -> None:
    database.write("CREATE TABLE orders (id)")
    arrange(database, imports=imports)
    trigger = "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;"
    failure = fail(database, database, [USERS, NAMES, Migration(BROKEN.name, f"{trigger}\n{BROKEN.sql}")])
    assert "restored  to this bookmark, which undid 0001_users.sql, 0002_names.sql" in str(failure)
    assert read_ledger(database, TARGET.table) == failure.applied == ()
    assert database.read("SELECT name FROM sqlite_master WHERE name IN ('users', 'orders')") == ({"name": "orders"},)


def test_if_nothing_was_applied_nothing_is_restored(database: D1Api) -> None:
    before = database.bookmark()
    text = str(fail(database, database, [BROKEN]))
    assert "restored" not in text
    assert database.bookmark() == before


@pytest.mark.parametrize("nth", [2, 4, 6], ids=["before the first write", "between writes", "after the failure"])
def test_the_write_of_someone_else_is_not_lost(database: D1Api, nth: int) -> None:
    database.write("CREATE TABLE orders (id)")
    assert kept(database, fail(Shared(database, nth, []), database)) == f"no: {FOREIGN_WRITES}"
    assert database.read("SELECT id FROM orders") == ({"id": 7},)


def test_what_someone_else_applied_is_not_undone(database: D1Api) -> None:
    apply_files(database, [USERS], TARGET)
    with pytest.raises(MigrationFailed) as error:
        apply_files(database, FILES, TARGET, known=(), options=RunOptions(on_failure=OnFailure.RESTORE))
    assert f"restored  no: {FOREIGN_WRITES}" in str(error.value)
    assert read_ledger(database, TARGET.table) == (USERS.name, NAMES.name)


def test_after_a_lost_response_nothing_is_restored(database: D1Api) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "query", "contains": USERS.name}])
    assert "no: a response was lost: someone else may have applied that file" in kept(
        database, fail(database, database)
    )


@pytest.mark.parametrize("nth", [2, 3, 4, 6], ids=["before a write", "after it", "between writes", "after the failure"])
def test_if_the_bookmark_cannot_be_read_nothing_is_restored(database: D1Api, nth: int) -> None:
    arrange(database, faults=[{"fault": "error", "endpoint": "bookmark", "nth": nth, "times": None}])
    reason = kept(database, fail(database, database))
    assert reason.startswith("no: it cannot be determined whether someone else wrote to the database: internal error")


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (1, "a response was lost: someone else may have applied that file, or the write may still run"),
        (2, "it is unknown whether the file was applied"),
    ],
)
def test_while_a_write_may_still_run_nothing_is_restored(database: D1Api, times: int, reason: str) -> None:
    arrange(database, faults=[{"fault": "drop", "endpoint": "query", "contains": BROKEN.name, "times": times}])
    assert kept(database, fail(database, database)) == f"no: {reason}"


def test_a_refused_restore_is_reported(database: D1Api) -> None:
    arrange(database, restore_limit={"requests": 0, "seconds": 600})
    assert kept(database, fail(database, database)).startswith("no: System limit reached: restores per database")


def test_a_restore_whose_response_was_lost_is_found_in_the_ledger(database: D1Api) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "restore"}])
    text = str(fail(database, database))
    assert read_ledger(database, TARGET.table) == ()
    (undo,) = [line for line in text.splitlines() if line.startswith("  undo ")]
    database.restore(undo.rpartition("=")[2])
    assert read_ledger(database, TARGET.table) == (USERS.name, NAMES.name)


def test_a_restore_that_never_happened_is_not_claimed(database: D1Api) -> None:
    arrange(database, faults=[{"fault": "drop", "endpoint": "restore"}])
    reason = kept(database, fail(database, database))
    assert reason.startswith("unknown: no answer from Cloudflare")
    assert reason.endswith("but the ledger still lists files of this run")
