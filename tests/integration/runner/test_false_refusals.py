"""A write that ran is this run's, whatever its answer claimed: it is reported as applied, and the history has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.run.options import OnFailure, RunOptions
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.runner import ScriptedCloudflare, Waiting

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);")
MORE = Migration("0002_more.sql", "PRAGMA defer_foreign_keys = on; CREATE TABLE more (id INTEGER PRIMARY KEY);")
PAGE = "<html>408 Request Timeout</html>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *[(status, PAGE) for status in (400, 401, 403, 404, 408, 413, 429, 451, 499)],
        (400, {"success": False, "errors": [{"code": 7500, "message": "internal error; reference = e_1"}]}),
        (400, {"success": False, "errors": [{"code": 7500, "message": 'near "x": syntax error: SQLITE_ERROR'}]}),
        (403, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}),
        (404, {"success": False, "errors": [{"code": 7404, "message": "database not found"}]}),
        (400, {"success": False, "errors": [{"code": 7500, "message": "Exceeded maximum DB size"}]}),
    ],
)
def test_a_write_that_ran_despite_its_answer_is_this_runs_and_in_the_history(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, body: object
) -> None:
    recorded: list[str] = []
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.answer(status, body)
    scripted.ledger(USERS.name)
    scripted.verified(USERS.name)
    report = apply_files(
        failing, [USERS], TARGET, retry=failing.retry, on_applied=lambda names, *_: recorded.extend(names)
    )
    assert (report.ran, report.by_others, recorded) == ((USERS.name,), (), [USERS.name])


@pytest.mark.parametrize("status", [403, 404, 408, 429, 499])
def test_an_answer_of_something_in_between_restores_nothing_while_the_write_may_still_land(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting, status: int
) -> None:
    scripted.ledger(USERS.name)
    for _ in range(2):
        scripted.bookmark("b")
    scripted.answer(status, PAGE)
    for _ in range(3):  # it lands while the ledger is read
        scripted.ledger(USERS.name)
    scripted.ledger(USERS.name, MORE.name)
    scripted.verified(USERS.name, MORE.name)
    options = RunOptions(on_failure=OnFailure.RESTORE)
    report = apply_files(failing, [USERS, MORE], TARGET, options=options, retry=failing.retry, known=None)
    assert report.ran == (MORE.name,)
    assert not any("time_travel/restore" in path for _, path, _ in scripted.requests)
    assert sum(waiting.seconds) > 0


def test_a_true_refusal_is_the_files_failure(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(400, 7500, 'near "x": syntax error at offset 0: SQLITE_ERROR')
    scripted.no_ledger()
    with pytest.raises(MigrationFailed, match="rolled back"):
        apply_files(failing, [USERS], TARGET, retry=failing.retry)
