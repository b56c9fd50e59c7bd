"""No command prints or keeps a value of a row, whatever a file does with it; some read no row at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import arrange, arranged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

MARKS = ("mrk", "918273645", "918,273,645", "6D726B", "b'")
"""Parts of every value of a row."""

LIVE = """
    CREATE TABLE people (
      id TEXT PRIMARY KEY, email TEXT UNIQUE, n INTEGER, r REAL, b BLOB, j TEXT, path TEXT, query TEXT,
      g TEXT AS (email || j)
    );
    CREATE TABLE kids (id TEXT PRIMARY KEY, parent TEXT REFERENCES people (id) ON DELETE CASCADE, n INTEGER);
    CREATE TABLE tags (person TEXT REFERENCES people (id), tag TEXT, PRIMARY KEY (person, tag)) WITHOUT ROWID;
    CREATE TABLE log (what TEXT);
    CREATE VIRTUAL TABLE search USING fts5(body);
    INSERT INTO people (id, email, n, r, b, j, path, query) VALUES
      ('mrk-key', 'mrk@mail.example', 918273645, 918273645.5, CAST('mrk blob' AS BLOB), '{"mrk": "mrk json"}',
       'mrk ''path"', 'mrkquery:"x'),
      ('mrk-2', 'mrk@2.example', 9182736450, 1.918273645, x'6D726B00', '["mrk"]', '$.mrk[', '*mrk');
    INSERT INTO kids VALUES ('mrk-kid', 'mrk-key', 918273645);
    INSERT INTO log VALUES ('mrk log');
    INSERT INTO search VALUES ('mrk body');
    CREATE TRIGGER leaves BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, old.what); END;
    CREATE TRIGGER fails BEFORE UPDATE OF n ON people BEGIN SELECT RAISE(FAIL, old.email || old.j); END;
    CREATE TRIGGER ends BEFORE UPDATE OF r ON people BEGIN SELECT RAISE(ROLLBACK, old.email); END;
"""
FILES = [
    "DELETE FROM log;",
    "UPDATE people SET n = 1;",
    "UPDATE people SET r = 1;",
    "SELECT json_extract(j, path) FROM people;",
    "UPDATE people SET email = json_set(j, path, 1);",
    "SELECT json_extract(email, '$') FROM people;",
    "SELECT (SELECT 1 FROM search WHERE search MATCH p.query) FROM people p;",
    "SELECT (SELECT 1 FROM search WHERE search MATCH p.query) FROM people p ORDER BY id;",
    "SELECT (SELECT 1 FROM search WHERE search MATCH 'body' AND rank MATCH p.id) FROM people p;",
    "INSERT INTO people (id, email) SELECT id || 'x', email FROM people;",
    "INSERT INTO tags SELECT email, email FROM people;",
    "CREATE UNIQUE INDEX one ON people (length(email) > 0);",
    "CREATE INDEX paths ON people (json_extract(j, path));",
    "CREATE INDEX jsons ON people (json_extract(email, '$.a'));",
    "ALTER TABLE people ADD COLUMN level INTEGER NOT NULL DEFAULT 0 CHECK (level > 0);",
    "CREATE TABLE strict (n INTEGER) STRICT; INSERT INTO strict SELECT email FROM people;",
    "CREATE TABLE numbers (n INTEGER PRIMARY KEY); INSERT INTO numbers SELECT email FROM people;",
    "CREATE TABLE checked (v CHECK (v NOT LIKE 'm%')); INSERT INTO checked SELECT email FROM people;",
    "CREATE TABLE filled (v NOT NULL); INSERT INTO filled SELECT nullif(email, email) FROM people;",
    "DROP TABLE people;",
    "UPDATE people SET email = j, j = 'x', b = NULL;",
    "DELETE FROM people; INSERT OR REPLACE INTO kids SELECT id, NULL, 1 FROM kids;",
    "CREATE TABLE p (a); INSERT INTO p SELECT n FROM people LIMIT 1; DROP TABLE people; ALTER TABLE p RENAME TO kin;",
    "ALTER TABLE people DROP COLUMN j;",
    "ALTER TABLE kids ADD COLUMN g AS (json_extract(id, parent)); CREATE TABLE copied AS SELECT * FROM kids;",
]
ON_D1_ONLY = "(SELECT max(id) FROM people) LIKE 'm_k%'"
COMMANDS = [
    ("plan", "--stack", "prod"),
    ("plan", "--stack", "prod", "--json"),
    ("comment", "--stack", "prod"),
    ("fleet", "plan", "--match", "tenant-*", "--stack", "prod"),
]


def stored_texts(file: Path) -> list[str]:
    """Return the texts in a database of SQLite."""
    with closing(sqlite3.connect(file)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = (row for table in tables for row in database.execute(f'SELECT * FROM "{table}"'))
        return [value for row in rows for value in row if isinstance(value, str)]


def check_unmarked(prod: ReviewedDatabase, *texts: str) -> None:
    """Assert that neither the texts nor the files that a command keeps have a value of a row."""
    files = [file for file in (prod.folder / ".d1").rglob("*") if file.is_file()]
    kept = [file.read_text() for file in files if not file.name.startswith("fleet.sqlite")]
    for file in files:
        if file.name == "fleet.sqlite":
            kept += stored_texts(file)
    for text in (*texts, *kept):
        for mark in MARKS:
            assert mark not in text, text


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("rows", ["live", "sample"])
def test_no_report_of_a_file_has_a_value(prod: ReviewedDatabase, rows: str) -> None:
    prod.migrate("CREATE TABLE unused (a);", tenant := prod.tenant())
    prod.database.write(LIVE)
    tenant.write(LIVE)
    prod.configure(rehearsalRows=rows)
    for sql in FILES:
        prod.write("0002_pending.sql", sql)
        for command in COMMANDS:
            done = prod.d1(*command)
            assert "0002_pending.sql" in done.stdout
            assert "instead" in done.stdout or command[0] == "comment"
            check_unmarked(prod, done.stdout, done.stderr)


def test_rows_that_the_local_database_refuses_are_reported_without_their_values(prod: ReviewedDatabase) -> None:
    sql = """
        CREATE TABLE odd (id INTEGER PRIMARY KEY, j, path, CHECK (json_extract(j, path) IS NULL));
        PRAGMA ignore_check_constraints = ON;
        INSERT INTO odd VALUES (1, '{}', 'mrk path');
    """
    prod.migrate(sql, prod.tenant())
    prod.write("0002_pending.sql", "DELETE FROM odd;")
    for command in COMMANDS:
        done = prod.d1(*command)
        assert "every row of odd is deleted" in done.stdout
        assert "generated rows" in done.stdout or command[0] == "fleet"
        assert "the local SQLite stopped: bad JSON path: …; generated rows take" in done.stderr
        check_unmarked(prod, done.stdout, done.stderr)


@pytest.mark.parametrize("sql", FILES[:9])
def test_an_error_of_d1_in_a_run_has_no_value(prod: ReviewedDatabase, sql: str) -> None:
    prod.migrate("CREATE TABLE unused (a);", tenant := prod.tenant())
    tenant.write(LIVE)
    prod.configure(rehearsalRows="made")
    # Generated rows do not meet the condition, so only D1 can refuse it.
    prod.write("0002_pending.sql", sql.replace(" ORDER BY id", "").replace(";", f" WHERE {ON_D1_ONLY};"))
    done = prod.d1("fleet", "up", "--match", "tenant-*", "--stack", "prod", "--yes")
    assert done.exit_code == 1
    assert "0002_pending.sql failed: " in done.stdout + done.stderr
    assert (prod.folder / ".d1" / "fleet.sqlite").exists()
    check_unmarked(prod, done.stdout, done.stderr)


@pytest.mark.parametrize("offline", [False, True])
def test_no_statement_names_a_table_if_rows_are_generated(prod: ReviewedDatabase, *, offline: bool) -> None:
    sql = "CREATE TABLE zzrows (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO zzrows VALUES (1, 'mrk');"
    prod.migrate(sql, prod.tenant())
    prod.write("0002_pending.sql", "DELETE FROM zzrows;")
    client = prod.database.client
    rules = [{"fault": "latency", "ms": 0, "times": None, "contains": text} for text in ("zzrows", "")]
    commands = COMMANDS
    if offline:
        commands = [(*command, "--offline") for command in COMMANDS if command[0] != "fleet"]
    else:
        prod.configure(rehearsalRows="made")
    arrange(client, faults=rules)
    for command in commands:
        done = prod.d1(*command)
        assert "every row of zzrows is deleted" in done.stdout
        assert "generated rows" in done.stdout or command[0] == "fleet"
    named, others = (rule["seen"] for rule in arranged(client))
    arrange(client)
    assert named == 0
    assert (others == 0) == offline


def test_rows_are_read_by_default(prod: ReviewedDatabase) -> None:
    """The rule of the test above counts the requests that read them."""
    prod.migrate("CREATE TABLE zzrows (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO zzrows VALUES (1, 'mrk');")
    prod.write("0002_pending.sql", "DELETE FROM zzrows;")
    client = prod.database.client
    arrange(client, faults=[{"fault": "latency", "ms": 0, "times": None, "contains": "zzrows"}])
    assert prod.plan()["basis"].startswith("rehearsed on 1 row ")
    assert arranged(client)[0]["seen"] > 0
    arrange(client)
