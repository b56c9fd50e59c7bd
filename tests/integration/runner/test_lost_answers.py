"""After an error the ledger decides the outcome of a write, and the message claims nothing more."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import ATTEMPTS, BUDGET_SECONDS, Retry
from pulumi_d1.errors import ApiError, MigrationFailed, NoConnection, PlanRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.ledger import unfinished
from pulumi_d1.migrations.live import read_ledger
from pulumi_d1.migrations.run.options import RunOptions
from pulumi_d1.migrations.run.request import make_request
from pulumi_d1.migrations.run.settling import SETTLE_SECONDS
from pulumi_d1.sqlite.statements import split
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import QueryResult
    from pulumi_d1.migrations.run.runner import RunReport
    from tests.support.runner import ScriptedCloudflare, Waiting

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
NAMES = Migration("0002_names.sql", "INSERT INTO users (name) VALUES ('Ada');")
TRIGGER = Migration("0001_trigger.sql", "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;")
TRIGGER_FILE = Migration("0002_trigger.sql", TRIGGER.sql)
IMPORT = Migration("0002_import.sql", f"{TRIGGER.sql}\n" + "INSERT INTO users (name) VALUES ('Ada');\n" * 6)
MORE = [
    "INSERT INTO users (name) VALUES ('Grace');",
    "PRAGMA defer_foreign_keys = on;\nINSERT INTO users (name) VALUES ('Edsger');",
    "INSERT INTO users (name) VALUES ('Barbara'); -- it's read\nSELECT 1 /* wrong; */;",
]
FAULTS = ["error", "bad-gateway", "drop", "invalid-json", "failure"]


@dataclass(frozen=True)
class Refusing(D1Api):
    """A database to which a number of connections for writes cannot be made.

    Attributes:
        refused: One item for each of them that is still to come.
    """

    refused: list[int] = field(default_factory=list)

    def write(self, sql: str) -> tuple[QueryResult, ...]:
        if self.refused:
            self.refused.pop()
            raise NoConnection("no connection to api.cloudflare.com, nothing was sent")
        return super().write(sql)


def refusing(database: D1Api, connections: int) -> Refusing:
    parts = (database.client, database.account_id, database.database_id, database.retry)
    return Refusing(*parts, list(range(connections)))


def run(database: D1Api, files: Sequence[Migration] = (USERS,)) -> RunReport:
    return apply_files(database, files, TARGET, retry=database.retry)


def writes(scripted: ScriptedCloudflare) -> int:
    return sum("CREATE TABLE users" in body for _, _, body in scripted.requests)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_response_lost_after_the_commit_is_found_in_the_ledger(database: D1Api, waiting: Waiting, fault: str) -> None:
    arrange(database, faults=[{"fault": fault, "when": "after", "endpoint": "query", "contains": "INSERT"}])
    report = run(database, [USERS, NAMES])
    assert report.ran == report.ledger == (USERS.name, NAMES.name)
    assert database.read("SELECT name FROM users") == ({"name": "Ada"},)
    assert waiting.messages[1:] == [
        "0001_users.sql is in the ledger now: this run or someone else applied it (1 of 2)",
        "0002_names.sql is in the ledger now: this run or someone else applied it (2 of 2)",
    ]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("file", [USERS, TRIGGER_FILE], ids=["query", "import"])
def test_a_request_that_never_ran_is_sent_again_once_after_30_seconds(
    database: D1Api, waiting: Waiting, fault: str, file: Migration
) -> None:
    database.write(
        "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT)" if file is not USERS else "SELECT 1"
    )
    lost = {"fault": fault, "contains": "INSERT"} if file is USERS else {"fault": fault, "contains": "ingest"}
    arrange(database, faults=[lost])
    assert run(database, [file]).ran == (file.name,)
    assert waiting.seconds == list(SETTLE_SECONDS)
    assert waiting.messages[2:] == [
        f"{file.name}: it did not run; sending it again",
        f"applied {file.name} (1 of 1)",
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_request_that_is_lost_twice_fails_and_can_be_run_again(database: D1Api, waiting: Waiting, fault: str) -> None:
    arrange(database, faults=[{"fault": fault, "endpoint": "query", "contains": "INSERT", "times": 2}])
    outcome = "outcome   not applied: it was sent twice, and the ledger does not list it 30 s after each time"
    with pytest.raises(MigrationFailed, match=outcome) as error:
        run(database)
    assert error.value.failed == USERS.name
    assert waiting.seconds == [*SETTLE_SECONDS, *SETTLE_SECONDS]
    assert run(database).ran == (USERS.name,)


def test_without_a_connection_nothing_was_sent_so_there_is_no_wait_for_the_ledger(
    database: D1Api, waiting: Waiting
) -> None:
    assert apply_files(refusing(database, 2), [USERS, NAMES], TARGET, retry=database.retry).ran == (
        USERS.name,
        NAMES.name,
    )
    assert sum(waiting.seconds) < 2
    assert database.read("SELECT name FROM users") == ({"name": "Ada"},)


def test_if_there_is_never_a_connection_the_message_claims_that_nothing_was_applied(
    database: D1Api, waiting: Waiting
) -> None:
    with pytest.raises(MigrationFailed, match="outcome   not applied: the ledger does not list it"):
        apply_files(refusing(database, 99), [USERS], TARGET, retry=database.retry)
    assert sum(waiting.seconds) < 16


@pytest.mark.parametrize("answer", [(403, 10000, "no"), (400, 7500, "near x: syntax error"), (500, 7500, "internal")])
def test_a_write_that_took_effect_is_ours_whatever_its_answer(
    scripted: ScriptedCloudflare, failing: D1Api, answer: tuple[int, int, str]
) -> None:
    recorded: list[str] = []
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(*answer)
    scripted.ledger(USERS.name)
    scripted.verified(USERS.name)
    report = apply_files(
        failing,
        [USERS],
        TARGET,
        retry=failing.retry,
        on_applied=lambda names, _seconds, _bookmark: recorded.extend(names),
    )
    assert (report.ran, report.by_others, recorded) == ((USERS.name,), (), [USERS.name])
    assert writes(scripted) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_reads_are_sent_again(database: D1Api, fault: str) -> None:
    endless = {"fault": fault, "times": ATTEMPTS - 1}
    arrange(
        database,
        faults=[{**endless, "endpoint": "query", "contains": "SELECT"}, {**endless, "endpoint": "bookmark"}],
    )
    assert run(database).ran == (USERS.name,)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_that_takes_longer_than_the_client_waits_is_found_in_the_ledger(database: D1Api, when: str) -> None:
    latency = {"fault": "latency", "ms": 600, "when": when}
    arrange(database, faults=[{**latency, "endpoint": "query", "contains": "INSERT"}])
    retry = replace(database.retry, sleep=lambda _: time.sleep(0.25))
    hasty = replace(database, client=replace(database.client, timeout=0.3), retry=retry)
    assert apply_files(hasty, [USERS, NAMES], TARGET, retry=retry).ran == (USERS.name, NAMES.name)
    assert database.read("SELECT name FROM users") == ({"name": "Ada"},)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_lost_each_file_is_applied_once_in_the_end(database: D1Api, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - chance, not a secret
    files = [USERS, NAMES, *(Migration(f"000{n}_more.sql", MORE[n % len(MORE)]) for n in range(3, 9))]
    rules = [
        {
            "fault": dice.choice(FAULTS),
            "when": dice.choice(["before", "after"]),
            "endpoint": dice.choice(["query", "query", "import", "bookmark", None]),
            "nth": dice.randint(1, 8),
            "times": dice.randint(1, 3),
        }
        for _ in range(6)
    ]
    arrange(database, faults=rules)
    for _ in range(len(rules) * 3):
        with suppress(MigrationFailed, ApiError):
            run(database, files)
            break
    arrange(database)
    assert read_ledger(database, TARGET.table) == tuple(file.name for file in files)
    assert len(database.read("SELECT id FROM users")) == 1 + 6


def test_a_write_that_commits_after_its_response_is_waited_for(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(504, 7009, "gateway timeout")
    scripted.no_ledger()
    scripted.no_ledger()
    scripted.ledger(USERS.name)
    scripted.verified(USERS.name)
    assert run(failing).ran == (USERS.name,)
    assert writes(scripted) == 1
    assert waiting.seconds == [1, 2]
    reading = "0001_users.sql: gateway timeout (code 7009); reading the ledger for 30 s to see whether it ran"
    assert reading in waiting.messages


def test_a_throttled_write_is_sent_again_after_the_ledger_is_read(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(429, 971, "throttled", **{"retry-after": "300"})
    scripted.no_ledger()
    scripted.rows()  # the second write
    scripted.verified(USERS.name)
    assert run(failing).ran == (USERS.name,)
    assert writes(scripted) == 2
    assert sum(waiting.seconds) == 300
    assert "Cloudflare requested a wait of 300 s (HTTP 429); 240 s left" in waiting.messages


def test_a_write_is_not_sent_again_when_someone_else_applied_it_during_the_wait(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(429, 971, "throttled", **{"retry-after": "300"})
    for _ in range(2):  # before the write is sent again, and for its outcome
        scripted.ledger(USERS.name)
    scripted.verified(USERS.name)
    report = run(failing)
    assert (report.ran, report.by_others) == ((), (USERS.name,))
    assert writes(scripted) == 1


def test_a_run_beyond_the_rate_limit_waits_until_it_is_over(database: D1Api, messages: list[str]) -> None:
    patient = replace(database, retry=Retry())
    files = [USERS, *(Migration(f"{number:04}.sql", MORE[1]) for number in range(2, 10))]
    arrange(database, rate_limit={"requests": 5, "seconds": 60, "block_seconds": 2})
    assert apply_files(patient, files, TARGET, retry=patient.retry).ran == tuple(file.name for file in files)
    assert messages.count("Cloudflare requested a wait of 2 s (HTTP 429)") >= 2
    arrange(database)
    assert len(database.read("SELECT id FROM users")) == 8


def test_patience_with_a_rate_limit_ends(scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    for _ in range(2):
        scripted.error(429, 971, "throttled", **{"retry-after": "400"})
        scripted.no_ledger()
    with pytest.raises(MigrationFailed, match="throttled") as error:
        run(failing)
    assert "outcome   not applied: the ledger does not list it" in str(error.value)
    assert sum(waiting.seconds) < BUDGET_SECONDS


@pytest.mark.parametrize(("status", "code"), [(403, 10000), (404, 7404), (400, 7400), (413, 7000)])
def test_a_refused_request_is_not_sent_again(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting, status: int, code: int
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.error(status, code, "no")
    scripted.no_ledger()
    with pytest.raises(MigrationFailed, match="outcome   not applied: the ledger does not list it"):
        run(failing)
    assert writes(scripted) == 1
    assert waiting.seconds == []


def test_when_the_ledger_cannot_be_read_either_the_outcome_is_unknown(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.drop()
    scripted.outage()
    with pytest.raises(
        MigrationFailed, match=r"no answer from Cloudflare.*; then reading the ledger failed too: still down"
    ) as error:
        run(failing)
    assert "outcome   unknown: the ledger cannot be read" in str(error.value)
    assert "--bookmark=b" in str(error.value)


def test_when_the_database_cannot_be_read_at_the_end_the_restore_command_is_printed(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.rows()  # the write
    scripted.outage()
    with pytest.raises(MigrationFailed, match="reading the database after the last file failed: still down") as error:
        run(failing)
    assert "--bookmark=b" in str(error.value)


def test_a_failed_upload_is_not_blamed_on_the_file(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    upload = {"filename": "f", "upload_url": f"{scripted.base_url}/upload"}
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.answer(200, {"result": upload, "success": True, "errors": [], "messages": []})
    for _ in range(ATTEMPTS):
        scripted.answer(503, "not now")
    scripted.no_ledger()
    with pytest.raises(MigrationFailed, match=r"the upload of the import failed: HTTP 503") as error:
        run(failing, [TRIGGER])
    assert "not applied: the ledger does not list it" in str(error.value)
    assert "fix the file" not in str(error.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_import_whose_response_was_lost_is_found_in_the_ledger(database: D1Api, fault: str) -> None:
    arrange(database, faults=[{"fault": fault, "when": "after", "endpoint": "import", "contains": "ingest"}])
    report = run(database, [USERS, TRIGGER_FILE])
    assert report.ran == (USERS.name, TRIGGER_FILE.name)


@pytest.mark.parametrize("fault", ["error", "drop"])
def test_an_import_whose_poll_fails_is_polled_again(database: D1Api, fault: str) -> None:
    active = {"fault": "import-active", "when": "after", "endpoint": "import", "contains": "ingest"}
    arrange(database, faults=[active, {"fault": fault, "endpoint": "import", "contains": "poll", "times": 3}])
    assert run(database, [USERS, TRIGGER_FILE]).by_others == ()


def test_an_import_that_cloudflare_reports_as_active_is_not_sent_again(database: D1Api) -> None:
    active = {"fault": "import-active", "endpoint": "import", "times": None}
    arrange(database, faults=[{**active, "contains": "ingest"}, {**active, "contains": "poll"}])
    options = RunOptions(import_timeout=timedelta(milliseconds=1))
    with pytest.raises(MigrationFailed, match="outcome   unknown: Cloudflare reports the import as running"):
        apply_files(database, [USERS, TRIGGER_FILE], TARGET, options=options, retry=database.retry)
    arrange(database)
    assert run(database, [USERS, TRIGGER_FILE]).ran == (TRIGGER_FILE.name,)


def test_an_import_beyond_its_timeout_is_found_in_the_ledger(database: D1Api, messages: list[str]) -> None:
    active = {"fault": "import-active", "when": "after", "endpoint": "import"}
    arrange(database, faults=[{**active, "contains": "ingest"}, {**active, "contains": "poll", "times": None}])
    options = RunOptions(import_timeout=timedelta(milliseconds=1))
    report = apply_files(database, [USERS, TRIGGER_FILE], TARGET, options=options, retry=database.retry)
    assert report.ran == (USERS.name, TRIGGER_FILE.name)
    assert messages[-1].startswith("0002_trigger.sql is in the ledger now"), "the ledger decides, not the poll"


def failed_import(scripted: ScriptedCloudflare) -> None:
    """Add the answers of an import that D1 refuses."""
    state = {
        "type": "import",
        "success": True,
        "at_bookmark": "b",
        "messages": [],
        "status": "error",
        "errors": ["no such table: x"],
    }
    scripted.no_ledger()
    scripted.bookmark("b")
    scripted.answer(200, {"result": state, "success": True, "errors": [], "messages": []})


def test_a_refused_import_that_is_still_being_undone_is_waited_for(
    scripted: ScriptedCloudflare, failing: D1Api, waiting: Waiting
) -> None:
    failed_import(scripted)
    scripted.ledger(unfinished(TRIGGER.name))
    scripted.ledger(unfinished(TRIGGER.name))
    scripted.no_ledger()
    with pytest.raises(MigrationFailed, match="outcome   rolled back: nothing of the file remains"):
        run(failing, [TRIGGER])
    assert waiting.seconds == [1, 2]


def test_a_refused_import_that_is_not_undone_is_not_claimed_to_be(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    failed_import(scripted)
    for _ in range(1 + len(SETTLE_SECONDS)):
        scripted.ledger(unfinished(TRIGGER.name))
    with pytest.raises(MigrationFailed, match="outcome   unknown: the import has begun and not ended") as error:
        run(failing, [TRIGGER])
    assert "if it still reports an unfinished import, restore the bookmark" in str(error.value)


def test_an_import_that_died_is_sent_again_as_soon_as_it_is_undone(database: D1Api, messages: list[str]) -> None:
    run(database)
    arrange(database, imports="statements", imports_die_ms=300)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        arrange(database, imports="statements")
        time.sleep(0.2)

    report = apply_files(database, [USERS, IMPORT], TARGET, retry=Retry(pause, lambda: 1.0))
    assert report.ran == (IMPORT.name,)
    assert len(pauses) < len(SETTLE_SECONDS)
    assert "0002_import.sql: it did not run; sending it again" in messages
    assert len(database.read("SELECT id FROM users")) == 6


def test_an_import_that_is_not_undone_in_time_is_reported_and_stops_the_next_run(database: D1Api) -> None:
    run(database)
    arrange(database, imports="statements", imports_die_ms=60_000)
    with pytest.raises(MigrationFailed, match="outcome   unknown: the import has begun and not ended"):
        run(database, [USERS, IMPORT])
    with pytest.raises(PlanRefused, match=r"the import of migrations/0002_import\.sql has begun and not ended"):
        run(database, [USERS, IMPORT])


def test_a_run_after_an_import_that_died_does_not_start_until_the_database_is_restored(database: D1Api) -> None:
    run(database)
    bookmark = database.bookmark()
    (*statements, _last, _ledger_row) = split(make_request(TRIGGER_FILE, "migrations", TARGET.table).sql)
    for statement in statements:
        database.write(statement.text)
    with pytest.raises(PlanRefused, match=r"the import of migrations/0002_trigger\.sql has begun and not ended"):
        run(database, [USERS, TRIGGER_FILE])
    database.restore(bookmark)
    assert run(database, [USERS, TRIGGER_FILE]).ran == (TRIGGER_FILE.name,)


def test_nothing_runs_without_a_bookmark(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.no_ledger()
    scripted.outage()
    with pytest.raises(ApiError, match="still down"):
        run(failing)
    assert writes(scripted) == 0


def test_a_ledger_that_is_created_between_two_reads_is_read(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.error(400, 7500, "no such table: d1_migrations: SQLITE_ERROR")
    scripted.rows({"name": "d1_migrations"})
    scripted.ledger(USERS.name)
    assert read_ledger(failing, TARGET.table) == (USERS.name,)


def test_an_existing_ledger_that_cannot_be_read_does_not_count_as_empty(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.error(400, 7500, "no such column: id: SQLITE_ERROR")
    scripted.rows({"name": "d1_migrations"})
    scripted.error(400, 7500, "no such column: id: SQLITE_ERROR")
    with pytest.raises(ApiError, match="no such column"):
        run(failing)
    assert writes(scripted) == 0
