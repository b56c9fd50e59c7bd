"""Foreign keys whose parents can be looked up through a unique index."""

from __future__ import annotations

import pytest

from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.references import Reference, references
from pulumi_d1.sqlite.schema import SchemaObject


def of(script: str) -> tuple[Reference, ...]:
    connection = schema.build_from_statements(script.split(";"))
    rows = connection.execute(schema.SELECT)
    return references([SchemaObject(*map(str, row)) for row in rows])


@pytest.mark.parametrize(
    "parent",
    [
        "p (k INTEGER PRIMARY KEY)",
        "p (k TEXT PRIMARY KEY)",
        "p (k TEXT COLLATE NOCASE UNIQUE)",
        "p (k TEXT PRIMARY KEY) WITHOUT ROWID",
        "p (a, k UNIQUE, b)",
    ],
)
def test_a_parent_is_found_by_a_key_or_a_unique_column(parent: str) -> None:
    expected = (Reference("c", "p", ("x",), ("k",), "x"),)
    assert of(f"CREATE TABLE {parent}; CREATE TABLE c (id INTEGER PRIMARY KEY, x REFERENCES P (K))") == expected


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE p (k)",
        "CREATE TABLE p (k); CREATE INDEX i ON p (k)",
        "CREATE TABLE p (k); CREATE UNIQUE INDEX i ON p (k) WHERE k > 0",
        "CREATE TABLE p (k); CREATE UNIQUE INDEX i ON p (lower(k))",
        "CREATE TABLE p (k); CREATE UNIQUE INDEX i ON p (k COLLATE NOCASE)",
        "CREATE TABLE p (k, j, UNIQUE (k, j))",
        "CREATE TABLE p (j PRIMARY KEY)",
        "CREATE TABLE other (k PRIMARY KEY)",
        "CREATE TABLE p (j, k AS (j) UNIQUE)",
    ],
)
def test_a_parent_without_a_unique_index_on_its_columns_is_not_looked_up(script: str) -> None:
    assert of(f"{script}; CREATE TABLE c (x REFERENCES p (k))") == ()


def test_the_columns_of_a_key_may_come_in_another_order() -> None:
    script = """
        CREATE TABLE p (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE c (x NOT NULL, y, FOREIGN KEY (y, x) REFERENCES p (b, a));
        CREATE TABLE d (x NOT NULL, y NOT NULL, FOREIGN KEY (x, y) REFERENCES p)
    """
    assert of(script) == (
        Reference("c", "p", ("y", "x"), ("b", "a"), "y"),
        Reference("d", "p", ("x", "y"), ("a", "b"), ""),
    )


def test_a_generated_column_has_no_stored_value_to_look_up() -> None:
    assert of("CREATE TABLE p (k PRIMARY KEY); CREATE TABLE c (a, x AS (a) REFERENCES p)") == ()
