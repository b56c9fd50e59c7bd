"""Pending files run once, in order, each whole or not at all, with a bookmark from before the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError, MigrationFailed
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import read_ledger
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.database import D1Api

USERS = Migration("0001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);")
NAMES = Migration("0002_names.sql", "INSERT INTO users (name) VALUES ('Ada'), ('Grace');")
BROKEN = Migration("0003_broken.sql", "INSERT INTO users (name) VALUES ('Lost');\nINSERT INTO nowhere VALUES (1);")


def names(database: D1Api) -> list[str]:
    return [row["name"] for row in database.read("SELECT name FROM users ORDER BY id")]


def test_files_run_in_order_and_a_second_run_finds_nothing(database: D1Api, messages: list[str]) -> None:
    before = database.bookmark()
    report = apply_files(database, [USERS, NAMES], TARGET)
    assert report.ran == report.ledger == (USERS.name, NAMES.name) == read_ledger(database, TARGET.table)
    assert report.bookmark.id == before
    assert names(database) == ["Ada", "Grace"]
    assert messages[0] == (
        f"took bookmark {before}; restore command: wrangler d1 time-travel restore {TARGET.name} --bookmark={before}"
    )
    assert messages[1:] == ["applied 0001_users.sql (1 of 2)", "applied 0002_names.sql (2 of 2)"]

    after = database.bookmark()
    again = apply_files(database, [USERS, NAMES], TARGET)
    assert (again.ran, again.ledger) == ((), report.ledger)
    assert database.bookmark() == after, "a run with nothing to do writes nothing"
    assert len(messages) == 3


def test_reading_the_ledger_of_an_empty_database_writes_nothing(database: D1Api) -> None:
    before = database.bookmark()
    assert read_ledger(database, TARGET.table) == ()
    assert database.bookmark() == before


def test_a_refused_file_leaves_what_was_before_it_and_nothing_of_itself(database: D1Api) -> None:
    before = database.bookmark()
    with pytest.raises(MigrationFailed) as error:
        apply_files(database, [USERS, NAMES, BROKEN, Migration("0004_after.sql", "CREATE TABLE after (id);")], TARGET)
    assert (error.value.failed, error.value.applied) == (BROKEN.name, (USERS.name, NAMES.name))
    assert error.value.bookmark == before
    assert names(database) == ["Ada", "Grace"]
    assert read_ledger(database, TARGET.table) == (USERS.name, NAMES.name)
    assert database.read("SELECT name FROM sqlite_master WHERE name = 'after'") == ()


def test_a_file_that_cannot_be_sent_stops_the_run_before_its_first_write(database: D1Api) -> None:
    before = database.bookmark()
    with pytest.raises(ConfigError, match=r"migrations/0002_open\.sql:1: "):
        apply_files(database, [USERS, Migration("0002_open.sql", "SELECT 'open")], TARGET)
    assert database.bookmark() == before


def test_a_file_that_empties_the_ledger_is_noticed(database: D1Api) -> None:
    apply_files(database, [USERS], TARGET)
    database.write("CREATE TRIGGER thief AFTER INSERT ON d1_migrations BEGIN DELETE FROM d1_migrations; END;")
    with pytest.raises(
        MigrationFailed, match=r"0002_names\.sql failed: it ran, but the ledger d1_migrations does not list it"
    ):
        apply_files(database, [NAMES], TARGET)
