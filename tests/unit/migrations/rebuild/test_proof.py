"""A safe file leaves what the dangerous one means to leave, on D1's rules; what cannot be made safe has a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.rebuild.definition import Wish
from pulumi_d1.migrations.rebuild.proof import RebuildTask, prove_rebuild
from pulumi_d1.migrations.rehearsal.rows.options import BasisKind
from pulumi_d1.migrations.review.lint.check import lint
from pulumi_d1.sqlite import schema
from tests.support.lint.live import TABLE, texts

if TYPE_CHECKING:
    from pulumi_d1.migrations.rebuild.proof import RebuildProof

SCHEMA = """
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, boss INTEGER REFERENCES users ON DELETE CASCADE, qty TEXT
);
CREATE TABLE sessions (id TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE);
CREATE TABLE hits (id INTEGER PRIMARY KEY, session TEXT REFERENCES sessions ON DELETE RESTRICT);
CREATE INDEX by_user ON sessions (user);
CREATE INDEX by_qty ON users (qty);
CREATE TRIGGER log AFTER UPDATE ON users BEGIN DELETE FROM hits; END;
CREATE VIEW names AS SELECT name FROM users;
"""
ROWS = """
INSERT INTO users VALUES (1, 'a', NULL, '1'), (2, 'b', 1, '2'), (3, NULL, 2, '3');
UPDATE sqlite_sequence SET seq = 41;
INSERT INTO sessions VALUES ('s', 1), ('t', 2);
INSERT INTO hits VALUES (1, 's'), (2, 't');
"""
DRIZZLE = """PRAGMA foreign_keys=OFF;
CREATE TABLE `__new_users` (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT{}, boss INTEGER REFERENCES users ON DELETE CASCADE{}
);
INSERT INTO `__new_users` (id, name, boss) SELECT id, name, boss FROM users;
DROP TABLE users;
ALTER TABLE `__new_users` RENAME TO users;
PRAGMA foreign_keys=ON;
"""


def prove(sql: str = "", wish: Wish | None = None, *, tables: str = SCHEMA, rows: str = ROWS) -> RebuildProof:
    objects = tuple(schema.read(schema.build_from_statements(texts(tables))).objects.values())
    return prove_rebuild(RebuildTask(objects, (), TABLE, "0002.sql", sql, wish), BasisKind.LIVE, texts(rows))


def test_a_rebuild_keeps_rows_ids_indexes_and_triggers() -> None:
    proof = prove(
        DRIZZLE.format("", ", qty TEXT").replace("boss) SELECT id, name, boss", "boss, qty) SELECT id, name, boss, qty")
    )
    assert (proof.problems, proof.rows) == ((), {"users": 3, "sessions": 2, "hits": 2})
    assert proof.script.aside == ("sessions", "hits")
    assert proof.script.recreated == (("index", "by_qty"), ("trigger", "log"))
    assert proof.rehearsal
    assert [f.rule.code for f in lint(proof.rehearsal, TABLE) if f.rule.code < "D3"] == []


def test_statements_before_the_rebuild_may_change_the_schema() -> None:
    sql = "ALTER TABLE sessions ADD COLUMN more; CREATE TABLE notes (user REFERENCES users);" + DRIZZLE.format("", "")
    proof = prove(sql)
    assert proof.problems == ()
    assert "notes" in proof.script.aside


def test_an_index_whose_column_is_gone_is_left_out() -> None:
    proof = prove(DRIZZLE.format("", ""))
    assert (proof.problems, proof.script.left_out) == ((), ("by_qty",))


def test_a_wish_is_proved_as_a_file_is() -> None:
    proof = prove(wish=Wish("users", ["name"], {"qty": "INTEGER"}, fill={"name": "'unknown'"}))
    assert proof.problems == ()
    assert "name TEXT NOT NULL" in proof.script.sql
    assert "ifnull(\"name\", 'unknown')" in proof.script.sql


@pytest.mark.parametrize(
    ("proof", "problem"),
    [
        (lambda: prove(DRIZZLE.format(" NOT NULL", "")), "fails even without foreign keys: NOT NULL constraint failed"),
        (lambda: prove(wish=Wish("users", ["name"])), "NOT NULL constraint failed: users.name"),
        (
            lambda: prove(DRIZZLE.format("", ""), rows=f"{ROWS} INSERT INTO hits VALUES (3, 'gone');"),
            "1 rows of hits reference a row that is gone",
        ),
        (
            lambda: prove(DRIZZLE.format("", "") + "UPDATE sessions SET id = 'u' WHERE id = 's';"),
            "D1 would refuse the safe file: FOREIGN KEY constraint failed",
        ),
        (
            lambda: prove(DRIZZLE.format("", "") + "DELETE FROM users WHERE id = 1;"),
            "D1 would refuse the safe file: FOREIGN KEY constraint failed",
        ),
    ],
)
def test_what_cannot_be_made_safe_has_a_reason(proof: object, problem: str) -> None:
    assert callable(proof)
    result = proof()
    assert result.rehearsal is None
    assert problem in "\n".join(result.problems)


def test_a_difference_from_what_the_file_means_is_a_problem() -> None:
    cascade = SCHEMA.replace("RESTRICT", "CASCADE")
    result = prove(DRIZZLE.format("", "") + "DELETE FROM users WHERE id = 1;", tables=cascade)
    assert "2 rows of hits differ from what the file means to leave" in result.problems


def test_a_file_without_a_rebuild_is_an_error() -> None:
    with pytest.raises(SqlError, match="the file rebuilds no table"):
        prove("DELETE FROM users;")


def test_triggers_are_in_a_second_file_if_keys_are_violated_for_a_while() -> None:
    loop = (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER NOT NULL REFERENCES b DEFERRABLE INITIALLY DEFERRED);"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);"
        "CREATE TRIGGER t AFTER UPDATE ON a BEGIN SELECT 1; END;"
    )
    rows = "INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1);"
    proof = prove(wish=Wish("a", types={"id": "INTEGER", "b": "INT"}), tables=loop, rows=rows)
    assert proof.problems == ()
    assert "CREATE TRIGGER" in proof.script.triggers
    assert "CREATE TRIGGER" not in proof.script.sql
    assert "PRAGMA defer_foreign_keys = on;" in proof.script.sql
