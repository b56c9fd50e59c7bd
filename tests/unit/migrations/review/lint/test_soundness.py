"""No value is lost without a finding: random files of whole-table statements, run on a database with rows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pulumi_d1.errors import SqlError
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.review.effects import find_effects
from pulumi_d1.migrations.review.rehearsal import rehearse
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database

if TYPE_CHECKING:
    import apsw

_LIVE = """
CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER, value TEXT);
CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a (id) ON DELETE CASCADE, value TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, up INTEGER REFERENCES b (id) ON DELETE CASCADE, value TEXT);
CREATE TABLE d (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a (id) ON DELETE SET NULL, value TEXT);
INSERT INTO a VALUES (1, NULL, 'a1'), (2, 1, 'a2');
INSERT INTO b VALUES (1, 1, 'b1'), (2, 2, 'b2'), (3, NULL, 'b3');
INSERT INTO c VALUES (1, 1, 'c1'), (2, 3, 'c2');
INSERT INTO d VALUES (1, 2, 'd1'), (2, NULL, 'd2');
"""
_NAMES = st.sampled_from(["a", "b", "c", "d", "k", "l"])
_STATEMENTS = st.one_of(
    st.builds("DROP TABLE {};".format, _NAMES),
    st.builds("DELETE FROM {};".format, _NAMES),
    st.builds("CREATE TABLE {} AS SELECT * FROM {};".format, _NAMES, _NAMES),
    st.builds("CREATE TABLE {} (id, up, value);".format, _NAMES),
    st.builds("INSERT INTO {} SELECT * FROM {};".format, _NAMES, _NAMES),
    st.builds("INSERT INTO {} (id, value) SELECT id, value FROM {};".format, _NAMES, _NAMES),
    st.builds("ALTER TABLE {} RENAME TO {};".format, _NAMES, _NAMES),
    st.builds("UPDATE {0} SET up = (SELECT up FROM {1} WHERE {1}.id = {0}.id) WHERE true;".format, _NAMES, _NAMES),
    st.just("ALTER TABLE b RENAME COLUMN value TO v; ALTER TABLE b RENAME COLUMN v TO value;"),
    st.just("PRAGMA defer_foreign_keys = ON;"),
)


def live() -> apsw.Connection:
    """Return the live database."""
    connection = open_database(":memory:")
    run_script(connection, _LIVE)
    return connection


def that_run(files: list[list[str]]) -> list[str]:
    """Return the files without refused statements."""
    connection = live()
    kept: list[str] = []
    for file in files:
        kept.append("")
        for statement in file:
            with suppress(SqlError):
                run_script(connection, statement)
                kept[-1] += f"{statement}\n"
    return kept


def values(connection: apsw.Connection) -> set[tuple[object, str, object]]:
    """Return every value with its row's own value, regardless of the table."""
    rows = set()
    for table in schema.table_names(connection):
        for value, up in connection.execute(f"SELECT value, up FROM {table}"):
            rows |= {(value, "value", value), (value, "up", up)}
    return {item for item in rows if item[2] is not None}


@settings(deadline=None, max_examples=500)
@given(st.lists(st.lists(_STATEMENTS, min_size=1, max_size=8), min_size=1, max_size=2))
@example(
    [
        [
            "ALTER TABLE b RENAME TO k;",
            "CREATE TABLE b (id, up, value);",
            "INSERT INTO b (id, value) SELECT id, value FROM k;",
            "DROP TABLE a;",  # also deletes rows of k, whose `up` is in no copy
        ]
    ]
)
def test_no_value_is_lost_without_a_finding(statements: list[list[str]]) -> None:
    connection, scripts = live(), that_run(statements)
    files = [Migration(f"{number:04}.sql", script) for number, script in enumerate(scripts, 1)]
    rehearsal = rehearse(schema.read(connection).objects.values(), files, "d1_migrations")
    before = values(connection)
    with suppress(SqlError):  # a refused file commits nothing
        for script in scripts:
            run_script(connection, script or "SELECT 1")
    lost = {str(row)[0] for row, _, _ in before - values(connection)}
    assert lost <= {effect.live_table for effect in find_effects(rehearsal, each_file_alone=False)}
