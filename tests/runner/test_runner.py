"""Pending files run once, in order, each whole or not at all, with a bookmark from before the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.errors import ApiError, ConfigError, MigrationFailed
from infra.migrations.folder import Migration
from infra.migrations.runner import applied, apply
from tests.runner.conftest import TARGET

if TYPE_CHECKING:
    from infra.cloudflare import D1Api
    from tests.runner.conftest import ScriptedCloudflare

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
NAMES = Migration("0002_names.sql", "INSERT INTO users (name) VALUES ('Ada'), ('Grace');")
BROKEN = Migration("0003_broken.sql", "INSERT INTO users (name) VALUES ('Lost');\nINSERT INTO nowhere VALUES (1);")


def names(database: D1Api) -> list[str]:
    return [row["name"] for row in database.read("SELECT name FROM users ORDER BY id")]


def test_files_run_in_order_and_a_second_run_finds_nothing(database: D1Api) -> None:
    before = database.bookmark()
    said: list[str] = []
    report = apply(database, [USERS, NAMES], TARGET, say=said.append)
    assert report.ran == report.ledger == (USERS.name, NAMES.name) == applied(database, TARGET.table)
    assert report.bookmark.id == before
    assert names(database) == ["Ada", "Grace"]
    assert said[0].startswith(f"bookmark {before} taken")
    assert said[1:] == ["applied 0001_users.sql (1 of 2)", "applied 0002_names.sql (2 of 2)"]

    after = database.bookmark()
    again = apply(database, [USERS, NAMES], TARGET, say=said.append)
    assert (again.ran, again.ledger) == ((), report.ledger)
    assert database.bookmark() == after, "a run with nothing to do writes nothing"
    assert len(said) == 3


def test_reading_the_ledger_of_an_empty_database_writes_nothing(database: D1Api) -> None:
    before = database.bookmark()
    assert applied(database, TARGET.table) == ()
    assert database.bookmark() == before


def test_a_refused_file_leaves_what_was_before_it_and_nothing_of_itself(database: D1Api) -> None:
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as error:
        apply(database, [USERS, NAMES, BROKEN, Migration("0004_after.sql", "CREATE TABLE after (id);")], TARGET)
    assert (error.value.failed, error.value.applied) == (BROKEN.name, (USERS.name, NAMES.name))
    assert error.value.bookmark == before
    assert names(database) == ["Ada", "Grace"]
    assert applied(database, TARGET.table) == (USERS.name, NAMES.name)
    assert database.read("SELECT name FROM sqlite_master WHERE name = 'after'") == ()


def test_a_file_that_can_not_be_sent_stops_the_run_before_its_first_write(database: D1Api) -> None:
    before = database.bookmark()
    with pytest.raises(ConfigError, match=r"migrations/0002_open\.sql:1: "):
        apply(database, [USERS, Migration("0002_open.sql", "SELECT 'open")], TARGET)
    assert database.bookmark() == before


def test_a_file_that_empties_the_ledger_is_noticed(database: D1Api) -> None:
    apply(database, [USERS], TARGET)
    database.write("CREATE TRIGGER thief AFTER INSERT ON d1_migrations BEGIN DELETE FROM d1_migrations; END;")
    with pytest.raises(
        MigrationFailed, match=r"0002_names\.sql failed: it ran, but the ledger d1_migrations does not show it"
    ):
        apply(database, [NAMES], TARGET)


def test_an_answer_lost_after_the_commit_is_settled_by_the_ledger(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.rows()  # there is no ledger
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.drop()  # the write
    for _ in range(2):  # after the lost answer, and at the end
        scripted.rows({"name": "d1_migrations"})
        scripted.rows({"id": 1, "name": USERS.name})
    assert apply(failing, [USERS], TARGET).ran == (USERS.name,)
    assert sum("CREATE TABLE users" in body for _, _, body in scripted.requests) == 1


def test_an_answer_lost_before_the_commit_is_a_failure_that_can_be_run_again(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.rows()
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.error(500, 7500, "internal error; reference = e_1")
    scripted.rows()
    with pytest.raises(MigrationFailed, match=r"0001_users\.sql failed: internal error"):
        apply(failing, [USERS], TARGET)
    assert sum("CREATE TABLE users" in body for _, _, body in scripted.requests) == 1


def test_when_the_ledger_can_not_be_read_either_the_message_says_what_is_known(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.rows()
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.drop()
    scripted.error(500, 7500, "still down")
    with pytest.raises(
        MigrationFailed, match="reading the ledger to learn what happened failed too: still down"
    ) as error:
        apply(failing, [USERS], TARGET)
    assert "outcome   not known" in str(error.value)
    assert "--bookmark=b" in str(error.value)


def test_when_the_ledger_can_not_be_read_at_the_end_the_way_back_is_told(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.rows()
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.rows()  # the write
    scripted.error(500, 7500, "down now")
    with pytest.raises(MigrationFailed, match="reading the ledger after the last file failed: down now") as error:
        apply(failing, [USERS], TARGET)
    assert "--bookmark=b" in str(error.value)


@pytest.mark.parametrize(
    ("status", "code", "known"),
    [
        (400, 7500, "all of it is undone"),
        (403, 10000, "it did not take effect"),
        (429, 971, "it did not take effect"),
        (500, 7500, "it did not take effect"),
    ],
)
def test_the_message_says_no_more_than_is_known(
    scripted: ScriptedCloudflare, failing: D1Api, status: int, code: int, known: str
) -> None:
    scripted.rows()
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.error(status, code, "no")
    scripted.rows()
    with pytest.raises(MigrationFailed, match=known):
        apply(failing, [USERS], TARGET)


def test_an_upload_that_fails_is_not_the_files_fault(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    trigger = Migration("0001_trigger.sql", "CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;")
    upload = {"filename": "f", "upload_url": f"{scripted.base_url}/upload"}
    scripted.rows()
    scripted.answer(200, {"result": {"bookmark": "b"}, "success": True, "errors": [], "messages": []})
    scripted.answer(200, {"result": upload, "success": True, "errors": [], "messages": []})
    scripted.answer(503, "not now")
    scripted.rows()
    with pytest.raises(MigrationFailed, match=r"the upload of the import failed: HTTP 503") as error:
        apply(failing, [trigger], TARGET)
    assert "it did not take effect" in str(error.value)
    assert "mend the file" not in str(error.value)


def test_nothing_runs_when_the_bookmark_can_not_be_had(scripted: ScriptedCloudflare, failing: D1Api) -> None:
    scripted.rows()
    scripted.error(500, 7500, "no bookmark today")
    with pytest.raises(ApiError, match="no bookmark today"):
        apply(failing, [USERS], TARGET)
    assert not any("CREATE TABLE users" in body for _, _, body in scripted.requests)
