"""Notes about D1's limits: size, rows written in a day, foreign keys without an index, statistics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rehearse import rehearse
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.migrations.review.limits import FREE, PAID, plan_limits, review_notes, schema_notes, size_note, size_text
from tests.support.schemas import of

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
TABLES = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE notes (id INTEGER PRIMARY KEY, user REFERENCES users);"
)
ROWS = "INSERT INTO users WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n;"


def notes(sql: str, retention: timedelta = MONTH, *, size: int = 0, rows: str = "", live: str = TABLES) -> list[str]:
    """Return the notes about a pending file."""
    objects = tuple(of(live).objects.values())
    statements = [rows] if rows else []
    basis = Basis(BasisKind.LIVE, size=size)
    rehearsal = rehearse(objects, [Migration("0002.sql", sql)], "d1_migrations", basis, rows=statements)
    return [*review_notes(rehearsal, retention)]


def test_the_plan_follows_from_how_long_bookmarks_are_kept() -> None:
    assert [plan_limits(days) for days in (WEEK, MONTH)] == [FREE, PAID]
    assert [size_text(12_340_000, limits.size) for limits in (FREE, PAID)] == ["12.3 MB of 500 MB", "12.3 MB of 10 GB"]


@pytest.mark.parametrize(("size", "count"), [(399_000_000, 0), (400_000_000, 1)])
def test_a_database_that_is_nearly_full_has_a_note(size: int, count: int) -> None:
    assert len(size_note(size, FREE)) == count
    assert size_note(size, PAID) == ()
    assert len(notes("SELECT 1;", WEEK, size=size)) == count


def test_rows_written_count_on_the_free_plan_only() -> None:
    update = "UPDATE users SET id = id + 100000 WHERE id > 0;"
    [note] = notes(update, WEEK, rows=ROWS)
    assert note == (
        "the files write at least 20,000 rows, without those of indexes. The free plan allows 100,000 a day, and then "
        "stops all writes until midnight UTC"
    )
    assert notes(update, MONTH, rows=ROWS) == []
    assert notes("UPDATE users SET id = id + 100000 WHERE id < 9000;", WEEK, rows=ROWS) == []


@pytest.mark.parametrize(
    ("definition", "has_note"),
    [
        ("user REFERENCES users", True),
        ("user INTEGER PRIMARY KEY REFERENCES users", False),
        ("user TEXT PRIMARY KEY REFERENCES users", False),
        ("user UNIQUE REFERENCES users", False),
        ("a, user REFERENCES users, UNIQUE (user, a)", False),
        ("a, user REFERENCES users, UNIQUE (a, user)", True),
        ("a, user REFERENCES users, PRIMARY KEY (user, a)) WITHOUT ROWID; CREATE TABLE x (y", False),
        ("user REFERENCES users); CREATE INDEX i ON t (USER); CREATE TABLE x (y", False),
        ("user REFERENCES users); CREATE INDEX i ON t (user) WHERE user > 1; CREATE TABLE x (y", True),
    ],
)
def test_a_new_foreign_key_needs_an_index_that_starts_with_it(definition: str, has_note: bool) -> None:  # noqa: FBT001
    expected = [
        "each DELETE and UPDATE of a key in users reads all rows of t: there is no index on t (user)",
    ]
    assert notes(f"CREATE TABLE t ({definition});") == (expected if has_note else [])


def test_keys_of_several_columns_may_be_indexed_in_any_order() -> None:
    parent = "CREATE TABLE p (a, b, PRIMARY KEY (a, b));"
    child = "CREATE TABLE c (x, y, z, FOREIGN KEY (x, y) REFERENCES p (a, b)); CREATE INDEX i ON c ({});"
    for columns, count in (("y, x", 0), ("x, y, z", 0), ("x, z, y", 1)):
        assert len(schema_notes(of(parent + child.format(columns)).objects.values(), "d1_migrations")) == count


def test_only_the_first_keys_are_listed_and_the_ledger_is_left_out() -> None:
    tables = "".join(f"CREATE TABLE t{number} (a REFERENCES t1);" for number in range(1, 9))
    [note] = schema_notes(of(tables).objects.values(), "t8")
    assert note.endswith(": t1 (a), t2 (a), t3 (a), t4 (a), t5 (a) and 2 more")


@pytest.mark.parametrize(
    ("sql", "has_note"),
    [
        ("CREATE INDEX i ON notes (user);", True),
        ("CREATE INDEX i ON notes (user); PRAGMA optimize;", False),
        ("PRAGMA optimize; CREATE INDEX i ON notes (user);", True),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a);", False),
    ],
)
def test_a_new_index_needs_statistics(sql: str, has_note: bool) -> None:  # noqa: FBT001
    assert [note.partition(":")[0] for note in notes(sql)] == ["0002.sql creates the index i"] * has_note


_REBUILD = (
    "CREATE TABLE n (id INTEGER PRIMARY KEY{}); INSERT INTO n (id) SELECT id FROM t; DROP TABLE t; "
    "ALTER TABLE n RENAME TO t;"
)


@pytest.mark.parametrize(
    ("columns", "then", "has_note"),
    [
        (", a", "", True),
        (", a", "CREATE INDEX i ON t (a);", False),
        (", a, b", "CREATE INDEX other ON t (A, b);", False),
        (", a, b", "CREATE INDEX other ON t (b, a);", True),
        (", a UNIQUE", "", False),
        ("", "", False),
    ],
)
def test_a_rebuild_that_loses_an_index_has_a_note(columns: str, then: str, has_note: bool) -> None:  # noqa: FBT001
    found = notes(
        f"{_REBUILD.format(columns)} {then} PRAGMA optimize;",
        live="CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE INDEX i ON t (a);",
    )
    note = "0002.sql creates t again without its index i: queries that used it read every row"
    assert found == ([note] if has_note else [])


def test_a_review_without_files_has_no_notes() -> None:
    assert review_notes(None, WEEK) == ()
    empty = rehearse((), [], "d1_migrations", replace(Basis(BasisKind.LIVE), size=10**9))
    assert review_notes(empty, WEEK) == ()
