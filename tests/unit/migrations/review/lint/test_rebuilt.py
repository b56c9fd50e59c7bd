"""Lint finds the triggers and UNIQUE indexes that a rebuild loses, and nothing that a file drops on purpose."""

from __future__ import annotations

import pytest

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
        ((f"{VIEW} {NEW_VIEW}",), ["texts is created again without its trigger added_text"]),
        ((ASIDE + INDEX,), [LOST_TRIGGER]),
    ],
)
def test_what_a_rebuild_loses_is_found(files: tuple[str, ...], expected: list[str]) -> None:
    assert messages(*files) == expected
