"""A restore that was asked for is sent once; where its answer is lost, ledger and bookmark tell what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import RestoreFailed
from pulumi_d1.migrations import live
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.restore import Restore
from tests.support.runner import TARGET, apply_files, arrange

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.live import Live
    from pulumi_d1.migrations.past.restore import Restored
    from tests.support.runner import ScriptedCloudflare

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);")
TAGS = Migration("0002_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);")


def go_back(database: D1Api, bookmark: str, expected: tuple[str, ...], before: Live | None = None) -> Restored:
    now = before or live.read(database, TARGET.table)
    sleep = database.retry.sleep
    return Restore(database, TARGET.table, bookmark, now, expected, lambda undo: f"undo {undo}", sleep).run()


@pytest.fixture
def bookmark(database: D1Api) -> str:
    """From before the second of two files."""
    apply_files(database, [USERS])
    return apply_files(database, [USERS, TAGS]).bookmark.id


def test_what_is_gone_and_what_is_back_is_read_not_guessed(database: D1Api, bookmark: str) -> None:
    done = go_back(database, bookmark, ())
    assert (done.gone, done.back, done.now.ledger, done.note) == ((TAGS.name,), (), (USERS.name,), "")
    undone = go_back(database, done.undo, ())
    assert (undone.gone, undone.back, undone.now.ledger) == ((), (TAGS.name,), (USERS.name, TAGS.name))


@pytest.mark.parametrize("fault", ["error", "bad-gateway", "drop", "invalid-json", "failure"])
def test_the_ledger_tells_that_a_restore_took_effect_whose_answer_was_lost(
    database: D1Api, bookmark: str, fault: str
) -> None:
    before = database.bookmark()
    arrange(database, faults=[{"fault": fault, "when": "after", "endpoint": "restore"}])
    done = go_back(database, bookmark, (USERS.name,))
    assert "but the ledger shows that it is restored" in done.note
    assert (done.gone, done.undo) == ((TAGS.name,), before)


def test_a_bookmark_that_did_not_move_tells_that_nothing_was_restored(database: D1Api, bookmark: str) -> None:
    arrange(database, faults=[{"fault": "drop", "when": "before", "endpoint": "restore", "times": 1}])
    with pytest.raises(RestoreFailed, match=r"nothing was restored: .*Run the same command again"):
        go_back(database, bookmark, (USERS.name,))
    assert live.read(database, TARGET.table).ledger == (USERS.name, TAGS.name)


def test_a_restore_that_the_ledger_can_not_tell_is_not_known_and_its_undo_is_named(database: D1Api) -> None:
    apply_files(database, [USERS])
    bookmark = database.bookmark()
    database.write("INSERT INTO users VALUES (1)")
    current = database.bookmark()
    arrange(database, faults=[{"fault": "drop", "when": "after", "endpoint": "restore"}])
    with pytest.raises(RestoreFailed, match="whether the database was restored is not known") as error:
        go_back(database, bookmark, (USERS.name,))
    assert f"'undo {current}' undoes it" in str(error.value)
    assert "its bookmark moved" in str(error.value)


def test_too_many_restores_are_refused_with_the_limit(database: D1Api, bookmark: str) -> None:
    arrange(database, restore_limit={"requests": 0})
    with pytest.raises(RestoreFailed, match=r"nothing was restored: .* 10 times in 10 minutes at most"):
        go_back(database, bookmark, (USERS.name,))


def test_an_unknown_bookmark_is_refused(database: D1Api) -> None:
    with pytest.raises(RestoreFailed, match="nothing was restored: bookmark b1 is not one of this database's"):
        go_back(database, "b1", ())


def test_a_database_that_can_not_be_read_afterwards_is_restored_all_the_same(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.bookmark("b9")
    scripted.answer(200, {"result": {"previous_bookmark": "b9"}, "success": True, "errors": [], "messages": []})
    scripted.outage()
    with pytest.raises(RestoreFailed, match=r"the database was restored, but .*'undo b9' undoes it"):
        go_back(failing, "b1", (), live.NEW)


def test_a_database_that_can_not_be_read_after_a_lost_answer_is_not_known(
    scripted: ScriptedCloudflare, failing: D1Api
) -> None:
    scripted.bookmark("b9")
    scripted.error(500, 7500, "internal error")
    scripted.outage()
    with pytest.raises(RestoreFailed, match=r"is not known: internal error .*'undo b9' undoes it; .*can't be read"):
        go_back(failing, "b1", (), live.NEW)
