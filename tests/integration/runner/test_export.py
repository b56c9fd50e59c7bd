"""A database's export before it is deleted: whole, private, and not there at all when it failed."""

from __future__ import annotations

import gzip
import hashlib
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pulumi_d1.cloudflare.account import Account
from pulumi_d1.copying import script
from pulumi_d1.errors import ApiError, NotConfirmed, NotFound
from pulumi_d1.protection import guard
from pulumi_d1.protection.decision import DeletionRules, PendingDeletion
from tests.support.copying import holdings
from tests.support.runner import TARGET, arrange

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

ROWS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users VALUES (1, 'Ada'), (2, 'it''s');
"""


def pending(database: D1Api, folder: Path, **changes: Any) -> PendingDeletion:
    """Return the database with rules as the state has them."""
    rules = DeletionRules(
        stack="dev", protect=False, confirmed="", key="confirmDeletion", exports_dir=str(folder), export=True
    )
    return PendingDeletion(database.database_id, TARGET.name, TARGET.table, replace(rules, **changes))


def exports(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql.gz"))


def without_retries(messages: list[str]) -> list[str]:
    return [message for message in messages if "retrying in" not in message]


def load(database: D1Api, file: Path) -> None:
    """Load an export into a database without tables of the user."""
    with gzip.open(file) as script:
        database.import_script(script.read().decode())


def test_an_export_is_private_and_loads_again(database: D1Api, tmp_path: Path) -> None:
    database.write(ROWS)
    folder = tmp_path / "a" / "exports"
    guard.before_deletion(pending(database, folder), lambda: database)
    (file,) = exports(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (folder / ".gitignore").read_text() == "*\n"

    before = database.read("SELECT * FROM users ORDER BY id")
    database.write("DROP TABLE users")
    load(database, file)
    assert database.read("SELECT * FROM users ORDER BY id") == before


def test_case_30_the_export_has_long_rows_and_tables_that_point_at_each_other(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write("""
        CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b (id), body TEXT);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a (id));
        INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1, hex(zeroblob(150000))); UPDATE b SET a = 1;
    """)
    before = holdings(database)
    guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert "loaded the export into a local D1: it is the same" in messages[-1]
    database.write("PRAGMA defer_foreign_keys = ON; DROP TABLE a; DROP TABLE b")
    load(database, exports(tmp_path)[0])
    assert holdings(database) == before


def test_a_second_deletion_after_further_writes_makes_a_second_export(database: D1Api, tmp_path: Path) -> None:
    database.write(ROWS)
    for number in (1, 2):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
        assert len(exports(tmp_path)) == number
        guard._exported.clear()  # noqa: SLF001 - as another run
        database.write("INSERT INTO users (name) VALUES ('late')")


def test_an_export_that_does_not_load_is_no_reason_to_delete(
    database: D1Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(ROWS)
    monkeypatch.setattr(script, "insert_statements", lambda *_: iter(("INSERT INTO nowhere VALUES (1);",)))
    with pytest.raises(ApiError, match=r"nothing was deleted: .* does not load: statement \d+: no such table: nowhere"):
        guard.before_deletion(pending(database, tmp_path), lambda: database)


def test_a_run_exports_a_database_once_however_many_resources_go_with_it(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    for _ in range(2):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
    (text,) = messages
    (file,) = exports(tmp_path)
    assert f"file      {file} ({file.stat().st_size} bytes)" in text
    assert f"sha256    {hashlib.sha256(file.read_bytes()).hexdigest()}" in text
    assert "bookmark  0000000" in text
    assert f"d1 backup restore {file} --into NAME" in text


def test_an_export_that_fails_stops_the_deletion_and_the_next_try_exports(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    arrange(database, faults=[{"fault": "error", "endpoint": "query", "contains": "AS cells", "times": None}])
    with pytest.raises(ApiError, match=f"nothing was deleted: {TARGET.name} cannot be exported first: "):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
    arrange(database, faults=[])

    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(
        ApiError, match=r"^nothing was deleted: .*: \S+/file\S*: (Not a directory|File exists)\. Run it"
    ):
        guard.before_deletion(pending(database, in_the_way / "exports"), lambda: database)
    assert (exports(tmp_path), without_retries(messages)) == ([], [])

    guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert len(exports(tmp_path)) == 1


def test_a_deletion_that_cloudflare_refuses_is_named_and_one_that_is_done_needs_no_other(
    database: D1Api, tmp_path: Path
) -> None:
    database.write(ROWS)
    account = Account(database.client, database.account_id, database.retry)
    arrange(database, faults=[{"fault": "other-account", "endpoint": "delete"}])
    with pytest.raises(
        ApiError, match=rf"{database.database_id}\) was not deleted: .*; the next attempt exports it again"
    ):
        guard.delete_database(pending(database, tmp_path), account)
    guard._exported.clear()  # noqa: SLF001 - as another run
    guard.delete_database(pending(database, tmp_path), account)
    assert len(exports(tmp_path)) == 2
    guard._exported.clear()  # noqa: SLF001 - as another run
    guard.delete_database(pending(database, tmp_path), account)
    assert len(exports(tmp_path)) == 2


def test_what_holds_nothing_or_need_not_be_kept_goes_without_an_export(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert exports(tmp_path) == []
    guard._exported.clear()  # noqa: SLF001 - as another run
    database.write(ROWS)
    guard.before_deletion(pending(database, tmp_path, export=False), lambda: database)
    assert exports(tmp_path) == []
    assert messages == []


def test_a_database_that_cloudflare_does_not_export_is_read(database: D1Api, tmp_path: Path) -> None:
    database.write(ROWS)
    database.write("CREATE VIRTUAL TABLE docs USING fts5(body); INSERT INTO docs VALUES ('an owl')")
    guard.before_deletion(pending(database, tmp_path), lambda: database)
    (file,) = exports(tmp_path)
    database.write("DROP TABLE docs; DROP TABLE users")
    load(database, file)
    assert database.read("SELECT body FROM docs WHERE docs MATCH 'owl'") == ({"body": "an owl"},)
    assert [row["name"] for row in database.read("SELECT name FROM users ORDER BY id")] == ["Ada", "it's"]


def test_what_nobody_can_read_goes_only_when_confirmed(database: D1Api, tmp_path: Path, messages: list[str]) -> None:
    database.write(ROWS)
    database.write("CREATE VIRTUAL TABLE docs USING fts5(body, content='')")
    with pytest.raises(NotConfirmed, match="no client can read the virtual tables docs"):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert (exports(tmp_path), messages) == ([], [])
    confirmed = pending(database, tmp_path, confirmed=database.database_id)
    guard.before_deletion(confirmed, lambda: database)
    assert "the contents of docs are lost, as confirmed" in messages[0]
    assert b"INSERT INTO" in gzip.decompress(exports(tmp_path)[0].read_bytes())


def test_a_database_that_cannot_be_asked_stays_and_one_that_is_gone_is_named(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    arrange(database, faults=[{"fault": "error", "endpoint": "query", "times": None}])
    with pytest.raises(NotConfirmed, match=r"nothing was deleted: .* cannot be inspected first"):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
    with pytest.raises(NotConfirmed, match="nothing was done: "):
        guard.refuse_replacement(pending(database, tmp_path), lambda: database)
    confirmed = pending(database, tmp_path, confirmed=database.database_id)
    with pytest.raises(ApiError, match=r"nothing was deleted: .* cannot be exported first"):
        guard.before_deletion(confirmed, lambda: database)
    arrange(database, faults=[])

    gone = type(database)(database.client, database.account_id, str(uuid4()), database.retry)
    with pytest.raises(NotFound, match=r"nothing was deleted: there is no database .*'pulumi refresh --stack"):
        guard.before_deletion(pending(gone, tmp_path, protect=True), lambda: gone)
    guard.refuse_replacement(pending(gone, tmp_path, protect=True), lambda: gone)
    assert without_retries(messages) == []


def test_a_database_that_cannot_be_read_goes_if_confirmed_and_without_an_export(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    arrange(database, faults=[{"fault": "error", "endpoint": "query", "times": None}])
    confirmed = pending(database, tmp_path, confirmed=database.database_id, export=False)
    guard.before_deletion(confirmed, lambda: database)
    [line] = without_retries(messages)
    assert line.startswith(f"{TARGET.name} is deleted without inspection, as confirmed: internal error")
