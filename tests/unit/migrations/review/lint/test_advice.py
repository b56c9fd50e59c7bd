"""D1's refusals come with advice that names what the database has, or what D1 has instead."""

from __future__ import annotations

import pytest

from tests.support.lint import live


def advice(sql: str, more: str = "") -> str:
    [finding] = (item for item in live.findings(sql, more=more) if item.refused)
    return finding.instead


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DELETE FROM user WHERE id = 1;", "There is no table user: did you mean users?"),
        ("DELETE FROM sesions;", "There is no table sesions: did you mean sessions?"),
        ("UPDATE users SET emial = '' WHERE id = 1;", "There is no column emial: did you mean email?"),
        ("INSERT INTO users (e_mail) VALUES ('');", "There is no column e_mail: did you mean email?"),
        ("SELECT titel FROM content;", "There is no column titel: did you mean title?"),
        ("CREATE TABLE a (x)\nCREATE TABLE b (y);", "A semicolon is missing before CREATE."),
        ("CREATE TABLE tags (id);\nDROP TABLE tag;", "There is no table tag: did you mean tags?"),
        (
            "INSERT INTO users (name) VALUES (NOW());",
            "SQLite has no such function. Write CURRENT_TIMESTAMP, or datetime('now').",
        ),
        (
            "CREATE TEMP TABLE ids (id INTEGER);",
            "D1 has no temporary tables. CREATE TABLE, and DROP it at the end of the file.",
        ),
        ("ATTACH 'x' AS y;", "A D1 database reads no other one. Copy the rows with the Worker, or with d1 copy."),
        ("VACUUM;", "Remove it. D1 decides itself how it stores data."),
        ("TRUNCATE TABLE users;", "Write DELETE FROM, without WHERE."),
        ("CREATE TABLE a (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY);", "Write INTEGER PRIMARY KEY AUTOINCREMENT."),
        (
            "CREATE TABLE a (x INT) ENGINE=InnoDB;",
            "Remove the options after the closing parenthesis: they are MySQL's.",
        ),
        (
            "CREATE TYPE role AS ENUM ('a');",
            "SQLite has no types of its own. Use TEXT with a CHECK (role IN ('admin', 'guest')).",
        ),
        (
            "ALTER TABLE users ADD COLUMN IF NOT EXISTS x TEXT;",
            "SQLite has no IF NOT EXISTS here. Remove it: each file runs once.",
        ),
        ("CREATE OR REPLACE VIEW v AS SELECT 1;", "SQLite has no OR REPLACE here. DROP ... IF EXISTS first."),
        (
            "INSERT INTO users (id) VALUES (1) ON DUPLICATE KEY UPDATE id = 2;",
            "Write ON CONFLICT (id) DO UPDATE SET name = excluded.name.",
        ),
    ],
)
def test_a_refusal_has_advice(sql: str, expected: str) -> None:
    assert advice(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE sessions;\nDELETE FROM sessions;",
        "DROP TABLE sessions;\nDELETE FROM session;",
        "ALTER TABLE sessions RENAME TO logins;\nDELETE FROM sessions;",
        "CREATE VIEW ways AS SELECT 1;\nDROP VIEW ways;\nDELETE FROM ways;",
    ],
)
def test_a_table_that_is_gone_is_not_suggested(sql: str) -> None:
    assert "did you mean" not in advice(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE users ALTER COLUMN name TYPE TEXT;",
        "ALTER TABLE users MODIFY COLUMN name TEXT NOT NULL;",
        "ALTER TABLE users ADD CONSTRAINT one UNIQUE (name);",
    ],
)
def test_a_change_that_sqlite_lacks_is_a_rebuild(sql: str) -> None:
    assert "run 'd1 rebuild --table NAME --create FILE'" in advice(sql)


_TWINS = "UPDATE users SET name = 'Ada';"


@pytest.mark.parametrize(
    ("sql", "more", "expected"),
    [
        (
            "CREATE UNIQUE INDEX one ON users (name);",
            _TWINS,
            'To find them: SELECT "name", count(*) FROM "users" GROUP BY "name" HAVING count(*) > 1;',
        ),
        (
            "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT UNIQUE); INSERT INTO n SELECT id, name FROM users;",
            _TWINS,
            'To find them: SELECT "name", count(*) FROM "users" GROUP BY "name" HAVING count(*) > 1;',
        ),
        (
            "CREATE TABLE n (id INTEGER, author_id INT NOT NULL); INSERT INTO n SELECT id, author_id FROM content;",
            "",
            """UPDATE "content" SET "author_id" = ... WHERE "author_id" IS NULL;""",
        ),
        (
            "CREATE TABLE n (author_id NOT NULL REFERENCES users); INSERT INTO n SELECT author_id FROM content;",
            "",
            'SET "author_id" = ... WHERE',
        ),
        (
            "CREATE TABLE n (name TEXT CHECK (name IN ('Bo'))); INSERT INTO n SELECT name FROM users;",
            "",
            """To find the rows: SELECT * FROM "users" WHERE NOT (name IN ('Bo'));""",
        ),
        (
            "CREATE TABLE n (name INTEGER) STRICT; INSERT INTO n SELECT name FROM users;",
            "",
            """To find the rows: SELECT * FROM "users" WHERE typeof("name") = lower('TEXT');""",
        ),
        (
            "INSERT INTO users (id, email, password_hash, name) VALUES (1, 'z', '-', 'Z');",
            "",
            "The row is already there.",
        ),
        ("CREATE INDEX parts ON users (json_extract(name, '$.a'));", "", "WHERE NOT json_valid(column);"),
        ("ALTER TABLE users DROP COLUMN email;", "", "run 'd1 rebuild --table NAME --create FILE'"),
        (
            "ALTER TABLE marks DROP COLUMN low;",
            "CREATE TABLE marks (low, high, CHECK (low < high));",
            "run 'd1 rebuild --table NAME --create FILE'",
        ),
        (
            "ALTER TABLE users DROP COLUMN name;",
            "CREATE VIEW names AS SELECT name FROM users;",
            "The view names uses it. Before this statement, DROP the view.",
        ),
        ("UPDATE sessions SET user_id = 9 WHERE id = 's1';", "", "Insert the missing rows first."),
        (
            "PRAGMA defer_foreign_keys = ON; UPDATE sessions SET user_id = 9 WHERE id = 's1';",
            "",
            "Insert the missing rows first.",
        ),
    ],
)
def test_rows_that_a_constraint_refuses_can_be_found(sql: str, more: str, expected: str) -> None:
    assert expected in advice(sql, more)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE n (title TEXT UNIQUE); INSERT INTO n SELECT 'x' FROM users;",
        "UPDATE users SET email = 'same' WHERE id > 0;",
        "CREATE TABLE n (e UNIQUE); INSERT INTO n (e) SELECT substr(email, 2) FROM users;",
        "CREATE TABLE n (email UNIQUE); INSERT INTO n (email) SELECT substr(email, 2) AS email FROM users;",
        "CREATE TABLE n (email COLLATE NOCASE UNIQUE); INSERT INTO n SELECT substr(email, 2) FROM users;",
        "INSERT INTO users (id, email, password_hash) SELECT id, email, password_hash FROM users;",
        "CREATE TABLE n (a CHECK (a < 0)); INSERT INTO n SELECT id FROM users;",
        'CREATE TABLE n (id CONSTRAINT "too-small" CHECK (id < 0)); INSERT INTO n SELECT id FROM users;',
        "CREATE TABLE n (id CHECK (id < 0)); INSERT INTO n SELECT id + 0 FROM users;",
        "CREATE TABLE n (a CONSTRAINT small CHECK (a < 0)); INSERT INTO n SELECT id FROM users;",
    ],
)
def test_no_query_is_advised_that_finds_nothing(sql: str) -> None:
    assert advice(sql) == "Fix the statement. SQLite stopped at this position."


def test_other_errors_keep_the_advice_of_the_rule() -> None:
    assert advice("SELECT 1 +;") == "Fix the statement. SQLite stopped at this position."
