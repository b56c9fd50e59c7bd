"""A file with -- d1:batch runs one request per batch; each row is changed once, whatever happens in between."""

from __future__ import annotations

import os
import random
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.errors import MigrationFailed, NoConnection
from pulumi_d1.migrations import ledger, live
from pulumi_d1.migrations.batches import NEVER_ENDS
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run import repeat
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from tests.support import emulator_process
from tests.support import runner_child as child
from tests.support.batch_cases import CASES, FILL, TABLE, UPDATE
from tests.support.faults import arranged
from tests.support.runner import TARGET, Waiting, apply_files, arrange

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api

ROWS = int(os.environ.get("BATCH_ROWS", "1000"))
SIZE = max(ROWS // 1000, 10)
KILLS = int(os.environ.get("BATCH_KILLS", "2"))


def batches(sql: str, size: int = 3, name: str = "0002_batches.sql") -> Migration:
    return Migration(name, f"-- d1:batch {size}\n{sql};\n")


def begun(database: D1Api) -> dict[str, Any]:
    return dict(live.read_database(database, TARGET.table).begun)


@pytest.mark.parametrize("case", CASES)
def test_each_row_is_changed_once_and_the_ledger_row_comes_last(database: D1Api, case: str) -> None:
    schema, sql, query, expected = CASES[case]
    files = [Migration("0001.sql", schema), batches(sql)]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    before = database.bookmark()
    report = apply_files(database, files)
    assert (report.ran, report.ledger) == (("0002_batches.sql",), ("0001.sql", "0002_batches.sql"))
    assert report.bookmark.id == before
    [row] = database.read(query)
    assert list(row.values()) == expected
    names = [row["name"] for row in database.read(f"SELECT name FROM {TARGET.table}")]
    assert names == list(report.ledger), "no other row is left"


def test_one_request_changes_one_batch_and_the_last_one_records_the_file(database: D1Api) -> None:
    apply_files(database, [Migration("0001.sql", TABLE)])
    database.write(FILL.format(10))
    arrange(
        database, faults=[{"fault": "latency", "ms": 0, "endpoint": "query", "contains": "UPDATE t SET", "times": None}]
    )
    apply_files(database, [Migration("0001.sql", TABLE), batches(UPDATE)])
    assert arranged(database.client)[0]["seen"] == 4, "three rows each in three requests, and one in the last"


def test_a_statement_that_never_ends_changes_nothing(database: D1Api) -> None:
    files = [Migration("0001.sql", TABLE), batches("UPDATE t SET n = n + 1 WHERE id > 0")]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    with pytest.raises(MigrationFailed) as failure:
        apply_files(database, files)
    assert NEVER_ENDS in str(failure.value)
    assert "applied in part" in str(failure.value)
    assert database.read("SELECT sum(n) AS n FROM t")[0]["n"] == 0


@pytest.mark.parametrize(
    ("schema", "cause"),
    [
        ("CREATE TABLE t (rowid, oid, _rowid_, n, text)", "t is no table whose rows have a key"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, n)", "no such column: text"),
    ],
)
def test_a_file_that_cannot_start_is_to_be_fixed(database: D1Api, schema: str, cause: str) -> None:
    files = [Migration("0001.sql", schema), batches(UPDATE)]
    with pytest.raises(MigrationFailed) as failure:
        apply_files(database, files, options=RunOptions(on_failure=OnFailure.RESTORE))
    assert cause in str(failure.value)
    assert "fix the file, or the rows that it failed on, then run 'pulumi up' again" in str(failure.value)
    assert live.read_ledger(database, TARGET.table) == (), "the file before it is undone"


def test_progress_has_an_estimate_if_the_rows_can_be_counted(
    database: D1Api, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeat, "_LINE_SECONDS", 0)
    apply_files(database, [Migration("0001.sql", TABLE)])
    database.write(FILL.format(10))
    apply_files(database, [Migration("0001.sql", TABLE), batches(UPDATE)])
    assert "0002_batches.sql: 6 of about 10 rows; about 0 s left" in waiting.messages
    database.write("UPDATE t SET text = 'A' || id")
    arrange(
        database, faults=[{"fault": "error", "endpoint": "query", "contains": "AS number FROM (SELECT 1", "times": 6}]
    )
    files = [Migration("0001.sql", TABLE), batches(UPDATE), batches(UPDATE, name="0003_again.sql")]
    apply_files(database, files, retry=waiting.retry)
    assert "0003_again.sql: 6 rows" in waiting.messages
    no_estimate = "0003_again.sql: there is no estimate, because the rows cannot be counted: internal error"
    assert any(line.startswith(no_estimate) for line in waiting.messages)


def test_a_refused_batch_keeps_those_before_it_and_the_next_run_continues(database: D1Api) -> None:
    files = [
        Migration("0001.sql", TABLE.replace("TEXT)", "TEXT CHECK (text <> 'a8'))")),
        batches(UPDATE),
        Migration("0003.sql", "CREATE TABLE u (a);"),
    ]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as failure:
        apply_files(database, files, options=RunOptions(on_failure=OnFailure.RESTORE))
    assert "CHECK constraint failed" in str(failure.value)
    assert before in str(failure.value)
    assert "continues with the rows that are left" in str(failure.value)
    assert begun(database)["0002_batches.sql"].bookmark == before
    assert live.read_ledger(database, TARGET.table) == ("0001.sql",), "wrangler sees a pending file"
    assert database.read("SELECT count(*) AS n FROM t WHERE n = 1")[0]["n"] == 6
    database.write("UPDATE t SET text = 'B' WHERE id = 8")
    report = apply_files(database, files)
    assert report.bookmark.id == before, "the bookmark from before the first batch"
    assert (report.ran, begun(database)) == (("0002_batches.sql", "0003.sql"), {})
    assert database.read("SELECT sum(n) AS n, count(*) AS c FROM t WHERE n = 1")[0]["n"] == 10


@pytest.mark.parametrize("fault", ["drop", "bad-gateway"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_lost_response_is_no_failure(database: D1Api, waiting: Waiting, fault: str, when: str, batch: int) -> None:
    files = [Migration("0001.sql", TABLE), batches(UPDATE)]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    rule = {"fault": fault, "when": when, "endpoint": "query", "contains": "UPDATE t SET", "nth": batch}
    arrange(database, faults=[rule])
    report = apply_files(database, files, retry=waiting.retry)
    assert report.ran == ("0002_batches.sql",)
    assert database.read("SELECT count(*) AS c, sum(n) AS n FROM t")[0] == {"c": 10, "n": 10}


def test_without_a_connection_nothing_is_sent(
    database: D1Api, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [Migration("0001.sql", TABLE), batches(UPDATE)]
    apply_files(database, files[:1])

    def refuse(_self: D1Api, _sql: str) -> None:
        raise NoConnection("no connection")

    monkeypatch.setattr(type(database), "write", refuse)
    with pytest.raises(MigrationFailed, match="no connection"):
        apply_files(database, files, retry=waiting.retry)


def test_another_run_may_finish_the_file(database: D1Api, waiting: Waiting) -> None:
    files = [Migration("0001.sql", TABLE), batches(UPDATE)]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    name = files[1].name
    other = f"{UPDATE}; {ledger.insert(TARGET.table, name)}"
    original = type(database).read

    def read(self: D1Api, sql: str) -> Any:
        answer = original(self, sql)
        if "count(*) AS number" in sql and "last" not in sql:
            database.write(other)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(database), "read", read)
        report = apply_files(database, files)
    assert report.by_others == (name,), waiting.messages
    assert database.read("SELECT sum(n) AS n FROM t")[0]["n"] == 10


@pytest.mark.parametrize("key", ["1 OR 1", "7; DROP TABLE t", "\u0663", None])
def test_a_key_that_is_no_number_becomes_no_part_of_a_statement(
    database: D1Api, monkeypatch: pytest.MonkeyPatch, key: object
) -> None:
    files = [Migration("0001.sql", TABLE), batches(UPDATE)]
    apply_files(database, files[:1])
    database.write(FILL.format(10))
    original = type(database).read

    def read(self: D1Api, sql: str) -> Any:
        return tuple({**row, "last": key} if "last" in row else row for row in original(self, sql))

    monkeypatch.setattr(type(database), "read", read)
    with pytest.raises(MigrationFailed, match="D1 returned no key for the next batch"):
        apply_files(database, files)
    assert database.read("SELECT sum(n) AS n FROM t")[0]["n"] == 0


def peak_memory(process: int) -> int:
    """Return the most memory that a process had, in bytes; 0 if the system does not show it."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


@pytest.mark.slow
def test_kills_at_random_moments_change_each_row_once_with_one_bookmark(tmp_path: Path) -> None:
    """BATCH_ROWS=5000000 BATCH_KILLS=20 tries the figures of docs/batches.md."""
    dice = random.Random(18)  # noqa: S311 - chance, not a secret
    file = batches(UPDATE, SIZE, "0001_batches.sql")
    (folder := tmp_path / "migrations").mkdir()
    child.write(folder, [file])
    with ExitStack() as ends:
        service = ends.enter_context(emulator_process.process(tmp_path / "emulator"))
        variables = emulator_process.exports(service)
        client = make_client(variables["CLOUDFLARE_API_TOKEN"], base_url=variables["CLOUDFLARE_BASE_URL"])
        assert urlsplit(client.base_url).hostname == "127.0.0.1"
        database = Account(client, variables["CLOUDFLARE_ACCOUNT_ID"]).create("killed")
        database.write(TABLE)
        for start in range(0, ROWS, 500_000):
            end = min(start + 500_000, ROWS)
            database.write(FILL.replace("SELECT 1 ", f"SELECT {start + 1} ").format(end))
        before = database.bookmark()
        done, bookmarks, memory = 0, set(), []
        for number in range(KILLS):
            target = done + (ROWS - done) * dice.random() / (KILLS - number + 1)
            with child.start(database, folder) as process:
                while process.poll() is None and done <= target:
                    time.sleep(0.02 + dice.random() / 20)
                    done = int(database.read("SELECT count(*) AS n FROM t WHERE n > 0")[0]["n"])
                memory.append(peak_memory(process.pid))
                process.kill()
                process.communicate()
            bookmarks |= {item.bookmark for item in begun(database).values()}
        report = apply_files(database, [file])
        [row] = database.read("SELECT count(*) AS c, min(n) AS least, max(n) AS most FROM t WHERE text = lower(text)")
    assert row == {"c": ROWS, "least": 1, "most": 1}
    assert bookmarks == {before}
    assert max(memory) < 150_000_000, memory
    assert report.bookmark.id == before
