"""`d1 plan` shows the batched form of a large statement, and refuses batches that would never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli_project import ReviewedDatabase

LIVE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, n INTEGER NOT NULL DEFAULT 0);
INSERT INTO users (id, email)
  WITH r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 50001) SELECT i, 'A' || i FROM r;
"""
UPDATE = "UPDATE users SET email = lower(email) WHERE email <> lower(email);"
NAME = "0002_emails.sql"


def test_a_large_statement_is_shown_in_batches(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    prod.write(NAME, UPDATE)
    report = prod.plan()
    [warning] = [item for item in report["warnings"] if item["code"] == "D307"]
    assert warning["message"] == "the UPDATE changes many of at least 50,001 rows of users in one request"
    assert f"'-- d1:batch 1000' and '{UPDATE}'" in warning["instead"]
    assert "sample" in report["basis"], "nothing but the sample and one count was read"
    prod.write(NAME, f"-- d1:batch 1000\n{UPDATE}\n")
    report = prod.plan()
    assert (report["warnings"], report["errors"]) == ([], [])


def test_batches_that_would_never_end_are_refused(prod: ReviewedDatabase) -> None:
    prod.migrate(LIVE)
    prod.write(NAME, "-- d1:batch 1000\nUPDATE users SET n = n + 1 WHERE id > 0;\n")
    done = prod.d1("plan", "--stack", "prod")
    assert done.exit_code == 1
    assert f"migrations/{NAME}:1:1: D306 rows match the WHERE again after they were changed" in done.stdout
    prod.write(NAME, "-- d1:batch many\nDELETE FROM users;\n")
    assert "D306 the comment is not '-- d1:batch ROWS'" in prod.d1("plan", "--stack", "prod").stdout
