"""`d1 undo` writes the reverse of an applied file and proves it, or prints why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_d1.migrations import ledger

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

LIVE = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'a');"
NAME = "0002_tags.sql"


def apply(prod: ReviewedDatabase, name: str, sql: str) -> None:
    prod.write(name, sql)
    prod.database.write(f"{sql}{ledger.insert('d1_migrations', name)}")


def test_the_reverse_is_proved_and_written(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    apply(prod, NAME, "ALTER TABLE users RENAME COLUMN name TO title; CREATE TABLE tags (label TEXT);")
    prod.database.write("INSERT INTO users VALUES (2, 'later'); INSERT INTO tags VALUES ('x');")
    done = prod.d1("undo", NAME, "--stack", "prod")
    assert done.exit_code == 0, done.output
    first, *changes, last = done.stdout.splitlines()
    assert first == "rehearsed on 3 rows (6 rows read)"
    assert sorted(changes) == ["  + column users.name  TEXT", "  - column users.title", "  - table tags  label"]
    assert last == "wrote migrations/0003_undo_0002_tags.sql"
    text = (prod.folder / "migrations" / "0003_undo_0002_tags.sql").read_text()
    line = text.splitlines().index('DROP TABLE "tags";') + 1
    assert f"0003_undo_0002_tags.sql:{line}:1: D102 tags is dropped with its rows (1 row)" in done.stderr
    assert text.startswith("-- Migration number: 0003")
    prod.database.write(text)
    assert [row["name"] for row in prod.database.read("SELECT name FROM users ORDER BY id")] == ["a", "later"]


def test_without_a_reverse_the_reasons_and_the_cost_of_a_restore_are_printed(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    apply(prod, NAME, "ALTER TABLE users DROP COLUMN name;")
    apply(prod, "0003_more.sql", "CREATE TABLE more (a);")
    before = sorted((prod.folder / "migrations").iterdir())
    done = prod.d1("undo", NAME, "--stack", "prod")
    assert done.exit_code == 1
    message = " ".join(done.stderr.split())
    assert "0002_tags.sql has no reverse: line 1 drops a column with its values" in message
    assert "Time Travel undoes it, and every write since 20" in message
    assert "by anyone, and 0003_more.sql: 'd1 restore --before 0002_tags.sql --stack prod'" in message
    assert sorted((prod.folder / "migrations").iterdir()) == before


def test_what_later_files_need_has_no_reverse(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    apply(prod, NAME, "ALTER TABLE users ADD COLUMN age;")
    apply(prod, "0003_index.sql", "CREATE INDEX by_age ON users (age);")
    done = prod.d1("undo", NAME, "--stack", "prod", "--dry-run")
    assert done.exit_code == 1
    assert "D1 would refuse its reverse" in done.stderr
    assert "by_age" in done.stderr


def test_pending_files_run_before_the_reverse(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    apply(prod, NAME, "ALTER TABLE users ADD COLUMN age;")
    prod.write("0003_index.sql", "CREATE TABLE more (a); CREATE INDEX by_age ON users (age);")
    refused = prod.d1("undo", NAME, "--stack", "prod")
    assert (refused.exit_code, "by_age" in refused.stderr) == (1, True)
    prod.write("0003_index.sql", "CREATE INDEX i ON gone (a);")
    refused = prod.d1("undo", NAME, "--stack", "prod")
    assert "D1 would refuse 0003_index.sql, which is pending before it: no such table" in refused.stderr
    prod.write("0003_index.sql", "CREATE TABLE more (a);")
    done = prod.d1("undo", NAME, "--stack", "prod")
    assert done.stdout.splitlines()[1:] == ["  - column users.age", "wrote migrations/0004_undo_0002_tags.sql"]


def test_a_dry_run_only_prints_and_a_pending_file_is_an_error(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    apply(prod, NAME, "CREATE INDEX by_name ON users (name);")
    done = prod.d1("undo", NAME, "--stack", "prod", "--dry-run")
    assert 'DROP INDEX "by_name";' in done.stdout
    prod.write("0003_pending.sql", "CREATE TABLE later (a);")
    assert "0003_pending.sql is not applied" in prod.d1("undo", "0003_pending.sql", "--stack", "prod").stderr
    assert "there is no migration 0009.sql" in prod.d1("undo", "0009.sql", "--stack", "prod").stderr
    assert len(list((prod.folder / "migrations").iterdir())) == 3
