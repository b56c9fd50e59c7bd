"""The diagram of the comment is one that mermaid draws, whatever the names are, and never too long for it."""

from __future__ import annotations

from pulumi_d1.reports.change_diagram import LIMIT, MOST_TABLES, change_diagram, drawable
from pulumi_d1.sqlite.statements import quoted
from tests.support.hostile_names import faults_of
from tests.support.marked import hostile, marked


def test_what_changes_is_shown_with_the_tables_that_it_references() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER); CREATE TABLE alone (a);"
    after = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE alone (a);"
    assert change_diagram(drawable(marked(before, f"{after} CREATE TABLE posts (author REFERENCES users)"), 9)) == (
        "flowchart LR\n"
        '  t0["<b>users</b><br>#8722; age INTEGER"]:::changed\n'
        '  t1["<b>#43; posts</b><br>author"]:::added\n'
        '  t1 -->|"#43; author"| t0\n'
        "  classDef added fill:#dafbe1,stroke:#1a7f37,color:#1f2328\n"
        "  classDef removed fill:#ffebe9,stroke:#cf222e,color:#1f2328\n"
        "  classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328"
    )


def test_a_diagram_is_plain_text_that_nothing_obeys() -> None:
    text = change_diagram(drawable(hostile(), 99))
    assert text.isascii()
    assert "`" not in text
    assert faults_of(text) == []


def test_a_diagram_is_never_longer_than_mermaid_draws() -> None:
    columns = ", ".join(quoted(f"{'€' * 60} {number}") for number in range(12))
    schema = marked("", "".join(f"CREATE TABLE t{number} ({columns});" for number in range(30)))
    part = drawable(schema, 99)
    assert 1 < len(part.tables) < MOST_TABLES
    assert LIMIT * 0.8 < len(change_diagram(part)) <= LIMIT
    assert len(drawable(schema, 2).tables) == 2
