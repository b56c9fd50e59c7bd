"""Two schemas become one, in which each change is marked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pulumi_d1.reports.schema_picture import MOST_TABLES, draw
from pulumi_d1.sqlite.difference import ChangeKind
from pulumi_d1.sqlite.statements import quoted
from tests.support.marked import marked

ADDED, REMOVED, CHANGED = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED


BEFORE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users, editor INTEGER REFERENCES users);
CREATE TABLE old (a); CREATE INDEX by_name ON users (name); CREATE TABLE alone (a)
"""
AFTER = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users, editor INTEGER);
CREATE TABLE tags (post INTEGER REFERENCES posts); CREATE VIEW v AS SELECT 1; CREATE TABLE alone (a)
"""


def test_tables_columns_indexes_and_references_are_marked() -> None:
    both = marked(BEFORE, AFTER)
    marks = {table.name: table.mark for table in both.tables}
    assert marks == {"users": None, "posts": CHANGED, "tags": ADDED, "v": ADDED, "alone": None, "old": REMOVED}
    (users,) = [table for table in both.tables if table.name == "users"]
    assert [(part.name, part.definition, part.mark) for part in users.parts] == [
        ("id", "INTEGER PRIMARY KEY", None),
        ("name", "TEXT -> TEXT NOT NULL", CHANGED),
        ("born", "TEXT", ADDED),
        ("age", "INTEGER", REMOVED),
        ("by_name", "", REMOVED),
    ]
    assert {(item.child, item.column, item.mark) for item in both.references} == {
        ("posts", "author", None),
        ("posts", "editor", REMOVED),
        ("tags", "post", ADDED),
    }


def test_the_changed_part_has_the_tables_that_it_references_and_no_others() -> None:
    part = marked(BEFORE, AFTER).changed_part(10)
    assert {table.name for table in part.tables} == {"users", "posts", "tags", "v", "old"}
    assert [table.name for table in marked(BEFORE, AFTER).changed_part(2).tables] == ["users", "posts"]
    part = marked("CREATE TABLE a (b)", "CREATE TABLE a (b); CREATE TABLE c (d REFERENCES a)").changed_part(10)
    assert [(table.name, table.has_changes) for table in part.tables] == [("c", True), ("a", False)]


def test_equal_schemas_have_no_marks() -> None:
    assert marked(BEFORE, BEFORE).changed_part(10).tables == ()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12))
def test_no_two_boxes_of_a_picture_overlap(parents: list[set[int]]) -> None:
    tables = (
        f"CREATE TABLE t{number} ({', '.join(['a', *(f'r{key} REFERENCES t{key}' for key in keys)])});"
        for number, keys in enumerate(parents)
    )
    picture = draw(marked("", "".join(tables)))
    assert len(picture.boxes) == len(parents)
    taken: list[tuple[int, int, int]] = []
    for box in picture.boxes:
        assert 0 <= box.x < picture.width
        assert box.y + box.height <= picture.height
        for x, top, bottom in taken:
            assert x != box.x or box.y >= bottom or box.y + box.height <= top
        taken.append((box.x, box.y, box.y + box.height))


def test_a_table_stands_to_the_right_of_those_that_it_references_even_in_a_circle() -> None:
    picture = draw(
        marked(
            "", "CREATE TABLE a (b REFERENCES c); CREATE TABLE c (d REFERENCES a, e REFERENCES f); CREATE TABLE f (g)"
        )
    )
    x = {box.title: box.x for box in picture.boxes}
    assert x["f"] < x["c"]
    assert len(picture.lines) == 3


def test_a_large_schema_shows_its_changes_first_and_counts_the_rest() -> None:
    many = "".join(f"CREATE TABLE t{number} (a);" for number in range(100))
    picture = draw(marked(many, f"{many} CREATE TABLE {quoted('z' * 100)} (a)"))
    assert len(picture.boxes) == MOST_TABLES
    assert picture.boxes[0].title.startswith("zzz")
    assert len(picture.boxes[0].title) < 40
    assert picture.left_out == 101 - MOST_TABLES


@pytest.mark.parametrize("name", ["a" * 100, "\u8868" * 100, "\u8868a" * 50])
def test_a_long_name_fits_into_its_box(name: str) -> None:
    (box,) = draw(
        marked("", f"CREATE TABLE {quoted(name)} ({quoted(name)} TEXT NOT NULL DEFAULT 'a long default')")
    ).boxes
    for text, most in ((box.title, 30), (f"{box.rows[0].name} {box.rows[0].definition}", 32)):
        assert most - 2 <= cell_len(text) <= most
        assert "\N{HORIZONTAL ELLIPSIS}" in text
