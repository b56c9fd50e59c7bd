"""Copies of databases that are not empty, that others write to, or that do not answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN, serving
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.database import D1Api
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.errors import ApiError, ConfigError, CopyFailed, OutcomeUnknown, PlanRefused, SqlRefused
from pulumi_d1.migrations import ledger
from pulumi_d1.sqlite.statements import split
from pulumi_d1.tables import reader
from tests.support.copying import Cloud, holdings
from tests.support.disturbed import disturbed
from tests.support.faults import arrange, arranged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path
    from typing import BinaryIO


PLAIN = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO users VALUES (1, 'a'), (2, 'b');
"""
SOURCE = f"""
    {ledger.create("d1_migrations")}
    {PLAIN}
    INSERT INTO d1_migrations (name, applied_at) VALUES ('0001_users.sql', '2026-01-02 03:04:05');
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Cloud]:
    """Serve an emulator of its own for a test with faults."""
    with serving(tmp_path / "emulator") as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        yield Cloud(Account(client, uuid4().hex, Retry(sleep=lambda _: None)))
        client.pool.clear()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "table", ["(id INTEGER PRIMARY KEY, a, b)", "(a, b)", "(a, b, PRIMARY KEY (a DESC, b)) WITHOUT ROWID"]
)
def test_large_tables_come_in_pages(cloud: Cloud, table: str) -> None:
    number = reader.REQUEST_CELLS // 3 + 17
    rows = f"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) SELECT i % 3, 'row ' || i FROM n"
    source = cloud.new(f"CREATE TABLE t {table}; INSERT INTO t (a, b) {rows};")
    target = cloud.new()
    assert cloud.copy(source, target).rows == number
    assert holdings(target) == holdings(source)


def test_a_page_has_a_limit_in_bytes(cloud: Cloud) -> None:
    source = cloud.new("CREATE TABLE t (a); INSERT INTO t VALUES " + ", ".join(["(randomblob(400000))"] * 12))
    target = cloud.new()
    control = source.client
    arrange(control, faults=[{"fault": "latency", "ms": 0, "endpoint": "query", "contains": "AS cells", "times": None}])
    assert cloud.copy(source, target).rows == 12
    assert arranged(control)[0]["seen"] == 3
    arrange(control)
    assert holdings(target) == holdings(source)


def test_full_text_searches_have_the_same_results(cloud: Cloud) -> None:
    source = cloud.new("""
        CREATE TABLE posts (id INTEGER PRIMARY KEY, body);
        INSERT INTO posts VALUES (1, 'alpha beta'), (2, 'beta'), (3, 'gamma');
        CREATE VIRTUAL TABLE whole USING fts5(body, content = 'posts', content_rowid = 'id');
        CREATE VIRTUAL TABLE part USING fts5(body, content = 'posts', content_rowid = 'id');
        CREATE VIRTUAL TABLE own USING fts5(body, tokenize = 'porter');
        INSERT INTO whole (whole) VALUES ('rebuild');
        INSERT INTO part (rowid, body) VALUES (2, 'beta');
        INSERT INTO own (rowid, body) VALUES (5, 'running');
    """)
    target = cloud.new()
    cloud.copy(source, target)
    assert [row["rowid"] for row in target.read("SELECT rowid FROM whole('beta') ORDER BY rowid")] == [1, 2]
    assert [row["rowid"] for row in target.read("SELECT rowid FROM part('beta') ORDER BY rowid")] == [2]
    assert [row["rowid"] for row in target.read("SELECT rowid FROM own('runs')")] == [5]


def test_a_contentless_index_is_empty_with_a_message(cloud: Cloud, messages: list[str]) -> None:
    source = cloud.new(
        "CREATE VIRTUAL TABLE f USING fts5(body, content = ''); INSERT INTO f (rowid, body) VALUES (1, 'a')"
    )
    target = cloud.new()
    cloud.copy(source, target)
    assert "the FTS5 table f does not store its content (content=''): its copy is empty" in messages
    assert target.read("SELECT rowid FROM f('a')") == ()


def test_a_table_that_hides_its_rowid_is_refused(cloud: Cloud) -> None:
    source, target = cloud.new("CREATE TABLE t (rowid, _rowid_, oid); INSERT INTO t VALUES (1, 2, 3)"), cloud.new()
    with pytest.raises(ConfigError, match="table t cannot be read in order: its columns hide rowid"):
        cloud.copy(source, target)
    assert holdings(target) == {"": []}


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("CREATE TABLE theirs (a)", "table theirs"),
        (SOURCE.replace("03:04:05", "03:04:06"), "table users"),
        (f"{ledger.create('d1_migrations')} INSERT INTO d1_migrations (name) VALUES ('x')", "ledger d1_migrations"),
    ],
)
def test_a_database_with_anything_in_it_is_refused(cloud: Cloud, script: str, what: str) -> None:
    source, target = cloud.new(SOURCE), cloud.new(script)
    before = holdings(target)
    with pytest.raises(PlanRefused, match=f"shop-db-pr-1 is not empty .it has the {what}"):
        cloud.copy(source, target)
    assert holdings(target) == before


def test_a_database_with_an_empty_ledger_counts_as_empty(cloud: Cloud) -> None:
    source, target = cloud.new(SOURCE), cloud.new(ledger.create("d1_migrations"))
    cloud.copy(source, target)
    assert holdings(target) == holdings(source)


def test_an_existing_copy_is_recognised(cloud: Cloud) -> None:
    source, target = cloud.new(SOURCE), cloud.new()
    first = cloud.copy(source, target)
    source.write("CREATE TABLE later (a); INSERT INTO d1_migrations (name) VALUES ('0002_later.sql')")
    again = cloud.copy(source, target)
    assert (again.tables, again.rows, again.bookmark) == (first.tables, first.rows, "")
    assert len(target.read("SELECT * FROM d1_migrations")) == 1


@dataclass(frozen=True, slots=True)
class Recorder(D1Api):
    """A target that keeps the statements of its import, and runs none.

    Attributes:
        refusal: The error of the import, if there is one.
    """

    statements: list[str] = field(default_factory=list)
    refusal: SqlRefused | None = None

    def import_file(self, file: BinaryIO, timeout: timedelta | None = None) -> None:  # noqa: ARG002 - unused here
        file.seek(0)
        self.statements.extend(statement.text for statement in split(file.read().decode()))
        if self.refusal:
            raise self.refusal


def recorder(cloud: Cloud, refusal: SqlRefused | None = None) -> Recorder:
    empty = cloud.new()
    return Recorder(empty.client, empty.account_id, empty.database_id, Retry(lambda _: None), refusal=refusal)


def script_of(cloud: Cloud, source: D1Api) -> list[str]:
    """Return the statements of a copy's import."""
    target = recorder(cloud)
    with pytest.raises(SqlRefused, match="no such table"):  # in the check after the import
        cloud.copy(source, target)
    return target.statements


def test_a_refused_import_is_reported(cloud: Cloud) -> None:
    with pytest.raises(CopyFailed, match="nothing was copied: D1 refused the copy of shop-db-dev: too many columns"):
        cloud.copy(cloud.new(SOURCE), recorder(cloud, SqlRefused("too many columns on users")))


def test_an_import_that_the_service_failed_to_run_is_sent_again(faulty: Cloud) -> None:
    source, target = faulty.new(SOURCE), faulty.new()
    arrange(source.client, faults=[{"fault": "import-error", "endpoint": "import", "when": "before"}])
    faulty.copy(source, target)
    assert holdings(target) == holdings(source)


def test_after_a_lost_response_the_ledger_shows_the_copy(faulty: Cloud) -> None:
    source, target = faulty.new(SOURCE), faulty.new()
    lost = {"fault": "drop", "when": "after", "endpoint": "import", "contains": "ingest"}
    arrange(source.client, faults=[lost])
    faulty.copy(source, target)
    assert holdings(target) == holdings(source)


def test_an_import_without_a_trace_is_sent_again_once(faulty: Cloud) -> None:
    source, target = faulty.new(SOURCE), faulty.new()
    lost = {"fault": "drop", "when": "before", "endpoint": "import", "contains": "ingest"}
    arrange(source.client, faults=[lost])
    faulty.copy(source, target)
    assert holdings(target) == holdings(source)


def test_an_import_that_is_lost_twice_is_reported(faulty: Cloud) -> None:
    source, target = faulty.new(SOURCE), faulty.new()
    lost = {"fault": "drop", "when": "before", "endpoint": "import", "contains": "ingest"}
    arrange(source.client, faults=[{**lost, "contains": "init", "times": 2}])
    with pytest.raises(OutcomeUnknown, match="does not show the copy of shop-db-dev yet"):
        faulty.copy(source, target)
    faulty.copy(source, target)
    assert holdings(target) == holdings(source)


@pytest.mark.parametrize("script", [SOURCE, PLAIN], ids=["ledger", "no ledger"])
def test_an_import_that_died_is_never_taken_for_a_copy(cloud: Cloud, script: str) -> None:
    source = cloud.new(script)
    statements = script_of(cloud, source)
    for length in range(len(statements)):
        target = cloud.new(*statements[:length])
        if holdings(target).keys() <= {"", "d1_migrations"}:
            cloud.copy(source, target)
            assert holdings(target) == holdings(source), length
        else:
            with pytest.raises(PlanRefused, match="the import of shop-db-dev into shop-db-pr-1 has begun and not"):
                cloud.copy(source, target)


def test_a_late_second_import_changes_nothing_in_a_copy_even_if_its_statements_run_one_by_one(cloud: Cloud) -> None:
    source, target = cloud.new(SOURCE), cloud.new()
    cloud.copy(source, target)
    target.write("INSERT INTO d1_migrations (name) VALUES ('0002_later.sql')")
    before, statements = holdings(target), script_of(cloud, source)
    with suppress(SqlRefused):
        for statement in statements:
            target.write(statement)
        pytest.fail("no statement was refused")
    assert holdings(target) == before


def test_a_source_that_stops_answering_leaves_nothing(faulty: Cloud) -> None:
    source, target = faulty.new(SOURCE), faulty.new()
    arrange(source.client, faults=[{"fault": "error", "endpoint": "query", "contains": "AS cells", "times": None}])
    with pytest.raises(ApiError):
        faulty.copy(source, target)
    assert holdings(target) == {"": []}


@pytest.mark.parametrize(("times", "message"), [(1, "reading it again"), (99, "rows of different moments")])
def test_a_source_that_changes_is_read_again(cloud: Cloud, times: int, message: str, messages: list[str]) -> None:
    source, target = cloud.new(SOURCE), cloud.new()
    cloud.copy(disturbed(source, ["INSERT INTO users (name) VALUES ('meanwhile')"] * times), target)
    assert message in messages[-1]
    if times == 1:
        assert holdings(target) == holdings(source)


def test_a_source_that_is_migrated_meanwhile_is_copied_as_it_is_afterwards(cloud: Cloud) -> None:
    migration = "ALTER TABLE users DROP COLUMN name; INSERT INTO d1_migrations (name) VALUES ('0002_drop.sql')"
    source, target = cloud.new(SOURCE), cloud.new()
    cloud.copy(disturbed(source, [migration]), target)
    assert holdings(target) == holdings(source)


def test_a_source_that_is_migrated_all_the_time_is_not_copied(cloud: Cloud) -> None:
    source, target = cloud.new(SOURCE), cloud.new()
    with pytest.raises(CopyFailed, match="shop-db-dev is being migrated"):
        cloud.copy(disturbed(source, [f"CREATE TABLE t{number} (a)" for number in range(99)]), target)
    assert holdings(target) == {"": []}
