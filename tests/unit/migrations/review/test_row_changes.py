"""A review contains how many rows of each table the pending files insert, update and delete."""

from __future__ import annotations

import pytest

from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.rehearsal.rehearse import Rehearsal, rehearse
from pulumi_d1.migrations.rehearsal.rows.options import Basis, BasisKind
from pulumi_d1.migrations.review.row_changes import row_changes
from tests.support.schemas import of

TABLES = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);"
    "CREATE TABLE c (id INTEGER PRIMARY KEY, t REFERENCES t ON DELETE CASCADE);"
)
ROWS = (
    "INSERT INTO t VALUES (1, 'x', 'y'), (2, 'z', NULL), (3, 'q', 'r')",
    "INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)",
)
NEW = "DROP TABLE c; CREATE TABLE n (id INTEGER PRIMARY KEY, a, b NOT NULL);"
RENAME = "DROP TABLE t; ALTER TABLE n RENAME TO t;"


def rehearsed(*files: str, kind: BasisKind = BasisKind.LIVE) -> Rehearsal:
    pending = [Migration(f"{number:04}.sql", sql) for number, sql in enumerate(files, 2)]
    return rehearse(tuple(of(TABLES).objects.values()), pending, "d1_migrations", Basis(kind), rows=ROWS)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("UPDATE t SET a = 'n' WHERE id = 1;",), ["t: 1 row updated"]),
        (("INSERT INTO t (a) VALUES (1), (2); INSERT INTO t (a) VALUES (3);",), ["t: 3 rows inserted"]),
        (("DELETE FROM t WHERE id IN (SELECT id FROM t);",), ["c: 3 rows deleted", "t: 3 rows deleted"]),
        (("REPLACE INTO t VALUES (1, 2, 3);",), ["c: 2 rows deleted", "t: 1 row inserted, 1 row deleted"]),
        (("DELETE FROM c WHERE id = 1;", "DROP TABLE c;"), ["c: dropped with 3 rows"]),
        (("ALTER TABLE c RENAME TO d; DELETE FROM d WHERE id = 1;", "DELETE FROM d;"), ["c: 3 rows deleted"]),
        ((f"{NEW} INSERT INTO n SELECT id, a, ifnull(b, '') FROM t; {RENAME}",), ["c: dropped with 3 rows"]),
        (
            (
                f"{NEW} INSERT INTO n SELECT id, a || '!', 0 FROM t WHERE id > 1; {RENAME}",
                "INSERT INTO t VALUES (9, 9, 9);",
            ),
            ["c: dropped with 3 rows", "t: 1 row inserted, 2 rows updated, 1 row deleted"],
        ),
        (("ALTER TABLE t ADD COLUMN z; ALTER TABLE t DROP COLUMN b; CREATE INDEX i ON t (a);",), []),
        (
            ("ALTER TABLE c RENAME TO d; UPDATE d SET t = 3 WHERE id = 1; ALTER TABLE d RENAME TO e;",),
            ["c: 1 row updated"],
        ),
        (("ALTER TABLE c RENAME TO d;", "DELETE FROM d WHERE id = 1;"), ["c: 1 row deleted"]),
        (
            ("ALTER TABLE c RENAME TO x; ALTER TABLE t RENAME TO c; ALTER TABLE x RENAME TO t; UPDATE c SET a = 1;",),
            ["t: 3 rows updated"],
        ),
        (("UPDATE t SET a = 1; UPDATE t SET b = 1;", "UPDATE t SET a = 2;"), ["t: 3 rows updated"]),
        (("DROP TABLE c;", "CREATE TABLE c (a); INSERT INTO c VALUES (1);"), ["c: dropped with 3 rows"]),
        (("CREATE TABLE u (a); INSERT INTO u VALUES (1);",), []),
        (("UPDATE t SET a = 'n' WHERE id = 1;", "DELETE FROM t; oops;"), ["t: 1 row updated"]),
    ],
)
def test_the_rows_of_each_table_are_counted(files: tuple[str, ...], expected: list[str]) -> None:
    assert [str(change) for change in row_changes(rehearsed(*files))] == expected


@pytest.mark.parametrize("kind", [kind for kind in BasisKind if kind is not BasisKind.LIVE])
def test_rows_that_are_not_the_live_ones_are_not_counted(kind: BasisKind) -> None:
    assert row_changes(rehearsed("DELETE FROM t WHERE id = 1;", kind=kind)) == ()
    assert row_changes(None) == ()
