"""`d1 rebuild` replaces a dangerous file, or creates one for a wish; what it cannot make safe stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

LIVE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, qty TEXT CHECK (qty <> ''));
CREATE TABLE sessions (id TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE);
CREATE TABLE hits (id INTEGER PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE);
INSERT INTO users VALUES (1, 'a', '1'), (2, NULL, '2'); INSERT INTO sessions VALUES ('s', 1), ('t', 2);
INSERT INTO hits VALUES (1, 's'), (2, 's'), (3, 't');
"""
DANGEROUS = """PRAGMA foreign_keys=OFF;
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT DEFAULT '', qty TEXT);
INSERT INTO new_users (id, name, qty) SELECT id, name, qty FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
"""
NAME = "0002_users.sql"


def text(prod: ReviewedDatabase, name: str = NAME) -> str:
    return (prod.folder / "migrations" / name).read_text()


def test_a_stopped_file_becomes_one_that_is_not(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    prod.write(NAME, DANGEROUS)
    [error] = prod.plan()["errors"]
    assert f"'d1 rebuild {NAME} --stack STACK'" in error["instead"]
    before = prod.database.bookmark()
    done = prod.d1("rebuild", NAME, "--stack", "prod")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "rehearsed on 7 rows (11 rows read)",
        "  rebuilt    users: 2 rows",
        "  put back   sessions: 2 rows",
        "  put back   hits: 3 rows",
        "every table has the rows that it is meant to have",
        f"wrote migrations/{NAME}",
    ]
    assert (prod.plan()["errors"], prod.plan()["warnings"]) == ([], [])
    assert prod.database.bookmark() == before, "nothing was written to the database"


def test_a_wish_becomes_the_next_file(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    wish = ("--table", "users", "--not-null", "name", "--type", "qty=INTEGER", "--drop-check")
    refused = prod.d1("rebuild", *wish, "--stack", "prod")
    assert refused.exit_code == 1
    assert "migrations/0002_rebuild_users.sql was not written" in refused.stderr
    assert "NOT NULL constraint failed: users.name" in refused.stderr
    assert "Give its NULLs a value: --fill COLUMN=SQL" in refused.stderr
    done = prod.d1("rebuild", *wish, "--fill", "name='none'", "--stack", "prod")
    assert done.exit_code == 0, done.output
    assert "name TEXT NOT NULL, qty INTEGER)" in text(prod, "0002_rebuild_users.sql")
    assert prod.plan()["errors"] == []


def test_a_whole_definition_is_read_from_a_file_and_a_dry_run_only_prints(
    prod: ReviewedDatabase, tmp_path: Path
) -> None:
    prod.migrate(LIVE)
    (tmp_path / "users.sql").write_text("CREATE TABLE users (name TEXT, id INTEGER PRIMARY KEY) -- no semicolon\n")
    done = prod.d1("rebuild", "--table", "users", "--create", "users.sql", "--stack", "prod", "--dry-run")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("-- Migration number: 0002 ")
    assert "\n-- Rebuilds users without losing rows. Written by d1 rebuild.\n" in done.stdout
    line = done.stdout.splitlines().index('DROP TABLE "users";') + 1
    assert f"0002_rebuild_users.sql:{line}:1: D103" in done.stderr, "qty is lost, as the wish means it"
    assert not list((prod.folder / "migrations").glob("0002*"))


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("-- nothing", "the new definition of users is invalid: SQL code did not contain a statement"),
        ("CREATE TABLE users (id); CREATE TABLE b (x);", "is not one CREATE TABLE users (...): leave all else out"),
        ("CREATE TABLE users (id); INSERT INTO users VALUES (1);", "is not one CREATE TABLE users (...)"),
        ("CREATE TABLE people (id);", "is not one CREATE TABLE users (...)"),
        ("CREATE VIEW users AS SELECT 1 AS id;", "is not one CREATE TABLE users (...)"),
        ("CREATE VIRTUAL TABLE users USING fts5(name);", "is not one CREATE TABLE users (...)"),
        ("CREATE TABLE users (other);", "the new definition of users has no column of the present one"),
    ],
)
def test_a_definition_is_one_table_of_the_name(prod: ReviewedDatabase, definition: str, message: str) -> None:
    prod.migrate(LIVE)
    (prod.folder / "users.sql").write_text(definition)
    done = prod.d1("rebuild", "--table", "users", "--create", "users.sql", "--stack", "prod")
    assert done.exit_code == 1
    assert message in " ".join(done.stderr.split())


def test_the_triggers_of_a_file_before_others_come_after_all(prod: ReviewedDatabase) -> None:
    prod.migrate(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b (id)); CREATE TRIGGER t AFTER INSERT ON a BEGIN "
        "SELECT 1; END; CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a (id), n TEXT);"
    )
    copy = "CREATE TABLE n (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a (id), n INTEGER); INSERT INTO n SELECT *"
    prod.write(NAME, f"{copy} FROM b; DROP TABLE b; ALTER TABLE n RENAME TO b;")
    prod.write("0003_more.sql", "CREATE TABLE more (x);")
    done = prod.d1("rebuild", NAME, "--stack", "prod")
    assert "wrote migrations/0004_triggers_of_b.sql" in done.stdout, done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either FILE, a pending migration, or --table NAME"),
        ((NAME, "--not-null", "name"), "FILE has the changes already"),
        (("--table", "users", "--type", "qty"), "--type takes COLUMN=VALUE"),
        (("--table", "user", "--drop-check"), "there is no table user: the tables are users, sessions, hits"),
        (("--table", "users", "--not-null", "nam"), "users has no column nam: its columns are id, name, qty"),
        (
            ("--table", "users", "--drop-check", "--fill", "nam=1"),
            "--fill names nam, but the rebuild copies no such column",
        ),
        (("--table", "users", "--create", "none.sql"), "none.sql: No such file or directory"),
        (("0003_none.sql",), "there is no migration 0003_none.sql"),
        (("0001_live.sql",), "0001_live.sql is applied already"),
        ((NAME,), "the file rebuilds no table"),
        (("--table", "users", "--drop-check", "--fill", "name=("), "the rebuild fails even without foreign keys"),
        (("--table", "users", "--drop-check", "--fill", "name=1) FROM users; --"), "--fill takes an SQL expression"),
        (("--table", "users", "--type", "qty=INT", "--type", "QTY=TEXT"), "--type names a column twice"),
        (("--table", "users", "--type", "qty=INT); CREATE TABLE x (y"), "the new definition of users is invalid"),
        (("--table", "users", "--type", "qty=INT); DROP TABLE users; --"), "is not one CREATE TABLE users (...)"),
    ],
)
def test_a_mistake_is_one_message_and_writes_nothing(
    prod: ReviewedDatabase, arguments: tuple[str, ...], message: str
) -> None:
    prod.migrate(LIVE)
    prod.write(NAME, "SELECT 1;\n")
    done = prod.d1("rebuild", *arguments, "--stack", "prod")
    assert done.exit_code != 0
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert [file.name for file in sorted((prod.folder / "migrations").iterdir())] == ["0001_live.sql", NAME]
    assert text(prod) == "SELECT 1;\n"


def test_offline_the_rows_are_generated(prod: ReviewedDatabase) -> None:
    prod.write("0001_live.sql", LIVE.partition("INSERT")[0])
    prod.write(NAME, DANGEROUS)
    done = prod.d1("rebuild", NAME, "--offline")
    assert done.exit_code == 0, done.output
    assert "rehearsed on generated rows" in done.stdout
    assert "put back   hits: 3 rows" in done.stdout


def test_a_table_that_no_file_creates_is_named(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    prod.database.write("CREATE TABLE extra (user REFERENCES users (id))")
    prod.write(NAME, DANGEROUS)
    done = prod.d1("rebuild", NAME, "--stack", "prod")
    assert "no file creates extra, so the new file fails on a new database" in " ".join(done.stderr.split())
