"""The rows of each table and view as interfaces of TypeScript."""

from __future__ import annotations

import pytest

from pulumi_d1.reports.schema_typescript import schema_typescript
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database


def types(script: str) -> list[str]:
    """Return the lines of the types of a script's schema."""
    connection = open_database(":memory:")
    run_script(connection, script)
    return schema_typescript(schema.read(connection), schema.view_columns(connection)).splitlines()


def column(definition: str) -> str:
    """Return the type of the column `c`."""
    _, line, _ = types(f"CREATE TABLE t ({definition});")
    return line.removeprefix("  c: ").removesuffix(";")


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("c INTEGER NOT NULL", "number"),
        ("c BIGINT", "number | null"),
        ("c VARCHAR(20) NOT NULL", "string"),
        ("c BLOB NOT NULL", "number[]"),
        ("c DOUBLE PRECISION NOT NULL", "number"),
        ("c BOOLEAN NOT NULL", "number"),
        ("c DATETIME NOT NULL", "string | number"),
        ("c JSON", "string | number | null"),
        ("c NOT NULL", "string | number | number[]"),
        ("c INTEGER PRIMARY KEY", "number"),
        ("c TEXT PRIMARY KEY", "string"),
        ("c CHARINT NOT NULL", "number"),
    ],
)
def test_the_type_follows_sqlites_rules_of_affinity(definition: str, expected: str) -> None:
    assert column(definition) == expected


def test_any_in_a_strict_table_is_any_value() -> None:
    assert types("CREATE TABLE t (c ANY NOT NULL) STRICT;")[1] == "  c: string | number | number[];"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("c IN ('admin', 'guest')", '"admin" | "guest"'),
        ("\"C\" in ('it''s')", '"it\'s"'),
        ("c IN ('a', 'b') OR c = 'c'", "string"),
        ("c IN (1, 2)", "string"),
        ("c NOT IN ('a')", "string"),
        ("c IN ('a' || 'b')", "string"),
        ("c IN ()", "string"),
    ],
)
def test_a_check_with_a_list_of_strings_is_a_union(check: str, expected: str) -> None:
    assert column(f"c TEXT NOT NULL CHECK ({check})") == expected


def test_views_have_rows_that_may_be_null() -> None:
    lines = types("CREATE TABLE t (a INTEGER NOT NULL); CREATE VIEW v AS SELECT a, total(a) AS s FROM t;")
    assert lines[4:] == [
        "export interface VRow {",
        "  a: number | null;",
        "  s: string | number | number[] | null;",
        "}",
    ]


def test_names_become_identifiers_and_equal_ones_get_a_number() -> None:
    script = 'CREATE TABLE user_roles ("first name" TEXT, "größe" INT); CREATE TABLE "user roles" (a);'
    lines = types(f'{script} CREATE TABLE "1st" (a);')
    assert [line.split()[2] for line in lines if line.startswith("export")] == [
        "_1stRow",
        "UserRolesRow",
        "UserRolesRow2",
    ]
    assert '  "first name": string | null;' in lines
    assert '  "größe": number | null;' in lines
