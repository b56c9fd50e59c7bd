"""4xx: what running code does not survive, and harmless files, which have no such finding."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.plan import Problem, Severity
from pulumi_d1.migrations.review.lint.check import stopping_findings
from tests.support.lint import live

TAGS = (
    "CREATE TABLE tags (id INTEGER PRIMARY KEY, label TEXT, size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0), "
    "color TEXT CHECK (color IN ('red', 'blue'))); INSERT INTO tags VALUES (1, 'a', 1, 'red'), (2, 'b', 2, NULL);"
    "CREATE VIEW titles AS SELECT title FROM content;"
)
COLUMNS = "id, label, size, color"


def codes(*files: str) -> list[str]:
    """Return the findings of this family: file, code and line."""
    findings = live.findings(*files, more=TAGS, has_code=True)
    assert not any(finding.refused for finding in findings)
    return [f"{item.name[:4]} {item.rule.code} {item.line}" for item in findings if item.rule.code > "D400"]


def rebuild(definition: str, columns: str = COLUMNS) -> str:
    """Return a file that rebuilds the table tags."""
    return (
        f"CREATE TABLE tags_new ({definition});\nINSERT INTO tags_new ({columns}) SELECT {columns} FROM tags;\n"
        "DROP TABLE tags;\nALTER TABLE tags_new RENAME TO tags;"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
        "ALTER TABLE tags ADD COLUMN note TEXT;",
        "ALTER TABLE tags ADD COLUMN note TEXT NOT NULL DEFAULT '' CHECK (note <> 'x');",
        "CREATE INDEX by_label ON tags (label);",
        "CREATE UNIQUE INDEX one_label ON tags (label);",
        "DROP INDEX idx_users_email;",
        "CREATE TABLE notes (id); DROP TABLE notes;",
        "CREATE TABLE notes (a); ALTER TABLE notes RENAME COLUMN a TO b; ALTER TABLE notes RENAME TO remarks;",
        "DROP VIEW titles; CREATE VIEW titles AS SELECT id, title FROM content;",
        "ALTER TABLE tags RENAME TO marks; CREATE VIEW tags AS SELECT * FROM marks;",
        "UPDATE tags SET label = 'b' WHERE id = 1; DELETE FROM tags WHERE id = 9;",
        rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0), color TEXT"),
        rebuild("id INTEGER PRIMARY KEY NOT NULL, label TEXT NOT NULL DEFAULT '', size INTEGER, color TEXT"),
        rebuild(
            "id INTEGER PRIMARY KEY, label TEXT, size INTEGER DEFAULT 0 CHECK(size>=0), color TEXT, "
            "CHECK (color IN ('blue', 'green', 'red'))"
        ),
        rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER, color TEXT, new TEXT NOT NULL DEFAULT 'x'"),
        rebuild("id INTEGER PRIMARY KEY, label TEXT NOT NULL, size INTEGER, color TEXT"),
    ],
)
def test_a_harmless_file_has_no_finding(sql: str) -> None:
    assert codes(sql) == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1;\nDROP TABLE tags;", ["0004 D401 2"]),
        ("DROP VIEW titles;", ["0004 D401 1"]),
        ("ALTER TABLE tags RENAME TO marks;", ["0004 D401 1"]),
        ("ALTER TABLE tags RENAME TO marks;\nDROP TABLE marks;", ["0004 D401 1"]),
        ("ALTER TABLE tags DROP COLUMN label;", ["0004 D402 1"]),
        ("\nALTER TABLE TAGS RENAME label TO name;", ["0004 D402 2"]),
        (rebuild("id INTEGER PRIMARY KEY, size INTEGER, color TEXT", "id, size, color"), ["0004 D402 4"]),
        (
            rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER, color TEXT, note TEXT NOT NULL").replace(
                "INSERT INTO tags_new (id, label, size, color) SELECT",
                "INSERT INTO tags_new (note, id, label, size, color) SELECT '',",
            ),
            ["0004 D403 4"],
        ),
        (
            "UPDATE tags SET color = 'red' WHERE color IS NULL;\n"
            + rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER, color TEXT NOT NULL"),
            ["0004 D403 5"],
        ),
        (rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER NOT NULL, color TEXT"), ["0004 D403 4"]),
        (rebuild("id INTEGER PRIMARY KEY, label TEXT CHECK (label > ''), size INTEGER, color TEXT"), ["0004 D404 4"]),
        (rebuild("id INTEGER PRIMARY KEY, label TEXT, size INTEGER CHECK (size > 0), color TEXT"), ["0004 D404 4"]),
    ],
)
def test_each_change_that_breaks_code_is_found_at_its_statement(sql: str, expected: list[str]) -> None:
    assert codes(sql) == expected


def test_all_pending_files_count_as_one_change() -> None:
    assert codes("ALTER TABLE tags RENAME TO marks;", "ALTER TABLE marks RENAME TO tags;") == []
    expand = "ALTER TABLE tags ADD COLUMN name TEXT;\nUPDATE tags SET name = label WHERE name IS NULL;"
    assert codes(expand, "DROP VIEW titles;\nALTER TABLE tags DROP COLUMN label;") == ["0005 D401 1", "0005 D402 2"]


def test_a_contract_file_has_no_such_finding() -> None:
    assert codes("-- d1:contract since v12\nDROP VIEW titles;") == []


def test_who_allows_a_loss_has_thought_of_the_code() -> None:
    for sql, loss in (("DROP TABLE tags;", "D102"), ("ALTER TABLE tags DROP COLUMN size;", "D103")):
        found = live.findings(f"-- d1:allow {loss} unused\n{sql}", more=TAGS, has_code=True)
        assert [(finding.rule.code, finding.waiver) for finding in found] == [(loss, "unused")]
    found = live.findings("-- d1:allow D401 unused\nDROP TABLE tags;", more=TAGS, has_code=True)
    assert {finding.rule.code: finding.waiver for finding in found} == {"D102": "", "D401": "unused"}


def test_a_waiver_is_not_void_on_a_database_without_code() -> None:
    assert live.of_new_database("-- d1:allow D402 as agreed\nALTER TABLE users RENAME COLUMN name TO full_name;") == ()


def test_the_policy_decides_whether_a_run_stops() -> None:
    found = live.findings("ALTER TABLE users RENAME COLUMN name TO full_name;", has_code=True)
    assert stopping_findings(found, {Problem.DANGEROUS: Severity.ERROR}) == ()
    assert stopping_findings(found, {Problem.BREAKING: Severity.ERROR}) == found != ()
