"""Tables and foreign keys as a diagram of Mermaid."""

from __future__ import annotations

from pulumi_d1.reports.schema_diagram import schema_diagram
from pulumi_d1.sqlite import schema
from pulumi_d1.sqlite.execute import run_script
from pulumi_d1.sqlite.sandbox import open_database


def diagram(script: str) -> list[str]:
    connection = open_database(":memory:")
    run_script(connection, script)
    return schema_diagram(schema.read(connection), schema.foreign_keys(connection, {})).splitlines()


def test_tables_have_their_columns_and_each_foreign_key_is_a_line() -> None:
    script = """
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE posts (author INTEGER NOT NULL REFERENCES Users (id), writer INTEGER REFERENCES users);
    """
    assert diagram(script) == [
        "erDiagram",
        '    "posts" {',
        "        INTEGER author FK",
        "        INTEGER writer FK",
        "    }",
        '    "users" {',
        "        INTEGER id PK",
        "        TEXT name",
        "    }",
        '    "users" |o--o{ "posts" : "writer"',
        '    "users" ||--o{ "posts" : "author"',
    ]


def test_a_key_of_several_columns_is_one_line() -> None:
    script = """
        CREATE TABLE p (a, b, PRIMARY KEY (a, b));
        CREATE TABLE c (x, y, PRIMARY KEY (x, y), FOREIGN KEY (x, y) REFERENCES p (a, b));
    """
    assert [line for line in diagram(script) if "--" in line] == ['    "p" ||--o{ "c" : "x, y"']
    assert "        ANY x PK, FK" in diagram(script)


def test_what_mermaid_cannot_write_is_replaced() -> None:
    lines = diagram('CREATE TABLE "a ""b%" ("PK" DECIMAL(10, 2), "first name", "1st" TEXT, "!" TEXT, "größe" TEXT);')
    assert lines[1:-1] == [
        '    "a _b_" {',
        "        DECIMAL_10_2 _PK",
        "        ANY first_name",
        "        TEXT _1st",
        "        TEXT _",
        "        TEXT größe",
    ]
