"""INSERTs of a bulk load that run many at once give the same observation as one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_d1.sqlite import bulk_inserts, sandbox
from pulumi_d1.sqlite.observe import observe
from pulumi_d1.sqlite.statements import MAX_STATEMENT_BYTES, iter_statements, next_statement

if TYPE_CHECKING:
    import apsw

    from pulumi_d1.sqlite.observation import Observation

MANY = 40

literals = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["NULL", "true", "1e3", "-2.5E+7", ".5", "x'00ff'", "X''", "''", "'it''s; -- text'", "'\n'"]),
    st.sampled_from(["'a'\t", "( 3 )", "5 - -3", "'\u00e9\u6f22'"]),
)
others = st.sampled_from(
    ["abs(-1)", "(SELECT 1)", '"a"', "1 /* no */", "1 -- no\n", "nope", "'a\0b'", "1; SELECT 2", ""]
)
heads = st.sampled_from(
    ["INSERT INTO t VALUES", "insert into t (a, b) values", "REPLACE INTO t VALUES", "INSERT OR ROLLBACK INTO t VALUES"]
)
rows = st.tuples(st.lists(st.tuples(literals, literals | others), min_size=1, max_size=MANY), heads).map(
    lambda drawn: "".join(f"{drawn[1]} ({first}, {second});\n" for first, second in drawn[0])
)
scripts = st.tuples(
    st.sampled_from(["", "UNIQUE", "NOT NULL", "UNIQUE ON CONFLICT ROLLBACK", "CHECK (a < 5)", "REFERENCES p (id)"]),
    st.sampled_from(["", "CREATE TRIGGER r AFTER INSERT ON t WHEN new.a = 3 BEGIN SELECT RAISE(ROLLBACK, 'no'); END;"]),
    st.lists(rows, min_size=1, max_size=4).map("SELECT 1;\n".join),
).map(lambda drawn: f"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (a {drawn[0]}, b);{drawn[1]}\n{drawn[2]}")


def observed(script: str, *, rows_known: bool) -> tuple[tuple[object, ...], list[object]]:
    """Return the observation, with errors as text, and the rows of the table afterwards."""
    connection = sandbox.open_database(":memory:")
    observation = observe(connection, script, rows_known=rows_known)
    return _values(observation), _rows(connection)


def _values(observation: Observation) -> tuple[object, ...]:
    refusal = observation.refusal and (str(observation.refusal), observation.refusal.statement)
    undecided = [(str(error), error.statement) for error in observation.undecided]
    return observation.steps, refusal, undecided, observation.fates


def _rows(connection: apsw.Connection) -> list[object]:
    with sandbox.trusted(connection):
        there = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 't'").fetchall()
        return list(connection.execute("SELECT rowid, * FROM t")) if there else []


@settings(deadline=None)
@given(scripts, st.booleans())
def test_rows_at_once_give_the_same_observation_as_one_by_one(script: str, rows_known: bool) -> None:  # noqa: FBT001 - drawn
    at_once = observed(script, rows_known=rows_known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_inserts, "inserts_after", lambda *_: None)
        assert at_once == observed(script, rows_known=rows_known)


@settings(deadline=None)
@given(scripts)
def test_condensed_statements_leave_out_nothing_but_rows(script: str) -> None:
    every, some = list(iter_statements(script)), list(bulk_inserts.iter_condensed(script))
    assert set(some) <= set(every)
    assert some[-1] == every[-1]
    assert all(bulk_inserts.insert_head(statement.text) for statement in set(every) - set(some))


def test_rows_run_many_at_once() -> None:
    script = "".join(f"INSERT INTO t VALUES ({number}, 'it''s');\n" for number in range(9))
    first = next_statement(script)
    assert first is not None
    run = bulk_inserts.inserts_after(script, first)
    assert run is not None
    text, last = run
    assert text == script[first.end : -1]
    assert (last.line, last.text) == (9, "INSERT INTO t VALUES (8, 'it''s');")


def test_a_text_of_rows_is_no_longer_than_one_statement_may_be() -> None:
    row = "INSERT INTO t VALUES ('%s');\n" % ("\U0001f600" * 2_000)
    first = next_statement(row * 9)
    assert first is not None
    run = bulk_inserts.inserts_after(row * 9, first)
    assert run is not None
    assert len(run[0].encode()) <= MAX_STATEMENT_BYTES


@pytest.mark.parametrize("after", ["INSERT INTO u VALUES (2);", "-- why\nINSERT INTO t VALUES (2);", "VALUES (2);", ""])
def test_a_different_statement_ends_the_run(after: str) -> None:
    script = f"INSERT INTO t VALUES (1);\n{after}"
    first = next_statement(script)
    assert first is not None
    assert bulk_inserts.inserts_after(script, first) is None


@pytest.mark.parametrize(
    "script",
    [
        'INSERT INTO "values" VALUES (1); INSERT INTO "values 1;" VALUES (2); PRAGMA foreign_keys = OFF; SELECT "a";',
        "INSERT INTO t SELECT --values\n 1; INSERT INTO t SELECT --values 5;\n 2; SELECT 1;",
        "INSERT INTO t VALUES ('\0'); INSERT INTO t VALUES ('\0'); INSERT INTO t VALUES (1);",
    ],
    ids=["a quoted name", "a comment", "NUL"],
)
def test_the_word_values_elsewhere_starts_no_run(script: str) -> None:
    assert list(bulk_inserts.iter_condensed(script)) == list(iter_statements(script))
