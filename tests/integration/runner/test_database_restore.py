"""A restore is sent once. If its response is lost, the ledger and the bookmark decide its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import RestoreFailed
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.restore import DatabaseRestore
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import LiveDatabase
    from pulumi_d1.migrations.past.restore import RestoreResult
    from tests.support.runner import ScriptedCloudflare

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);")
TAGS = Migration("0002_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);")


def restore(
    database: D1Api, bookmark: str, expected: tuple[str, ...], before: LiveDatabase | None = None
) -> RestoreResult:
    now = before or live.read_database(database, TARGET.table)
    sleep = database.retry.sleep
    return DatabaseRestore(database, TARGET.table, bookmark, now, expected, lambda undo: f"undo {undo}", sleep).run()


@pytest.fixture
def bookmark(database: D1Api) -> str:
    """From before the second of two files."""
    apply_files(database, [USERS])
    return apply_files(database, [USERS, TAGS]).bookmark.id


def test_undone_and_redone_files_are_read_from_the_ledger(database: D1Api, bookmark: str) -> None:
    result = restore(database, bookmark, ())
    assert (result.undone, result.redone, result.now.ledger, result.note) == ((TAGS.name,), (), (USERS.name,), "")
    result = restore(database, result.undo, ())
    assert (result.undone, result.redone, result.now.ledger) == ((), (TAGS.name,), (USERS.name, TAGS.name))


@pytest.mark.parametrize("fault", ["error", "bad-gateway", "drop", "invalid-json", "failure"])
def test_a_restore_whose_response_was_lost_is_found_in_the_ledger(database: D1Api, bookmark: str, fault: str) -> None:
    before = database.bookmark()
    arrange(database, faults=[{"fault": fault, "when": "after", "endpoint": "restore"}])
    result = restore(database, bookmark, (USERS.name,))
    assert "but the ledger shows that the database is restored" in result.note
    assert (result.undone, result.undo) == ((TAGS.name,), before)


def test_with_the_same_bookmark_as_before_nothing_was_restored(database: D1Api, bookmark: str) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "before", "endpoint": "restore", "times": 1}])
    with pytest.raises(RestoreFailed, match=r"nothing was restored: .*Run the same command again"):
        restore(database, bookmark, (USERS.name,))
    assert live.read_database(database, TARGET.table).ledger == (USERS.name, TAGS.name)


def test_a_restore_to_the_same_ledger_is_unknown_and_its_undo_is_printed(database: D1Api) -> None:
    apply_files(database, [USERS])
    bookmark = database.bookmark()
    database.write("INSERT INTO users VALUES (1)")
    current = database.bookmark()
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "restore"}])
    with pytest.raises(RestoreFailed, match="it is unknown whether the database was restored") as error:
        restore(database, bookmark, (USERS.name,))
    assert f"'undo {current}' undoes that" in str(error.value)
    assert "its bookmark has changed" in str(error.value)


def test_too_many_restores_are_refused_with_the_limit(database: D1Api, bookmark: str) -> None:
    arrange(database, restore_limit={"requests": 0})
    with pytest.raises(RestoreFailed, match=r"nothing was restored: .* allows 10 restores of a database in 10 minutes"):
        restore(database, bookmark, (USERS.name,))


def test_an_unknown_bookmark_is_refused(database: D1Api) -> None:
    with pytest.raises(RestoreFailed, match="nothing was restored: bookmark b1 is not one of this database's"):
        restore(database, "b1", ())


def test_a_database_that_cannot_be_read_afterwards_is_reported_as_restored(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.bookmark("b9")
    scripted.answer(200, {"result": {"previous_bookmark": "b9"}, "success": True, "errors": [], "messages": []})
    scripted.outage()
    with pytest.raises(RestoreFailed, match=r"the database was restored, but .*'undo b9' undoes the restore"):
        restore(failing, "b1", (), live.NEW)


def test_if_the_database_cannot_be_read_after_a_lost_response_the_outcome_is_unknown(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.bookmark("b9")
    scripted.error(500, 7500, "internal error")
    scripted.outage()
    with pytest.raises(
        RestoreFailed, match=r"is unknown whether .*: internal error .*'undo b9' undoes that; .*cannot be read"
    ):
        restore(failing, "b1", (), live.NEW)
