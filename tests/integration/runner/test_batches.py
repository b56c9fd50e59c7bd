"""Files that share a request leave the same database as files sent one at a time, row by row, also after failures."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS
from tests.support.faults import arranged
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.runner import ScriptedCloudflare, Waiting

FILES = [
    Migration("0001_log.sql", "CREATE TABLE log (id INTEGER PRIMARY KEY, file TEXT NOT NULL);"),
    Migration("0002_first.sql", "INSERT INTO log (file) VALUES ('2');"),
    Migration("0003_index.sql", "CREATE INDEX by_file ON log (file);"),
    Migration("0004_pragma.sql", "PRAGMA defer_foreign_keys = on;\nINSERT INTO log (file) VALUES ('4');"),
    Migration("0005_more.sql", "INSERT INTO log (file) SELECT file || '!' FROM log;"),
    Migration("0006_column.sql", "ALTER TABLE log ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"),
]
CONTENTS = (
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB '_cf_*' ORDER BY name",
    "SELECT * FROM log ORDER BY id",
    "SELECT id, name FROM d1_migrations ORDER BY id",
)


def broken(file: Migration) -> Migration:
    return Migration(file.name, f"{file.sql}\nINSERT INTO nowhere VALUES (1);")


def contents(database: D1Api) -> list[tuple[dict[str, Any], ...]]:
    return [database.read(query) for query in CONTENTS]


def one_at_a_time(database: D1Api, files: list[Migration]) -> list[tuple[dict[str, Any], ...]]:
    """Return the contents of another database after one run for each file, up to the broken one."""
    other = Account(database.client, database.account_id, database.retry).create("other")
    with suppress(MigrationFailed):
        for number in range(len(files)):
            apply_files(other, files[: number + 1], TARGET)
    return contents(other)


def requests(database: D1Api) -> int:
    return int(arranged(database.client)[0]["seen"])


@pytest.mark.parametrize("position", range(1, len(FILES)))
def test_a_broken_file_at_any_position_leaves_the_same_as_one_file_at_a_time(database: D1Api, position: int) -> None:
    files = [broken(file) if number == position else file for number, file in enumerate(FILES)]
    with pytest.raises(MigrationFailed) as error:
        apply_files(database, files, TARGET)
    assert error.value.failed == FILES[position].name
    assert error.value.applied == tuple(file.name for file in FILES[:position])
    assert "no such table: nowhere" in str(error.value)
    assert contents(database) == one_at_a_time(database, files)


def test_files_without_a_broken_one_leave_the_same_as_one_file_at_a_time(database: D1Api) -> None:
    apply_files(database, FILES, TARGET)
    assert contents(database) == one_at_a_time(database, FILES)


def test_many_files_are_not_listed_one_by_one(database: D1Api) -> None:
    files = [Migration(f"{number:04}.sql", f"CREATE TABLE t{number} (id INTEGER);") for number in range(12)]
    with pytest.raises(MigrationFailed, match=r"kept      0000\.sql to 0011\.sql: 12 files \(applied by this run"):
        apply_files(database, [*files, broken(FILES[1])], TARGET)


def test_a_thousand_files_are_less_than_forty_requests(database: D1Api) -> None:
    arrange(database, faults=[{"fault": "latency", "ms": 0, "times": None}])
    files = [Migration(f"{number:04}.sql", f"CREATE TABLE t{number} (id INTEGER);") for number in range(1000)]
    assert len(apply_files(database, files, TARGET).ran) == 1000
    assert requests(database) < 40


def test_a_request_that_takes_too_long_for_all_of_its_files_is_sent_for_each(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    first, second = FILES[:2]
    scripted.bookmark("b")
    scripted.error(504, 7009, "gateway timeout")
    for _ in range(1 + len(SETTLE_SECONDS)):
        scripted.ledger()
    scripted.rows()
    scripted.rows()
    scripted.verified(first.name, second.name)
    report = apply_files(failing, [first, second], TARGET, known=(), retry=failing.retry)
    assert report.ran == (first.name, second.name)
    assert waiting.seconds == list(SETTLE_SECONDS)
    sent = [body.count('CREATE TABLE IF NOT EXISTS \\"d1_migrations') for _, _, body in scripted.requests]
    assert [count for count in sent if count] == [2, 1, 1]


def test_after_a_lost_response_the_ledger_decides_for_all_files_of_the_request(database: D1Api) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "query", "contains": FILES[0].name}])
    assert apply_files(database, FILES, TARGET, retry=database.retry).ran == read_ledger(database, TARGET.table)


def test_a_large_file_is_an_import_with_its_ledger_row(database: D1Api) -> None:
    bulk = "\n".join(f"INSERT INTO log (file) VALUES ('{'x' * 90_000}');" for _ in range(12))
    arrange(database, faults=[{"fault": "latency", "ms": 0, "times": None, "endpoint": "import"}])
    apply_files(database, [FILES[0], Migration("0002_bulk.sql", bulk)], TARGET)
    assert requests(database) >= 2
    assert database.read("SELECT count(*) AS n FROM log") == ({"n": 12},)
    assert read_ledger(database, TARGET.table) == ("0001_log.sql", "0002_bulk.sql")


def test_a_refused_request_of_two_files_is_announced_as_sent_one_file_at_a_time(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(400, 7500, "no such table: log: SQLITE_ERROR")
    scripted.no_ledger()
    for _ in range(2):
        scripted.rows()
    scripted.verified(FILES[0].name, FILES[1].name)
    assert apply_files(failing, FILES[:2], TARGET, retry=failing.retry).ran == (FILES[0].name, FILES[1].name)
    assert waiting.messages[1:2] == [
        "0001_log.sql and 1 more: no such table: log: SQLITE_ERROR (code 7500); sending one file at a time"
    ]
