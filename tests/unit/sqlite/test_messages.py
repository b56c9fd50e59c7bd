"""Errors keep the words of the file and the schema, and lose values of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.messages import hide_values
from pulumi_d1.sqlite.sandbox import open_database

if TYPE_CHECKING:
    import apsw

VALUE = 'm4rk it\'s "a" secret: of\nAnn'
SCHEMA = """
    CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, word TEXT, n INTEGER CHECK (n > 0), UNIQUE (v, n));
    CREATE TABLE strict (n INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE search USING fts5(body);
    CREATE TRIGGER said BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, old.v); END;
    CREATE TRIGGER fixed BEFORE UPDATE OF id ON t BEGIN SELECT RAISE(ABORT, 'ids stay'); END;
"""


@pytest.fixture
def connection() -> apsw.Connection:
    connection = open_database(":memory:")
    run_script(connection, SCHEMA)
    run_script(connection, "INSERT INTO t VALUES (1, ?, 'm4rk', 7)", (VALUE,))
    run_script(connection, "INSERT INTO search VALUES ('a')")
    return connection


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("DELETE FROM t", "a trigger refuses it: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_TRIGGER)"),
        ("UPDATE t SET id = 2", "ids stay: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_TRIGGER)"),
        ("SELECT json_extract('{}', v) FROM t", "bad JSON path: …: SQLITE_ERROR"),
        ("SELECT json_extract('{}', 'a') FROM t", "bad JSON path: 'a': SQLITE_ERROR"),
        ("SELECT json_set('{}', word, 1) FROM t", "bad JSON path: …: SQLITE_ERROR"),
        ("SELECT json_extract(v, '$') FROM t", "malformed JSON: SQLITE_ERROR"),
        ("SELECT (SELECT 1 FROM search WHERE search MATCH ')' || t.v) FROM t", 'fts5: syntax error near ")": SQLITE'),
        (
            "SELECT (SELECT 1 FROM search WHERE search MATCH '{body} ' || t.word) FROM t",
            "fts5: syntax error near …: SQLITE_ERROR",
        ),
        (
            "SELECT (SELECT 1 FROM search WHERE search MATCH '\"' || t.word || '\" \"x\" }') FROM t",
            'fts5: syntax error near "}": SQLITE_ERROR',
        ),
        ("SELECT (SELECT 1 FROM search WHERE search MATCH t.word || ':a') FROM t", "no such column: …: SQLITE_ERROR"),
        ("SELECT (SELECT 1 FROM search WHERE search MATCH 'else:a')", "no such column: else: SQLITE_ERROR"),
        ("SELECT (SELECT 1 FROM search WHERE search MATCH '*' || t.word) FROM t", "unknown special query: …"),
        (
            "SELECT (SELECT 1 FROM search WHERE search MATCH 'a' AND rank MATCH t.word) FROM t",
            "parse error in rank function: …: SQLITE_ERROR",
        ),
        (
            "SELECT (SELECT 1 FROM search WHERE search MATCH 'a' AND rank MATCH t.word || '()' ORDER BY rank) FROM t",
            "no such function: …: SQLITE_ERROR",
        ),
        (
            "SELECT (SELECT 1 FROM search WHERE search MATCH 'NEAR(a b, ' || t.word || ')') FROM t",
            "expected integer, got …: SQLITE_ERROR",
        ),
        ("INSERT INTO t (v, n) SELECT v, n FROM t", "UNIQUE constraint failed: t.v, t.n: SQLITE_CONSTRAINT"),
        ("INSERT INTO t (v, n) SELECT v, -n FROM t", "CHECK constraint failed: n > 0: SQLITE_CONSTRAINT"),
        ("INSERT INTO strict SELECT v FROM t", "cannot store TEXT value in INTEGER column strict.n"),
        ("INSERT INTO t (id) SELECT v FROM t", "datatype mismatch"),
        ("SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR"),
        ("SELECT t.nope FROM t", "no such column: t.nope at offset 7: SQLITE_ERROR"),
        ('CREATE TABEL "a b" (c)', 'near "TABEL": syntax error at offset 7: SQLITE_ERROR'),
        ("SELECT v FROM t WHERE v LIKE hex(zeroblob(99))", "LIKE or GLOB pattern too complex"),
    ],
)
def test_an_error_shows_words_of_the_sql_and_no_value(connection: apsw.Connection, sql: str, shown: str) -> None:
    with pytest.raises(SqlError) as raised:
        run_script(connection, sql)
    message = hide_values(str(raised.value), (sql, SCHEMA))
    assert message.startswith(shown)
    for word in ("m4rk", "secret", "Ann"):
        assert word not in message
