"""Lint finds the triggers and UNIQUE indexes that a rebuild loses, and nothing that a file drops on purpose."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.plan import Severity
from tests.support.lint import live

LIVE = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, slug TEXT, body TEXT);
CREATE UNIQUE INDEX slugs ON notes (slug);
CREATE TRIGGER added AFTER INSERT ON notes BEGIN UPDATE users SET name = name WHERE id = 0; END;
CREATE VIEW texts AS SELECT body FROM notes;
CREATE TRIGGER added_text INSTEAD OF INSERT ON texts BEGIN INSERT INTO notes (body) VALUES (new.body); END;
INSERT INTO notes VALUES (1, 's', 'b');
"""
NEW = "CREATE TABLE n (id INTEGER PRIMARY KEY, slug TEXT, body TEXT NOT NULL); INSERT INTO n SELECT * FROM notes;"
VIEW = "DROP VIEW texts;"
NEW_VIEW = "CREATE VIEW texts AS SELECT body FROM notes;"
NEW_VIEW_TRIGGER = "CREATE TRIGGER added_text INSTEAD OF INSERT ON texts BEGIN SELECT 1; END;"
ASIDE = (
    f"{VIEW} ALTER TABLE notes RENAME TO old; CREATE TABLE notes (id INTEGER PRIMARY KEY, slug, body); "
    f"INSERT INTO notes SELECT * FROM old; DROP TABLE old; {NEW_VIEW} {NEW_VIEW_TRIGGER}"
)
REBUILD = f"{VIEW} {NEW} DROP TABLE notes; ALTER TABLE n RENAME TO notes; {NEW_VIEW} {NEW_VIEW_TRIGGER}"
INDEX = "CREATE UNIQUE INDEX slugs ON notes (slug);"
TRIGGER = "CREATE TRIGGER added AFTER INSERT ON notes BEGIN SELECT 1; END;"
LOST_INDEX = "notes is created again without its index slugs"
LOST_TRIGGER = "notes is created again without its trigger added"


def messages(*files: str) -> list[str]:
    return [item.message for item in live.findings(*files, more=LIVE) if item.rule.code == "D114"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((REBUILD,), [f"{LOST_INDEX}; line 1: {LOST_TRIGGER}"]),
        ((REBUILD + INDEX,), [LOST_TRIGGER]),
        ((REBUILD + TRIGGER,), [LOST_INDEX]),
        ((REBUILD, INDEX + TRIGGER), []),
        ((f"DROP INDEX slugs; DROP TRIGGER IF EXISTS added; {REBUILD}",), []),
        ((REBUILD + "CREATE UNIQUE INDEX by_slug ON notes (slug);" + TRIGGER,), []),
        ((REBUILD + "CREATE INDEX slugs_only ON notes (slug);" + TRIGGER,), [LOST_INDEX]),
        ((REBUILD.replace("slug TEXT", "slug TEXT UNIQUE") + TRIGGER,), []),
        ((REBUILD + INDEX + TRIGGER.replace("added", "was_added"),), []),
        ((f"{VIEW} DROP TABLE notes;",), []),
        (("DROP TABLE notes; CREATE VIRTUAL TABLE notes USING fts5(slug, body);",), []),
        ((f"{VIEW} CREATE VIRTUAL TABLE n USING fts5(body);", "DROP TABLE notes; ALTER TABLE n RENAME TO notes;"), []),
        ((f"{VIEW} {NEW_VIEW}",), ["texts is created again without its trigger added_text"]),
        ((ASIDE + INDEX,), [LOST_TRIGGER]),
        ((REBUILD + INDEX + 'DROP TRIGGER IF EXISTS "Added";',), []),
        ((REBUILD + TRIGGER + "DROP INDEX IF EXISTS slug; DROP TRIGGER IF EXISTS slugs;",), [LOST_INDEX]),
        ((REBUILD + TRIGGER + "CREATE UNIQUE INDEX slugs ON content (title);",), [LOST_INDEX]),
        ((REBUILD + INDEX + TRIGGER.replace("ON notes", "ON content"),), [LOST_TRIGGER]),
        (("DROP INDEX slugs; DROP TRIGGER added; CREATE INDEX added ON notes (body); " + INDEX, REBUILD), [LOST_INDEX]),
        ((f"CREATE INDEX added ON notes (body); DROP INDEX added; {REBUILD}{INDEX}",), [LOST_TRIGGER]),
        ((f"{REBUILD}{INDEX}{TRIGGER} DROP INDEX slugs;", "DROP TRIGGER added;"), []),
    ],
)
def test_what_a_rebuild_loses_is_found(files: tuple[str, ...], expected: list[str]) -> None:
    assert messages(*files) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("CREATE TABLE k (a); CREATE UNIQUE INDEX one ON k (a);", "DROP TABLE k; CREATE TABLE k (a);"), ["index one"]),
        (
            (
                f"CREATE TABLE n (a); {TRIGGER.replace('notes', 'n')} ALTER TABLE n RENAME TO k;",
                "CREATE TABLE n (a); DROP TABLE k; ALTER TABLE n RENAME TO k;",
            ),
            ["trigger added"],
        ),
        (("CREATE TABLE k (a); create unique index IF NOT EXISTS one ON k (a); DROP TABLE k;",), []),
    ],
)
def test_what_the_files_create_and_lose_is_a_warning(files: tuple[str, ...], expected: list[str]) -> None:
    found = [item for item in live.findings(*files) if item.rule.code == "D114"]
    assert [item.message for item in found] == [f"k is created again without its {name}" for name in expected]
    assert {item.severity for item in found} <= {Severity.WARNING}


@pytest.mark.parametrize(
    ("old", "new", "is_lost"),
    [
        ("(id)", "", False),
        ("(id, slug)", "", False),
        ("(slug) WHERE body = 'a'", "(slug) WHERE body = 'b'", True),
        ("(slug)", "(slug) WHERE body = 'b'", True),
        ("(slug) WHERE body = 'a'", "(slug)", False),
        ("(lower(slug))", "(lower(body))", True),
        ("(lower(slug))", '( LOWER("slug") )', False),
        ("(slug COLLATE NOCASE)", "(slug)", True),
        ("(slug)", "(slug COLLATE NOCASE)", False),
        ("(slug, body DESC)", "(body, slug)", False),
    ],
)
def test_an_index_may_be_replaced_by_one_that_refuses_the_same(old: str, new: str, *, is_lost: bool) -> None:
    more = f"CREATE TABLE notes (id INTEGER PRIMARY KEY, slug TEXT, body TEXT); CREATE UNIQUE INDEX old ON notes {old};"
    again = f"CREATE UNIQUE INDEX again ON notes {new};" if new else ""
    sql = f"{NEW} DROP TABLE notes; ALTER TABLE n RENAME TO notes; {again}"
    codes = [item.rule.code for item in live.findings(sql, more=more)]
    assert ("D114" in codes) is is_lost
