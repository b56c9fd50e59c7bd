"""What a statement did, as SQLite tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.sqlite import recorder
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from pulumi_d1.sqlite.observation import Observation

MIGRATIONS = sorted((EXAMPLE / "migrations").glob("*.sql"))


def seen(script: str, *, rows_known: bool = False) -> Observation:
    """A script observed on the example's schema."""
    connection = open_database(":memory:")
    for file in MIGRATIONS:
        run_script(connection, file.read_text())
    return observe(connection, script, rows_known=rows_known)


def test_each_statement_has_its_own_actions() -> None:
    create, insert, drop = seen("CREATE TABLE t (a); INSERT INTO t SELECT id FROM users; DROP TABLE t").steps
    assert (create.names("CREATE_TABLE"), create.changed_schema) == (("t",), True)
    assert (insert.names("INSERT"), insert.changed_schema) == (("t",), False)
    assert drop.names("DROP_TABLE") == ("t",)


def test_what_a_trigger_does_is_not_what_the_statement_does() -> None:
    trigger = "CREATE TRIGGER r AFTER INSERT ON files BEGIN DELETE FROM content; END;"
    step = seen(
        f"{trigger} INSERT INTO files (owner_id, r2_key, name, content_type, size) VALUES (1, '', '', '', 0)"
    ).steps[1]
    assert step.names("DELETE") == ()
    assert [(action.verb, action.name) for action in step.actions if action.trigger == "r"] == [("DELETE", "content")]


def test_a_dropped_table_sets_off_its_foreign_keys_and_those_that_they_cascade_to() -> None:
    script = """
        CREATE TABLE tokens (session TEXT REFERENCES sessions (id) ON DELETE CASCADE);
        CREATE TABLE notes (content INTEGER REFERENCES content (id) ON DELETE CASCADE);
        DROP TABLE users;
    """
    found = {(key.child, key.on_delete) for key in seen(script).steps[-1].foreign_keys}
    assert found == {
        ("sessions", "CASCADE"),
        ("content", "SET NULL"),
        ("files", "CASCADE"),
        ("tokens", "CASCADE"),
    }, "an emptied column does not cascade"


def test_foreign_keys_are_those_of_the_moment() -> None:
    script = "DROP TABLE sessions; DROP TABLE files; DROP TABLE content; DROP TABLE users"
    assert [len(step.foreign_keys) for step in seen(script).steps] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("sql", "everything"),
    [
        ("DELETE FROM users", True),
        ("DELETE FROM users WHERE 1", True),
        ("DELETE FROM users WHERE (1 = 1) RETURNING id", True),
        ("WITH a AS (SELECT 1 WHERE 0) DELETE FROM users", True),
        ("UPDATE users SET name = (SELECT 'x' WHERE 1)", True),
        ("UPDATE users SET name = 'x' WHERE true", True),
        ("DELETE FROM users WHERE id = 1", False),
        ("DELETE FROM users WHERE 0", False),
        ("UPDATE users SET name = 'x' WHERE name = ''", False),
        ("DELETE FROM users WHERE id IN (SELECT user_id FROM sessions)", False),
        ("INSERT INTO users (id) SELECT 1 WHERE 0 ON CONFLICT DO UPDATE SET name = 'x'", False),
        ("REPLACE INTO users (id) SELECT 1 WHERE 0", False),
        ("DROP TABLE content", False),
        ("SELECT 1", False),
    ],
)
def test_a_delete_or_update_of_everything_is_told_from_one_that_rows_decide(sql: str, everything: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert seen(sql).steps[0].every_row is everything


@pytest.mark.parametrize(
    ("sql", "in_the_way"),
    [
        ("CREATE TABLE IF NOT EXISTS users (id)", "users"),
        ("create table if not exists main.users (id)", "users"),
        ("CREATE INDEX IF NOT EXISTS idx_users_email ON users (name)", "idx_users_email"),
        ("CREATE INDEX IF NOT EXISTS idx_users_email ON users(email)", None),
        ("CREATE INDEX IF NOT EXISTS IDX_users_email -- again\n on [users] (email);", None),
        ("CREATE TABLE IF NOT EXISTS other (id)", None),
    ],
)
def test_if_not_exists_tells_what_is_there_instead(sql: str, in_the_way: str | None) -> None:
    found = seen(sql).steps[0].conflict
    assert (found.name if found else None) == in_the_way


def test_the_same_table_again_is_not_in_the_way() -> None:
    again = MIGRATIONS[0].read_text().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").split(";")[0]
    assert seen(again).steps[0].conflict is None


def test_a_refusal_undoes_the_script_and_keeps_what_led_to_it() -> None:
    connection = open_database(":memory:")
    found = observe(connection, "CREATE TABLE t (a); SELECT nope FROM t; DROP TABLE t", rows_known=True)
    assert found.refusal is not None
    assert (found.refusal.statement, found.refusal.offset) == (1, 7)
    assert len(found.steps) == 2
    assert connection.execute("SELECT count(*) FROM sqlite_schema").get == 0


def test_a_refused_pragma_and_a_transaction_are_seen_by_name() -> None:
    assert seen("PRAGMA user_version = 3").steps[0].names("PRAGMA") == ("user_version",)
    assert seen("SAVEPOINT a").steps[0].names("SAVEPOINT") == ("BEGIN",)


ORPHAN = "INSERT INTO sessions (id, user_id, expires_at) VALUES ('s', 1, '')"


@pytest.mark.parametrize("script", [ORPHAN, f"PRAGMA defer_foreign_keys = ON; {ORPHAN}"], ids=["at once", "deferred"])
def test_a_constraint_proves_nothing_where_the_rows_are_not_known(script: str) -> None:
    found = seen(f"{script}; CREATE TABLE after_it (a)")
    assert found.refusal is None
    assert ["FOREIGN KEY constraint failed" in str(error) for error in found.undecided] == [True]
    assert found.steps[-1].changed_schema, "the rest of the script runs"

    known = seen(script, rows_known=True)
    assert known.refusal is not None
    assert "FOREIGN KEY constraint failed" in str(known.refusal)


def test_a_constraint_that_rolls_everything_back_proves_nothing_either() -> None:
    """It took the whole transaction with it, and the commit failed again and again."""
    unless = "WHEN NOT EXISTS (SELECT 1 FROM users) BEGIN SELECT RAISE(ROLLBACK, 'no users'); END"
    insert = "INSERT INTO t VALUES (1);"
    found = seen(f"CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t {unless}; {insert * 2} CREATE TABLE u (a)")
    assert found.refusal is None
    assert [(str(error).partition(":")[0], error.statement) for error in found.undecided] == [
        ("no users", 2),
        ("no users", 3),
    ]
    assert found.steps[-1].changed_schema, "the rest of the script runs"


def test_foreign_keys_hold_again_after_they_were_set_aside() -> None:
    connection = open_database(":memory:")
    run_script(
        connection, "CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
    )
    assert len(observe(connection, "INSERT INTO c VALUES (1)", rows_known=False).undecided) == 1
    assert observe(connection, "INSERT INTO c VALUES (2)", rows_known=True).refusal is not None


def test_a_statement_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MAX_SECONDS", 0.05)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    found = seen(f"{endless}; CREATE TABLE after_it (a)")
    assert ["SQLITE_INTERRUPT" in str(error) for error in found.undecided] == [True]
    assert found.steps[-1].changed_schema


def test_a_table_that_is_dropped_and_made_again_is_rebuilt() -> None:
    rebuild = "CREATE TABLE n (id); DROP TABLE content; ALTER TABLE n RENAME TO content; DROP TABLE files"
    assert seen(rebuild).rebuilt == {"content"}


def test_what_a_statement_reads_is_told_by_table_and_column() -> None:
    script = (
        "CREATE TABLE t AS SELECT email, count(*) AS n FROM users, sessions; CREATE VIEW v AS SELECT name FROM users;"
    )
    copied, _, counted, viewed = seen(
        f"{script} INSERT INTO t (n) SELECT count(*) FROM users; INSERT INTO t (n) SELECT * FROM v"
    ).steps
    assert copied.reads == {("users", "email"), ("sessions", "")}
    assert counted.reads == {("users", "")}
    assert viewed.reads == {("v", "name"), ("users", "name")}


def test_the_columns_of_a_dropped_table_are_those_that_hold_values() -> None:
    script = 'CREATE TABLE t (A, b AS (a), c AS (a) STORED, "d e"); DROP TABLE IF EXISTS main.T; DROP TABLE IF EXISTS t'
    assert [step.dropped_columns for step in seen(script).steps] == [(), ("a", "d e"), ()]


def test_a_column_that_only_an_empty_table_can_get_is_told() -> None:
    late, fine = seen("ALTER TABLE users ADD COLUMN a NOT NULL; ALTER TABLE users ADD COLUMN b").steps
    assert late.empty_table_error == "Cannot add a NOT NULL column with default value NULL: SQLITE_ERROR"
    assert fine.empty_table_error == ""


def test_what_is_explained_does_nothing() -> None:
    [explain, plan] = seen("EXPLAIN DELETE FROM users; EXPLAIN QUERY PLAN DROP TABLE users").steps
    assert (explain.actions, explain.every_row, explain.foreign_keys) == ((), False, ())
    assert (plan.actions, plan.changed_schema) == ((), False)


def test_a_virtual_table_that_is_made_again_is_rebuilt() -> None:
    again = "CREATE VIRTUAL TABLE f USING fts5(a); DROP TABLE f; CREATE VIRTUAL TABLE f USING fts5(a, b)"
    assert seen(again).rebuilt == {"f"}


def test_of_a_run_of_inserts_the_first_and_the_last_are_told() -> None:
    rows = "\n".join(f"INSERT INTO t (a) VALUES ('{number};');" for number in range(9))
    found = seen(f"CREATE TABLE t (a);\n{rows}\nREPLACE INTO t VALUES (1);\n-- another\n{rows}")
    assert [step.statement.text for step in found.steps[1:]] == [
        "INSERT INTO t (a) VALUES ('0;');",
        "INSERT INTO t (a) VALUES ('8;');",
        "REPLACE INTO t VALUES (1);",
        "INSERT INTO t (a) VALUES ('0;');",
        "INSERT INTO t (a) VALUES ('8;');",
    ]


@pytest.mark.parametrize(
    "other",
    [
        "-- a reason\nINSERT INTO t VALUES (1);",
        "INSERT INTO t VALUES (1 /* a reason */);",
        "INSERT INTO t VALUES ((SELECT max(id) FROM users));",
        "INSERT INTO t SELECT 1;",
        "INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 2;",
    ],
)
def test_an_insert_that_does_something_else_is_told(other: str) -> None:
    same = "INSERT INTO t VALUES (1);\n"
    steps = seen(f"CREATE TABLE t (a UNIQUE);\n{same.replace('1', '7')}{same.replace('1', '8')}{other}\n").steps
    assert other.endswith(steps[-1].statement.text)
    assert len(steps) == 4


def test_a_refused_row_is_named_by_its_own_statement() -> None:
    rows = "".join(f"INSERT INTO t VALUES ({number % 7});\n" for number in range(9))
    found = seen(f"CREATE TABLE t (a UNIQUE);\n{rows}", rows_known=True)
    assert found.refusal is not None
    assert found.refusal.statement is not None
    refused = found.steps[found.refusal.statement].statement
    assert (refused.text, refused.line) == ("INSERT INTO t VALUES (0);", 9)


def test_foreign_keys_are_read_anew_where_a_table_is_another_one() -> None:
    script = """
        CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);
        DELETE FROM p; DROP TABLE c; CREATE TABLE c (p REFERENCES p (id)); DELETE FROM p;
    """
    deletes = [step.foreign_keys for step in seen(script).steps if step.names("DELETE")[:1] == ("p",)]
    assert [[key.on_delete for key in keys] for keys in deletes] == [["CASCADE"], ["NO ACTION"]]
