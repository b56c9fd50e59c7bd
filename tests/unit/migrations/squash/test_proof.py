"""One file in place of several leaves the same database, or there is none and the reason is printed."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.squash.proof import Squash, prove_squash
from pulumi_d1.migrations.squash.replay import replay
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, split

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"


def prove(*texts: str) -> Squash:
    files = [Migration(f"{number:04}.sql", text) for number, text in enumerate(texts, 1)]
    return prove_squash(files, "new.sql", "d1_migrations", BasisKind.NEW, ())


def statements(squash: Squash) -> list[str]:
    return [statement.text for statement in split(squash.sql)]


def test_the_new_file_has_the_last_schema_and_the_last_rows() -> None:
    squash = prove(
        f"{USERS} INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'), (3, 'it''s ☃; \"x\"');",
        "ALTER TABLE users ADD COLUMN age INTEGER DEFAULT 7; DELETE FROM users WHERE id = 2;",
        "UPDATE users SET name = upper(name) WHERE id = 1; CREATE INDEX by_name ON users (name);",
    )
    assert statements(squash) == [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER DEFAULT 7);",
        "CREATE INDEX by_name ON users (name);",
        """INSERT INTO "users" ("id", "name", "age") VALUES (1, 'ADA', 7), (3, 'it''s ☃; "x"', 7);""",
    ]
    assert (squash.objects, squash.rows, squash.moving) == (2, {"users": 2}, ())


@pytest.mark.parametrize(
    "texts",
    [
        ["CREATE TABLE t (a, b); INSERT INTO t VALUES (1.5, X'00ff'), (NULL, 9223372036854775807), ('1', 1e300);"],
        ["CREATE TABLE t (a); INSERT INTO t VALUES ('a' || char(0) || 'b'), (char(10)), (char(13, 10)), ('''');"],
        ["CREATE TABLE t (a); INSERT INTO t (rowid, a) VALUES (7, 1), (-2, 2);"],
        ["CREATE TABLE t (a PRIMARY KEY DESC, b) WITHOUT ROWID; INSERT INTO t VALUES (1, 2), (3, 4);"],
        ["CREATE TABLE t (a, b AS (a * 2) STORED); INSERT INTO t (a) VALUES (1), (2);"],
        ["CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (5);", "DELETE FROM t;"],
        ["CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (5), (9);"],
        ["CREATE TABLE t (a); CREATE TABLE log (a);", ("CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log "
         "VALUES (new.a); END; INSERT INTO t VALUES (1);")],
        ["CREATE TABLE b (a INTEGER REFERENCES a (a)); CREATE TABLE a (a INTEGER PRIMARY KEY);",
         "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);"],
        ["CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t (id)); INSERT INTO t VALUES (2, NULL), (1, 2);"],
        [("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x y'); INSERT INTO f (f, rank) VALUES "
         "('rank', 'bm25(2.0)');")],
        [("CREATE TABLE d (id INTEGER PRIMARY KEY, a); CREATE VIRTUAL TABLE f USING fts5(a, content='d', "
         "content_rowid='id'); INSERT INTO d VALUES (3, 'x'); INSERT INTO f (rowid, a) SELECT * FROM d;")],
        ["CREATE VIRTUAL TABLE r USING rtree(id, a, b); INSERT INTO r VALUES (1, 2.5, 3);"],
        [USERS, "ALTER TABLE users RENAME COLUMN name TO title; ALTER TABLE users RENAME TO people;",
         "CREATE VIEW v AS SELECT title FROM people; INSERT INTO people VALUES (1, 'x');"],
        ["CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(150000)), (hex(zeroblob(70000)));"],
        [("CREATE TABLE t (a); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) "
         "INSERT INTO t SELECT printf('%0100d', i) FROM n;")],
        ["-- nothing\n"],
        ["INSERT INTO d1_migrations (name) VALUES ('mine');"],
    ],
)  # fmt: skip
def test_whatever_the_rows_are_the_file_is_proved(texts: list[str]) -> None:
    squash = prove(*texts)
    assert all(len(statement.encode()) <= MAX_STATEMENT_BYTES for statement in statements(squash))


def test_rows_that_reference_each_other_are_checked_at_the_end() -> None:
    squash = prove(
        "PRAGMA defer_foreign_keys = ON; CREATE TABLE a (id INTEGER PRIMARY KEY, b NOT NULL REFERENCES b (id));"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a (id));"
        "INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1);"
    )
    assert statements(squash)[0] == "PRAGMA defer_foreign_keys = ON;"


@pytest.mark.parametrize(
    ("definition", "expression"),
    [
        ("created_at TEXT DEFAULT CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("created_at INTEGER DEFAULT (unixepoch())", "unixepoch()"),
        ("created_at REAL DEFAULT (unixepoch())", "CAST(unixepoch() AS REAL)"),
        ("created_at TEXT DEFAULT (datetime('now', '+1 day'))", "(datetime('now', '+1 day'))"),
        ("created_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"),
    ],
)
def test_the_time_of_the_run_stays_the_time_of_the_run(definition: str, expression: str) -> None:
    squash = prove(f"CREATE TABLE roles (name TEXT, {definition}); INSERT INTO roles (name) VALUES ('admin'), ('x');")
    assert statements(squash)[-1] == (
        f"""INSERT INTO "roles" ("name", "created_at") VALUES ('admin', {expression}), ('x', {expression});"""
    )
    assert squash.moving == (f"roles.created_at is {expression}",)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("INSERT INTO t VALUES (1, random());", 'column "b" of t'),
        ("INSERT INTO t VALUES (1, abs(random()) % 2);", 'column "b" of t'),
        ("INSERT INTO t VALUES (1, lower(hex(randomblob(16))));", 'column "b" of t'),
        ("INSERT INTO t VALUES (1, unixepoch() + 86400);", 'column "b" of t'),
        ("INSERT INTO t SELECT 1, 1 WHERE date('now') < '2010-01-01';", "the number of rows of t"),
        ("INSERT INTO t SELECT 1, 1 WHERE date('now') > '2026-01-01';", "the number of rows of t"),
        ("CREATE TABLE u (id TEXT PRIMARY KEY DEFAULT (hex(randomblob(8)))); INSERT INTO u DEFAULT VALUES;",
         'column "id" of u'),
    ],
)  # fmt: skip
def test_rows_that_depend_on_the_moment_are_refused_with_the_place(sql: str, what: str) -> None:
    with pytest.raises(SqlError) as error:
        prove("CREATE TABLE t (a, b);", f"\n{sql}")
    assert str(error.value).startswith(f"{what} depends on the moment of the run: 0002.sql:2 reads the clock")


def test_files_that_leave_nothing_give_a_file_with_a_statement() -> None:
    assert statements(prove("-- nothing\n", "")) == ["SELECT 1;"]


def test_moments_that_leave_no_trace_are_no_obstacle() -> None:
    assert prove("CREATE TABLE t (a); INSERT INTO t VALUES (random());", "DROP TABLE t;", USERS).objects == 1
    assert prove(USERS, "DELETE FROM users WHERE name < datetime('now');").rows == {}


def test_rows_that_d1_would_refuse_today_are_named() -> None:
    with pytest.raises(SqlError, match=r"^D1 would refuse the squashed file: CHECK constraint failed: a > 0"):
        prove("CREATE TABLE t (a CHECK (a > 0));", "PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (0);")


@pytest.mark.parametrize("option", ["content=''", "content='', columnsize=0", "content='d'"])
def test_an_index_that_only_its_old_files_give_is_refused(option: str) -> None:
    index = f"CREATE VIRTUAL TABLE f USING fts5(a, {option}); INSERT INTO f (rowid, a) VALUES (1, 'x');"
    with pytest.raises(SqlError, match="would not leave the same database: table f has other indexed rows"):
        prove(f"CREATE TABLE d (a); INSERT INTO d VALUES ('x'); {index} UPDATE d SET a = 'y';")


def test_a_file_in_batches_counts_as_a_whole() -> None:
    insert = "INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c');"
    squash = prove(USERS + insert, "-- d1:batch 1\nUPDATE users SET name = 'x' WHERE name <> 'x';")
    assert """(1, 'x'), (2, 'x'), (3, 'x')""" in squash.sql
    with pytest.raises(SqlError, match=r"0002\.sql runs in batches and would change rows again"):
        prove(USERS + insert, "-- d1:batch 1\nUPDATE users SET name = 'x' WHERE name = name;")


def test_two_replays_differ_in_time_and_in_random_numbers_only() -> None:
    files = [Migration("1.sql", "CREATE TABLE t (a, b); INSERT INTO t VALUES (unixepoch('subsec'), random());")]
    [first], [second], [again] = (
        replay(files, "d1_migrations", second=second).connection.execute("SELECT * FROM t").fetchall()
        for second in (False, True, False)
    )
    assert first == again
    assert all(one != two for one, two in zip(first, second, strict=True))
    assert int(str(first[1])) == ~int(str(second[1]))
