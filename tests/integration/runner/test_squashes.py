"""A squashed file takes the place of applied ones in the ledger: all rows in one request, or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations import ledger
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.review.review import review_database
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from pulumi_d1.migrations.run.runner import apply
from pulumi_d1.migrations.squashes import squash_marks, squashed_texts
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_d1.cloudflare.database import QueryResult
    from tests.support.runner import Waiting

OLD = [
    Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
    Migration("0002_it's.sql", "INSERT INTO users (name) VALUES ('Ada');"),
    Migration("0003_age.sql", "ALTER TABLE users ADD COLUMN age INTEGER;"),
]
NAMES = [file.name for file in OLD]
TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER); INSERT INTO users VALUES (1, 'Ada', NULL);"
)
SQUASH = Migration("0003_squashed.sql", f"{squash_marks(squashed_texts(OLD))}\n{TABLES}")
LATER = Migration("0004_tags.sql", "CREATE TABLE tags (label TEXT);")
BROKEN = Migration("0005_broken.sql", "PRAGMA defer_foreign_keys = on; INSERT INTO nowhere VALUES (1);")
FOLDER = [SQUASH, LATER]
FAULTS = ["bad-gateway", "drop", "invalid-json"]


def apply_with_wrangler(database: D1Api, *files: Migration) -> None:
    """Apply files as wrangler does: the file and its row in one request."""
    database.write(ledger.create(TARGET.table))
    for file in files:
        database.write(f"{file.sql}\n{ledger.insert(TARGET.table, file.name)}")


def rows(database: D1Api) -> list[tuple[int, str]]:
    return [(row["id"], row["name"]) for row in database.read(ledger.select(TARGET.table))]


@pytest.fixture
def migrated(database: D1Api) -> D1Api:
    apply_with_wrangler(database, *OLD)
    database.write("INSERT INTO users (name) VALUES ('written later')")
    return database


def users(database: D1Api) -> int:
    [row] = database.read("SELECT count(*) AS number FROM users")
    return int(row["number"])


def test_the_rows_of_the_ledger_are_swapped_and_no_statement_of_the_file_runs(migrated: D1Api) -> None:
    apply_with_wrangler(migrated, LATER)
    before = migrated.bookmark()
    review = review_database(migrated, FOLDER, TARGET.table, {})
    assert (review.findings, review.drift, review.changes, review.basis) == ((), (), (), "")
    report = apply(migrated, review, TARGET, retry=migrated.retry)
    assert (report.ran, report.ledger) == ((SQUASH.name,), (SQUASH.name, LATER.name))
    assert report.bookmark.id == before
    assert rows(migrated) == [(1, SQUASH.name), (4, LATER.name)]
    assert users(migrated) == 2
    again = review_database(migrated, FOLDER, TARGET.table, {})
    assert (again.plan.pending, again.plan.problems, again.drift) == ((), (), ())


def test_a_new_database_runs_the_file_and_later_files_follow_a_swap(database: D1Api) -> None:
    assert apply_files(database, FOLDER, retry=database.retry).ran == (SQUASH.name, LATER.name)
    assert users(database) == 1


@pytest.mark.parametrize("swaps_first", [True, False])
def test_two_squashes_are_swapped_one_after_the_other_or_at_once(migrated: D1Api, *, swaps_first: bool) -> None:
    apply_with_wrangler(migrated, LATER)
    if swaps_first:
        apply_files(migrated, FOLDER, retry=migrated.retry)
    second = Migration("0004_squashed.sql", f"{squash_marks(squashed_texts(FOLDER))}{TABLES}{LATER.sql}")
    assert apply_files(migrated, [second], retry=migrated.retry).ran == (second.name,)
    assert rows(migrated) == [(1, second.name)]
    assert users(migrated) == 2
    assert review_database(migrated, [second], TARGET.table, {}).drift == ()


def test_files_after_a_swap_run_in_the_same_run(migrated: D1Api) -> None:
    report = apply_files(migrated, FOLDER, retry=migrated.retry)
    assert report.ran == report.ledger == (SQUASH.name, LATER.name)


def test_the_order_stays_if_files_were_applied_in_another_one(database: D1Api) -> None:
    apply_with_wrangler(database, OLD[0], LATER, OLD[2], OLD[1])
    apply_files(database, FOLDER, retry=database.retry)
    assert rows(database) == [(1, SQUASH.name), (2, LATER.name)]
    assert review_database(database, FOLDER, TARGET.table, {}).drift == ()


def test_rows_that_list_a_file_twice_are_swapped_too(database: D1Api) -> None:
    database.write(ledger.create(TARGET.table).replace(" UNIQUE", ""))
    apply_with_wrangler(database, *OLD)
    database.write(ledger.insert(TARGET.table, NAMES[1]))
    apply_files(database, FOLDER, retry=database.retry)
    assert rows(database) == [(1, SQUASH.name), (5, LATER.name)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
def test_if_the_response_is_lost_the_rows_are_swapped_once(migrated: D1Api, fault: str, when: str) -> None:
    arrange(migrated, faults=[{"fault": fault, "when": when, "endpoint": "query", "contains": "DELETE FROM"}])
    assert apply_files(migrated, FOLDER, retry=migrated.retry).ran == (SQUASH.name, LATER.name)
    assert [name for _, name in rows(migrated)] == [SQUASH.name, LATER.name]
    assert users(migrated) == 2


@dataclass(frozen=True)
class Disturbed(D1Api):
    """A database that something happens to immediately before the first write, or after it."""

    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    writes: list[str] = field(default_factory=list)

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        self.writes.append(sql)
        if len(self.writes) == 1:
            self.before()
        result = super().write(sql)
        if len(self.writes) == 1:
            self.after()
        return result


def nothing() -> None:
    pass


def disturbed(
    database: D1Api, before: Callable[[], object] = nothing, after: Callable[[], object] = nothing
) -> Disturbed:
    return Disturbed(database.client, database.account_id, database.database_id, database.retry, before, after)


class KilledError(BaseException):
    """The end of a process."""


def kill() -> None:
    raise KilledError


@pytest.mark.parametrize(("moment", "pending"), [("before", 1), ("after", 0)])
def test_after_a_kill_the_next_run_continues(migrated: D1Api, moment: str, pending: int) -> None:
    with pytest.raises(KilledError):
        apply_files(
            disturbed(migrated, *((kill,) if moment == "before" else (nothing, kill))), [SQUASH], retry=migrated.retry
        )
    assert len(review_database(migrated, [SQUASH], TARGET.table, {}).plan.pending) == pending
    apply_files(migrated, [SQUASH], retry=migrated.retry)
    assert (rows(migrated), users(migrated)) == ([(1, SQUASH.name)], 2)


def test_a_twin_that_was_faster_is_noticed_and_nothing_is_swapped_twice(migrated: D1Api, waiting: Waiting) -> None:
    def twin() -> None:
        apply_files(migrated, [SQUASH], retry=migrated.retry)

    report = apply_files(disturbed(migrated, before=twin), FOLDER, retry=migrated.retry)
    assert (report.by_others, report.ran) == ((SQUASH.name,), (LATER.name,))
    assert [name for _, name in rows(migrated)] == [SQUASH.name, LATER.name]
    assert "was applied by someone else during this run" in "".join(waiting.messages)


def test_if_a_row_is_gone_by_then_nothing_is_swapped(migrated: D1Api) -> None:
    lost = f"DELETE FROM {TARGET.table} WHERE name = '0003_age.sql'"
    with pytest.raises(MigrationFailed, match="rolled back"):
        apply_files(disturbed(migrated, before=lambda: migrated.write(lost)), FOLDER, retry=migrated.retry)
    assert [name for _, name in rows(migrated)] == NAMES[:2]


def test_a_failed_file_after_the_swap_restores_the_old_rows_if_the_stack_wants_that(migrated: D1Api) -> None:
    options = RunOptions(on_failure=OnFailure.RESTORE)
    with pytest.raises(MigrationFailed, match="restored  to this bookmark"):
        apply_files(migrated, [SQUASH, BROKEN], options=options, retry=migrated.retry)
    assert read_ledger(migrated, TARGET.table) == tuple(NAMES)
