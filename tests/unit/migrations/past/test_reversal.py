"""The reverse of a file undoes its changes to the schema; rows that it changed or deleted have none."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.past.reversal import Reversal, reverse_file

FIRST = """
CREATE TABLE Users (id INTEGER PRIMARY KEY, Name TEXT, old TEXT);
CREATE INDEX by_name ON Users (Name);
CREATE VIEW names AS SELECT Name FROM Users;
CREATE TRIGGER log AFTER UPDATE ON Users BEGIN SELECT 1; END;
"""


def reverse(sql: str) -> Reversal:
    return reverse_file([Migration("0001.sql", FIRST), Migration("0002.sql", sql)], "0002.sql", "d1_migrations")


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("CREATE TABLE tags (a); INSERT INTO tags VALUES (1);", ['DROP TABLE "tags";']),
        ("ALTER TABLE users ADD COLUMN Age INTEGER;", ['ALTER TABLE "Users" DROP COLUMN "Age";']),
        (
            "ALTER TABLE users ADD Age; CREATE INDEX by_age ON users (age);",
            ['DROP INDEX "by_age";', 'ALTER TABLE "Users" DROP COLUMN "Age";'],
        ),
        ("ALTER TABLE users RENAME COLUMN name TO Title;", ['ALTER TABLE "Users" RENAME COLUMN "Title" TO "Name";']),
        ("ALTER TABLE users RENAME TO People;", ['ALTER TABLE "People" RENAME TO "Users";']),
        ("DROP INDEX by_name;", ["CREATE INDEX by_name ON Users (Name);"]),
        ("DROP TRIGGER log;", ["CREATE TRIGGER log AFTER UPDATE ON Users BEGIN SELECT 1; END;"]),
        (
            "DROP VIEW names; CREATE VIEW names AS SELECT id FROM users;",
            ['DROP VIEW "names";', "CREATE VIEW names AS SELECT Name FROM Users;"],
        ),
        (
            "PRAGMA defer_foreign_keys = on; CREATE TABLE IF NOT EXISTS users (a); CREATE VIEW v AS SELECT 1;",
            ['DROP VIEW "v";'],
        ),
        (
            "CREATE TABLE a (x); ALTER TABLE a RENAME TO b; INSERT INTO b VALUES (1);",
            ['ALTER TABLE "b" RENAME TO "a";', 'DROP TABLE "a";'],
        ),
        (
            "CREATE TABLE t (user REFERENCES users); WITH w AS (SELECT 7) INSERT INTO t SELECT * FROM w;",
            ['DROP TABLE "t";'],
        ),
        ("CREATE VIRTUAL TABLE f USING fts5 (a); INSERT INTO f VALUES ('x');", ['DROP TABLE "f";']),
    ],
)
def test_each_change_of_the_schema_has_a_reverse(sql: str, statements: list[str]) -> None:
    assert reverse(sql) == Reversal(tuple(statements), ())


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("ALTER TABLE users DROP COLUMN old;", "line 1 drops a column with its values"),
        ("SELECT 1;\nDROP TABLE users;", "line 2 drops Users with its rows"),
        ("UPDATE users SET name = 'x';", "line 1 changes rows, whose old values are gone"),
        ("CREATE TABLE t (a); INSERT INTO t SELECT id FROM users; DELETE FROM users;", "line 1 changes rows"),
        (
            "CREATE TABLE t (a); CREATE TRIGGER r DELETE ON t BEGIN DELETE FROM users; END; DELETE FROM t",
            "line 1 changes rows, whose old values are gone",
        ),
        ("SELECT 1;", "it changes nothing in the schema"),
        ("CREATE INDEX i ON nothing (a);", "line 1 cannot run on the schema of the files before it"),
    ],
)
def test_what_is_gone_has_no_reverse(sql: str, reason: str) -> None:
    result = reverse(sql)
    assert result.statements == ()
    assert reason in "; ".join(result.reasons)


def test_an_unknown_file_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"there is no migration 0003\.sql"):
        reverse_file([Migration("0001.sql", FIRST)], "0003.sql", "d1_migrations")
