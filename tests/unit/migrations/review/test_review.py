"""Files that cannot be rehearsed stop a run if `dangerousFiles` is an error."""

from __future__ import annotations

import pytest

from pulumi_d1.errors import PlanRefused
from pulumi_d1.migrations.folder import Migration
from pulumi_d1.migrations.live import LiveDatabase
from pulumi_d1.migrations.plan import Problem, Severity, make_plan
from pulumi_d1.migrations.rehearsal.rows.options import DEFAULT_REHEARSAL
from pulumi_d1.migrations.review.review import Review, raise_on_errors, review_current
from pulumi_d1.sqlite.schema import SchemaObject

TABLE = "d1_migrations"
BROKEN = SchemaObject("table", "t", "t", "CREATE TABLE t (a, a)")  # no SQLite creates it
FILES = [Migration("0001_a.sql", "CREATE TABLE a (id);"), Migration("0002_b.sql", "CREATE TABLE b (id);")]


def review(ledger: tuple[str, ...] = ()) -> Review:
    plan = make_plan(FILES, ledger, {})
    return review_current(FILES, LiveDatabase(ledger, (BROKEN,)), TABLE, plan, None, DEFAULT_REHEARSAL)


def test_prod_stops_and_the_message_has_the_reason() -> None:
    with pytest.raises(PlanRefused) as refused:
        raise_on_errors(review(), "migrations", {Problem.DANGEROUS: Severity.ERROR})
    text = str(refused.value)
    assert "migrations/0001_a.sql and the pending files after it could not be rehearsed: the table t cannot be" in text
    assert "duplicate column name" in text
    with pytest.raises(PlanRefused, match=r"migrations/0002_b\.sql could not be rehearsed: "):
        raise_on_errors(review(("0001_a.sql",)), "migrations", {Problem.DANGEROUS: Severity.ERROR})


def test_elsewhere_it_is_a_warning() -> None:
    policy = {Problem.DANGEROUS: Severity.WARNING}
    raise_on_errors(review(), "migrations", policy)
    (warning,), _ = review().warnings(policy)
    assert "could not be rehearsed" in warning.message


def test_without_pending_files_it_does_not_matter() -> None:
    raise_on_errors(review(("0001_a.sql", "0002_b.sql")), "migrations", {Problem.DANGEROUS: Severity.ERROR})


@pytest.mark.parametrize(
    ("sql", "may_lose"),
    [
        ("ALTER TABLE t ADD b;", False),
        ("DROP TABLE t;", True),
        ("DROP TABLE t; -- d1:allow D102 moved to KV", True),
    ],
)
def test_rows_may_be_lost_if_a_file_may_lose_them_allowed_or_not(sql: str, may_lose: bool) -> None:  # noqa: FBT001
    file = Migration("0001_a.sql", sql)
    live = LiveDatabase((), (SchemaObject("table", "t", "t", "CREATE TABLE t (a)"),))
    plan = make_plan([file], (), {})
    assert review_current([file], live, TABLE, plan, None, DEFAULT_REHEARSAL).may_lose_rows is may_lose


def test_rows_may_be_lost_if_it_is_unknown() -> None:
    assert review().may_lose_rows
    assert not review(("0001_a.sql", "0002_b.sql")).may_lose_rows
