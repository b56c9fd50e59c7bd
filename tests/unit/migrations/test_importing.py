"""Files that must be sent as an import, and have a PRAGMA that may work otherwise there."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import PlanRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.importing import refused_imports
from pulumi_d1.migrations.ledger import unfinished
from pulumi_d1.migrations.plan import DEFAULT_POLICY
from pulumi_d1.migrations.review.review import raise_on_errors, review_without_rehearsal

TRIGGER = "CREATE TRIGGER t AFTER INSERT ON u BEGIN SELECT 1; END;"
COMMENT = "SELECT 1 -- it's inside\n;"


@pytest.mark.parametrize(
    "pragma",
    [
        "PRAGMA foreign_keys = OFF",
        "pragma foreign_keys=0",
        "PRAGMA \"foreign_keys\" ('no')",
        "PRAGMA main.foreign_keys = false",
        "PRAGMA /* it is off */ foreign_keys = /* now */ off",
        "PRAGMA defer_foreign_keys = on",
        "PRAGMA legacy_alter_table(1)",
        "PRAGMA ignore_check_constraints = yes",
        "PRAGMA recursive_triggers = TRUE",
    ],
)
def test_a_pragma_that_matters_is_refused_with_the_line_that_makes_the_file_an_import(pragma: str) -> None:
    for cause, what in ((TRIGGER, "creates a trigger"), (COMMENT, "has a comment with a quote or a semicolon")):
        for text in (f"-- a\n{pragma};\n{cause}", f"SELECT 1;\n{pragma};\n{cause}"):
            (line,) = refused_imports([Migration("1.sql", text)], "sql")
            assert line.startswith("sql/1.sql:2: it is not known whether this PRAGMA works")
            assert f"the statement in line 3 {what}. Split the file" in line


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA foreign_keys = OFF;",
        f"PRAGMA foreign_keys = ON;\n{TRIGGER}",
        f"PRAGMA defer_foreign_keys = off;\n{TRIGGER}",
        f"PRAGMA foreign_keys;\n{TRIGGER}",
        f"PRAGMA table_info(u);\n{TRIGGER}",
        f"PRAGMA optimize;\nPRAGMA foreign_key_check;\n{TRIGGER}",
        f"SELECT 'PRAGMA foreign_keys = OFF';\n{TRIGGER}",
        f"-- PRAGMA foreign_keys = OFF\n{TRIGGER}",
        TRIGGER,
    ],
)
def test_other_files_are_not(sql: str) -> None:
    assert refused_imports([Migration("1.sql", sql)], "sql") == ()


def test_only_a_pending_file_stops_a_run() -> None:
    file = Migration("1.sql", f"PRAGMA foreign_keys = OFF;\n{TRIGGER}")
    raise_on_errors(review_without_rehearsal([file], ["1.sql"], {}, "a test"), "sql", DEFAULT_POLICY)
    with pytest.raises(PlanRefused, match=r"nothing was applied:\n  sql/1\.sql:1: it is not known"):
        raise_on_errors(review_without_rehearsal([file], [], {}, "a test"), "sql", DEFAULT_POLICY)


def test_an_unfinished_import_stops_every_run() -> None:
    review = review_without_rehearsal([], ["1.sql", unfinished("2.sql")], {}, "a test")
    with pytest.raises(PlanRefused, match=r"the import of sql/2\.sql has begun and not ended"):
        raise_on_errors(review, "sql", DEFAULT_POLICY)
