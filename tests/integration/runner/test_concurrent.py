"""Several runs on one database at once: each file is applied once, and the slower run reports it and continues."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.runner import RunReport
from tests.support import runner_child as child
from tests.support.runner import TARGET, ScriptedCloudflare, apply_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

pytestmark = pytest.mark.slow

RUNS = 8

LOG = Migration("0000_log.sql", "CREATE TABLE log (file TEXT NOT NULL);")
SMALL = [Migration(f"{number:04}_small.sql", f"INSERT INTO log VALUES ('{number}');") for number in range(1, 80)]
PRAGMA = Migration("0080_pragma.sql", "PRAGMA defer_foreign_keys = on;\nINSERT INTO log VALUES ('80');")
TRIGGER = Migration(
    "0081_trigger.sql",
    "INSERT INTO log VALUES ('81');\nCREATE TRIGGER t AFTER UPDATE ON log BEGIN SELECT 1; END;",
)
LAST = Migration("0082_last.sql", "INSERT INTO log VALUES ('82');")
FILES = [LOG, *SMALL, PRAGMA, TRIGGER, LAST]


def rows(database: D1Api) -> list[str]:
    return sorted(row["file"] for row in database.read("SELECT file FROM log"))


def run_at_once(database: D1Api, files: Sequence[Migration]) -> list[RunReport | MigrationFailed]:
    """Return the results of runs that all saw an empty ledger."""

    def run(_number: int) -> RunReport | MigrationFailed:
        retry = Retry(sleep=lambda seconds: time.sleep(min(seconds, 0.02)))
        mine = replace(database, retry=retry)
        try:
            return apply_files(mine, files, TARGET, known=(), retry=retry)
        except MigrationFailed as failure:
            return failure

    with ThreadPoolExecutor(RUNS) as executor:
        return list(executor.map(run, range(RUNS)))


def test_eight_runs_at_once_apply_each_file_once(database: D1Api) -> None:
    reports = run_at_once(database, FILES)
    names = {file.name for file in FILES}
    assert rows(database) == sorted(str(number) for number in range(1, 83))
    assert set(read_ledger(database, TARGET.table)) == names
    for report in reports:
        assert isinstance(report, RunReport), report
        assert {*report.ran, *report.by_others} == names
        assert len(report.ran) + len(report.by_others) == len(names)
    ran = [name for report in reports if isinstance(report, RunReport) for name in report.ran]
    assert sorted(ran) == sorted(names), "exactly one run reports each file as its own"


def test_eight_runs_of_a_broken_folder_all_name_the_file_and_keep_what_is_before_it(database: D1Api) -> None:
    broken = Migration("0040_small.sql", "INSERT INTO log VALUES ('broken');\nINSERT INTO nowhere VALUES (1);")
    files = [broken if file.name == broken.name else file for file in FILES]
    outcomes = run_at_once(database, files)
    assert rows(database) == sorted(str(number) for number in range(1, 40))
    for outcome in outcomes:
        assert isinstance(outcome, MigrationFailed), outcome
        assert outcome.failed == broken.name
        assert "fix the file" in str(outcome)


def test_eight_processes_at_once_apply_each_file_once(database: D1Api, tmp_path: Path) -> None:
    child.write(tmp_path, FILES)
    processes = [child.start(database, tmp_path) for _ in range(RUNS)]
    reports = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
    assert [process.returncode for process in processes] == [0] * RUNS
    assert rows(database) == sorted(str(number) for number in range(1, 83))
    assert sorted(name for report in reports for name in report["ran"]) == [file.name for file in FILES]


def test_a_file_that_someone_else_applied_and_undid_is_not_called_broken(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.bookmark("b")
    scripted.error(400, 7500, "UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT")
    scripted.ledger()
    with pytest.raises(
        MigrationFailed, match="someone else applied the file during this run, and then undid that"
    ) as error:
        apply_files(failing, [LOG], TARGET, known=(), retry=failing.retry)
    assert "fix the file" not in str(error.value)


def test_files_that_others_applied_are_not_sent_again_later_in_the_run(
    scripted: ScriptedCloudflare, failing: D1Api, messages: list[str]
) -> None:
    scripted.bookmark("b")
    scripted.error(400, 7500, "UNIQUE constraint failed: d1_migrations.id: SQLITE_CONSTRAINT")
    scripted.ledger(LOG.name, PRAGMA.name)
    scripted.rows()  # the write of the last file
    scripted.verified(LOG.name, PRAGMA.name, LAST.name)
    report = apply_files(failing, [LOG, PRAGMA, LAST], TARGET, known=(), retry=failing.retry)
    assert (report.ran, report.by_others) == ((LAST.name,), (LOG.name, PRAGMA.name))
    assert messages[1:] == [
        "0000_log.sql was applied by someone else during this run (1 of 3)",
        "0080_pragma.sql was applied by someone else during this run (2 of 3)",
        "applied 0082_last.sql (3 of 3)",
    ]
