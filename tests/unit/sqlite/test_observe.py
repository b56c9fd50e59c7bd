"""Observations of statements, from SQLite's authorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from pulumi_d1.sqlite.observation import Observation

MIGRATIONS = sorted((EXAMPLE / "migrations").glob("*.sql"))


def observed(script: str, *, rows_known: bool = False) -> Observation:
    """Return the observation of a script on the example's schema."""
    connection = open_database(":memory:")
    for file in MIGRATIONS:
        run_script(connection, file.read_text())
    return observe(connection, script, rows_known=rows_known)


def test_each_statement_has_its_own_actions() -> None:
    create, insert, drop = observed("CREATE TABLE t (a); INSERT INTO t SELECT id FROM users; DROP TABLE t").steps
    assert (create.names("CREATE_TABLE"), create.changed_schema) == (("t",), True)
    assert (insert.names("INSERT"), insert.changed_schema) == (("t",), False)
    assert drop.names("DROP_TABLE") == ("t",)


def test_what_a_trigger_does_is_not_what_the_statement_does() -> None:
    trigger = "CREATE TRIGGER r AFTER INSERT ON files BEGIN DELETE FROM content; END;"
    step = observed(
        f"{trigger} INSERT INTO files (owner_id, r2_key, name, content_type, size) VALUES (1, '', '', '', 0)"
    ).steps[1]
    assert step.names("DELETE") == ()
    assert [(action.verb, action.name) for action in step.actions if action.trigger == "r"] == [("DELETE", "content")]


def test_a_dropped_table_triggers_its_foreign_keys_and_their_cascades() -> None:
    script = """
        CREATE TABLE tokens (session TEXT REFERENCES sessions (id) ON DELETE CASCADE);
        CREATE TABLE notes (content INTEGER REFERENCES content (id) ON DELETE CASCADE);
        DROP TABLE users;
    """
    keys = {(key.child, key.on_delete) for key in observed(script).steps[-1].foreign_keys}
    assert keys == {
        ("sessions", "CASCADE"),
        ("content", "SET NULL"),
        ("files", "CASCADE"),
        ("tokens", "CASCADE"),
        ("notes", "CASCADE"),
    }


def test_foreign_keys_are_those_of_the_current_schema() -> None:
    script = "DROP TABLE sessions; DROP TABLE files; DROP TABLE content; DROP TABLE users"
    assert [len(step.foreign_keys) for step in observed(script).steps] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("sql", "every_row"),
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
def test_a_delete_or_update_of_every_row_is_recognized(sql: str, every_row: bool) -> None:  # noqa: FBT001 - a column of the table above
    assert observed(sql).steps[0].every_row is every_row


@pytest.mark.parametrize(
    ("sql", "conflict"),
    [
        ("CREATE TABLE IF NOT EXISTS users (id)", "users"),
        ("create table if not exists main.users (id)", "users"),
        ("CREATE INDEX IF NOT EXISTS idx_users_email ON users (name)", "idx_users_email"),
        ("CREATE INDEX IF NOT EXISTS idx_users_email ON users(email)", None),
        ("CREATE INDEX IF NOT EXISTS IDX_users_email -- again\n on [users] (email);", None),
        ("CREATE TABLE IF NOT EXISTS other (id)", None),
    ],
)
def test_if_not_exists_reports_a_different_object(sql: str, conflict: str | None) -> None:
    existing = observed(sql).steps[0].conflict
    assert (existing.name if existing else None) == conflict


def test_the_same_table_again_is_no_conflict() -> None:
    again = MIGRATIONS[0].read_text().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").split(";")[0]
    assert observed(again).steps[0].conflict is None


def test_a_refusal_undoes_the_script_and_keeps_what_led_to_it() -> None:
    connection = open_database(":memory:")
    observation = observe(connection, "CREATE TABLE t (a); SELECT nope FROM t; DROP TABLE t", rows_known=True)
    assert observation.refusal is not None
    assert (observation.refusal.statement, observation.refusal.offset) == (1, 7)
    assert len(observation.steps) == 2
    assert connection.execute("SELECT count(*) FROM sqlite_schema").get == 0


def test_a_refused_pragma_and_a_transaction_have_their_names() -> None:
    assert observed("PRAGMA user_version = 3").steps[0].names("PRAGMA") == ("user_version",)
    assert observed("SAVEPOINT a").steps[0].names("SAVEPOINT") == ("BEGIN",)


ORPHAN = "INSERT INTO sessions (id, user_id, expires_at) VALUES ('s', 1, '')"


@pytest.mark.parametrize("script", [ORPHAN, f"PRAGMA defer_foreign_keys = ON; {ORPHAN}"], ids=["at once", "deferred"])
def test_a_constraint_proves_nothing_if_the_rows_are_not_known(script: str) -> None:
    observation = observed(f"{script}; CREATE TABLE after_it (a)")
    assert observation.refusal is None
    assert ["FOREIGN KEY constraint failed" in str(error) for error in observation.undecided] == [True]
    assert observation.steps[-1].changed_schema, "the rest of the script runs"

    with_rows = observed(script, rows_known=True)
    assert with_rows.refusal is not None
    assert "FOREIGN KEY constraint failed" in str(with_rows.refusal)


def test_a_constraint_that_rolls_everything_back_proves_nothing_either() -> None:
    """A rollback ends the whole transaction, and the commit used to fail again and again."""
    unless = "WHEN NOT EXISTS (SELECT 1 FROM users) BEGIN SELECT RAISE(ROLLBACK, 'no users'); END"
    insert = "INSERT INTO t VALUES (1);"
    observation = observed(
        f"CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t {unless}; {insert * 2} CREATE TABLE u (a)"
    )
    assert observation.refusal is None
    assert [(str(error).partition(":")[0], error.statement) for error in observation.undecided] == [
        ("no users", 2),
        ("no users", 3),
    ]
    assert observation.steps[-1].changed_schema, "the rest of the script runs"


def test_foreign_keys_hold_again_after_they_were_set_aside() -> None:
    connection = open_database(":memory:")
    run_script(
        connection, "CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
    )
    assert len(observe(connection, "INSERT INTO c VALUES (1)", rows_known=False).undecided) == 1
    assert observe(connection, "INSERT INTO c VALUES (2)", rows_known=True).refusal is not None


def test_two_errors_on_generated_rows_are_set_aside_in_one_script() -> None:
    connection = open_database(":memory:")
    tables = "CREATE TABLE p (a PRIMARY KEY); CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)"
    run_script(connection, f"{tables}; CREATE TABLE d (x); INSERT INTO d VALUES (1), (1)")
    script = "INSERT INTO c VALUES (1); CREATE UNIQUE INDEX i ON d (x); INSERT INTO c VALUES (2)"
    observation = observe(connection, script, rows_known=False)
    assert observation.refusal is None
    assert sorted(str(error).partition(" constraint")[0] for error in observation.undecided) == [
        "FOREIGN KEY",
        "UNIQUE",
    ]


def test_reads_are_pairs_of_table_and_column() -> None:
    script = (
        "CREATE TABLE t AS SELECT email, count(*) AS n FROM users, sessions; CREATE VIEW v AS SELECT name FROM users;"
    )
    copied, _, counted, viewed = observed(
        f"{script} INSERT INTO t (n) SELECT count(*) FROM users; INSERT INTO t (n) SELECT * FROM v"
    ).steps
    assert copied.reads == {("users", "email"), ("sessions", "")}
    assert counted.reads == {("users", "")}
    assert viewed.reads == {("v", "name"), ("users", "name")}


def test_a_column_that_only_an_empty_table_accepts_has_its_error() -> None:
    late, fine = observed("ALTER TABLE users ADD COLUMN a NOT NULL; ALTER TABLE users ADD COLUMN b").steps
    assert late.empty_table_error == "Cannot add a NOT NULL column with default value NULL: SQLITE_ERROR"
    assert fine.empty_table_error == ""


def test_an_explained_statement_does_nothing() -> None:
    [explain, plan] = observed("EXPLAIN DELETE FROM users; EXPLAIN QUERY PLAN DROP TABLE users").steps
    assert (explain.actions, explain.every_row, explain.foreign_keys) == ((), False, ())
    assert (plan.actions, plan.changed_schema) == ((), False)


def test_a_run_of_inserts_is_represented_by_the_first_and_the_last() -> None:
    rows = "\n".join(f"INSERT INTO t (a) VALUES ('{number};');" for number in range(9))
    observation = observed(f"CREATE TABLE t (a);\n{rows}\nREPLACE INTO t VALUES (1);\n-- another\n{rows}")
    assert [step.statement.text for step in observation.steps[1:]] == [
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
def test_an_insert_that_does_something_else_has_its_own_step(other: str) -> None:
    same = "INSERT INTO t VALUES (1);\n"
    steps = observed(f"CREATE TABLE t (a UNIQUE);\n{same.replace('1', '7')}{same.replace('1', '8')}{other}\n").steps
    assert other.endswith(steps[-1].statement.text)
    assert len(steps) == 4


def test_a_refused_row_has_its_own_statement() -> None:
    rows = "".join(f"INSERT INTO t VALUES ({number % 7});\n" for number in range(9))
    observation = observed(f"CREATE TABLE t (a UNIQUE);\n{rows}", rows_known=True)
    assert observation.refusal is not None
    assert observation.refusal.statement is not None
    refused = observation.steps[observation.refusal.statement].statement
    assert (refused.text, refused.line) == ("INSERT INTO t VALUES (0);", 9)


def test_foreign_keys_are_read_again_after_a_table_has_changed() -> None:
    script = """
        CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE);
        DELETE FROM p; DROP TABLE c; CREATE TABLE c (p REFERENCES p (id)); DELETE FROM p;
    """
    deletes = [step.foreign_keys for step in observed(script).steps if step.names("DELETE")[:1] == ("p",)]
    assert [[key.on_delete for key in keys] for keys in deletes] == [["CASCADE"], ["NO ACTION"]]
