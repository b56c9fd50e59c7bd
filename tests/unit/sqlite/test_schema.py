"""Schemas as values, and databases created from them."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange, difference
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.paths import EXAMPLE
from tests.support.schemas import ALL_KINDS, of

MIGRATIONS = EXAMPLE / "migrations"


def rows(script: str) -> list[dict[str, str]]:
    """Return the rows of SELECT on the database that a script creates."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return [
        dict(zip(("type", "name", "tbl_name", "sql"), row, strict=True)) for row in connection.execute(schema.SELECT)
    ]


def test_a_database_created_from_a_schema_has_the_same_schema() -> None:
    again = schema.read(schema.build(schema.objects_from(rows(ALL_KINDS))))
    original = of(ALL_KINDS)
    assert set(again.objects.items()) == set(original.objects.items())
    assert again.columns == original.columns


@pytest.mark.parametrize(
    "comment", ["/* a", "/* a ", "/* a *", "/*/", "-- /* a", "-- a\n/* -- '", "/* a */", "/* a */ -- b"]
)
@pytest.mark.parametrize("sql", ["CREATE VIEW last AS SELECT '/* '", "CREATE INDEX last ON people (name)"])
def test_statements_end_whatever_comment_ends_their_text(sql: str, comment: str) -> None:
    original = schema.objects_from(rows(f"CREATE TABLE people (name); {sql} {comment}"))
    assert original[-1].name == "last"
    script = "".join(f"{item.statement}\n" for item in original)
    assert schema.objects_from(rows(script)) == original


def test_internal_tables_are_left_out() -> None:
    listed = [
        *rows(ALL_KINDS),
        {"type": "table", "name": "_cf_KV", "tbl_name": "_cf_KV", "sql": "CREATE TABLE _cf_KV (a)"},
    ]
    assert "sqlite_sequence" in [row["name"] for row in listed]
    assert schema.read(schema.build(schema.objects_from(listed))).tables == ("notes", "people", 'odd "name', "pets")


def test_an_object_that_cannot_be_created_is_named() -> None:
    listed = [{"type": "table", "name": "t", "tbl_name": "t", "sql": "CREATE VIRTUAL TABLE t USING spellfix1"}]
    with pytest.raises(SqlError, match=r"the table t cannot be created in the local SQLite: .*spellfix1"):
        schema.build(schema.objects_from(listed))


def test_a_column_prints_as_its_definition() -> None:
    assert [(column.name, str(column)) for column in of(ALL_KINDS).columns["people"]] == [
        ("id", "INTEGER PRIMARY KEY"),
        ("name", "TEXT NOT NULL DEFAULT ''"),
        ("twice", "GENERATED"),
    ]


def test_foreign_keys_have_their_columns_those_of_the_parent_and_delete_action() -> None:
    connection = open_database(":memory:")
    run_script(connection, "CREATE TABLE p (a, b, PRIMARY KEY (a, b))")
    run_script(
        connection,
        "CREATE TABLE c (x, y REFERENCES p (A), FOREIGN KEY (x, y) REFERENCES p ON DELETE CASCADE, "
        "FOREIGN KEY (x, y) REFERENCES p (b, a), FOREIGN KEY (x) REFERENCES c)",
    )
    assert set(schema.foreign_keys(connection, {})) == {
        schema.ForeignKey("c", "p", ("y",), ("A",), "NO ACTION", "NO ACTION"),
        schema.ForeignKey("c", "p", ("x", "y"), (), "CASCADE", "NO ACTION"),
        schema.ForeignKey("c", "p", ("x", "y"), ("b", "a"), "NO ACTION", "NO ACTION"),
        schema.ForeignKey("c", "c", ("x",), (), "NO ACTION", "NO ACTION"),
    }


def test_a_schema_without_a_table_lacks_its_indexes_and_triggers_too() -> None:
    left = of(ALL_KINDS).without("PEOPLE")
    assert [item.name for item in left.objects.values()] == ['odd "name', "pets", "named", "notes"]
    assert "people" not in left.columns


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("CREATE TABLE t (a)", 'create  table "T" -- spelt otherwise\n(A)', []),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE u (a, b)",
            [("removed", "table", "t", "a"), ("added", "table", "u", "a, b")],
        ),
        (
            "CREATE TABLE t (a TEXT, b)",
            "CREATE TABLE t (a TEXT NOT NULL, c INTEGER DEFAULT 1)",
            [
                ("removed", "column", "t.b", ""),
                ("added", "column", "t.c", "INTEGER DEFAULT 1"),
                ("changed", "column", "t.a", "TEXT -> TEXT NOT NULL"),
            ],
        ),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a CHECK (a > 0))",
            [("changed", "table", "t", "a constraint or option")],
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (a)",
            [("added", "index", "j", "on t"), ("changed", "index", "i", "")],
        ),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 'One'", [("changed", "view", "v", "")]),
        ("CREATE VIEW v AS SELECT 'one'", "CREATE VIEW v AS SELECT 'One'", [("changed", "view", "v", "")]),
    ],
)
def test_a_difference_has_names(before: str, after: str, changes: list[tuple[str, str, str, str]]) -> None:
    differences = difference(of(before), of(after))
    assert sorted(map(str, differences)) == sorted(
        str(SchemaChange(ChangeKind(kind), *rest)) for kind, *rest in changes
    )


def test_the_example_adds_its_tables_and_indexes_to_an_empty_schema() -> None:
    script = "\n".join(file.read_text() for file in sorted(MIGRATIONS.glob("*.sql")))
    changes = difference(schema.Schema({}, {}), of(script))
    assert [(change.kind.value, change.type, change.name) for change in changes] == [
        *(("added", "table", name) for name in ("users", "sessions", "content", "files")),
        *(("added", "index", name) for name in ("idx_users_email", "idx_sessions_user_id", "idx_sessions_expires")),
    ]


def test_the_columns_of_views_are_read_and_a_broken_view_has_none() -> None:
    connection = open_database(":memory:")
    run_script(
        connection, "CREATE TABLE t (a TEXT, b); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT * FROM v;"
    )
    run_script(connection, "CREATE VIEW broken AS SELECT * FROM gone;")
    columns = schema.view_columns(connection)
    assert [(column.name, column.type) for column in columns["w"]] == [("a", "TEXT"), ("b", "BLOB")]
    assert columns["broken"] == ()
