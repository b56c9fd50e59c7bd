"""A schema as values, and a database made of it again."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import SqlError
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.difference import ChangeKind, SchemaChange, difference
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database
from tests.support.paths import EXAMPLE

MIGRATIONS = EXAMPLE / "migrations"
ALL_KINDS = """
    CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL DEFAULT '', twice AS (id * 2));
    CREATE TABLE "odd ""name" (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
    CREATE TABLE pets (owner INTEGER REFERENCES people (id) ON DELETE SET NULL, toy REFERENCES pets (rowid));
    CREATE UNIQUE INDEX by_name ON people (name) WHERE name <> '';
    CREATE VIEW named AS SELECT name FROM people;
    CREATE TRIGGER gone AFTER DELETE ON people BEGIN DELETE FROM pets WHERE owner = old.id; END;
    CREATE VIRTUAL TABLE notes USING fts5(title, body);
"""


def of(script: str) -> schema.Schema:
    """The schema that a script makes."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return schema.read(connection)


def rows(script: str) -> list[dict[str, str]]:
    """What SELECT gives on the database that a script makes."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return [
        dict(zip(("type", "name", "tbl_name", "sql"), row, strict=True)) for row in connection.execute(schema.SELECT)
    ]


def test_a_rebuilt_database_has_the_same_schema() -> None:
    again = schema.read(schema.build(schema.objects_from(rows(ALL_KINDS))))
    original = of(ALL_KINDS)
    assert set(again.objects.items()) == set(original.objects.items())
    assert again.columns == original.columns


def test_the_tables_of_sqlite_of_the_service_and_of_virtual_tables_are_nobodys() -> None:
    listed = [
        *rows(ALL_KINDS),
        {"type": "table", "name": "_cf_KV", "tbl_name": "_cf_KV", "sql": "CREATE TABLE _cf_KV (a)"},
    ]
    assert "sqlite_sequence" in [row["name"] for row in listed]
    assert schema.read(schema.build(schema.objects_from(listed))).tables == ("notes", "people", 'odd "name', "pets")


def test_an_object_that_cannot_be_made_here_is_named() -> None:
    listed = [{"type": "table", "name": "t", "tbl_name": "t", "sql": "CREATE VIRTUAL TABLE t USING spellfix1"}]
    with pytest.raises(SqlError, match=r"the table t cannot be created in the local SQLite: .*spellfix1"):
        schema.build(schema.objects_from(listed))


def test_a_column_is_told_by_its_definition() -> None:
    assert [(column.name, str(column)) for column in of(ALL_KINDS).columns["people"]] == [
        ("id", "INTEGER PRIMARY KEY"),
        ("name", "TEXT NOT NULL DEFAULT ''"),
        ("twice", "GENERATED"),
    ]


def test_foreign_keys_have_their_columns_and_what_a_delete_does() -> None:
    connection = open_database(":memory:")
    run_script(connection, "CREATE TABLE p (a, b, PRIMARY KEY (a, b))")
    run_script(
        connection,
        "CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p ON DELETE CASCADE, FOREIGN KEY (x) REFERENCES c)",
    )
    assert set(schema.foreign_keys(connection, {})) == {
        schema.ForeignKey("c", "p", ("x", "y"), "CASCADE"),
        schema.ForeignKey("c", "c", ("x",), "NO ACTION"),
    }


def test_without_a_table_its_indexes_and_triggers_are_gone_too() -> None:
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
def test_a_difference_is_told_by_name(before: str, after: str, changes: list[tuple[str, str, str, str]]) -> None:
    found = difference(of(before), of(after))
    assert sorted(map(str, found)) == sorted(str(SchemaChange(ChangeKind(kind), *rest)) for kind, *rest in changes)


def test_the_schema_of_the_example_differs_from_nothing_by_its_tables_and_indexes() -> None:
    script = "\n".join(file.read_text() for file in sorted(MIGRATIONS.glob("*.sql")))
    found = [(change.kind.value, change.type, change.name) for change in difference(schema.Schema({}, {}), of(script))]
    assert found == [
        *(("added", "table", name) for name in ("users", "sessions", "content", "files")),
        *(("added", "index", name) for name in ("idx_users_email", "idx_sessions_user_id", "idx_sessions_expires")),
    ]
