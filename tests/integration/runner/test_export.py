"""A database's export before it is deleted: whole, private, and not there at all when it failed."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pulumi_d1.errors import ApiError, ConfigError, NotConfirmed, NotFound
from pulumi_d1.protection import guard
from pulumi_d1.protection.decision import DeletionRules, PendingDeletion
from pulumi_d1.protection.export import save
from tests.support.runner import TARGET, arrange

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

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
    return sorted(folder.glob("*.sql"))


def without_retries(messages: list[str]) -> list[str]:
    return [message for message in messages if "retrying in" not in message]


def test_an_export_is_private_and_loads_again(database: D1Api, tmp_path: Path) -> None:
    database.write(ROWS)
    folder = tmp_path / "a" / "exports"
    export = save(database, folder, "shop-db-dev")
    assert exports(folder) == [export.path]
    assert stat.S_IMODE(export.path.stat().st_mode) == 0o600
    assert (export.size, export.sha256) == (
        export.path.stat().st_size,
        hashlib.sha256(export.path.read_bytes()).hexdigest(),
    )
    assert (folder / ".gitignore").read_text() == "*\n"

    before = database.read("SELECT * FROM users ORDER BY id")
    database.write("DROP TABLE users")
    database.import_script(export.path.read_text())
    assert database.read("SELECT * FROM users ORDER BY id") == before


def test_a_failed_export_leaves_no_file(database: D1Api, tmp_path: Path) -> None:
    database.write("CREATE VIRTUAL TABLE docs USING fts5(body)")
    with pytest.raises(ApiError):
        save(database, tmp_path / "exports", "shop-db-dev")
    assert [file.name for file in (tmp_path / "exports").iterdir()] == [".gitignore"]


@pytest.mark.parametrize("text", ["", "CREATE TABLE t (id);\nINSERT INTO t VALUES (1", "\n"])
def test_an_export_that_ends_within_a_statement_is_none(tmp_path: Path, text: str) -> None:
    class Cut:
        def export(self, file: BinaryIO) -> None:
            file.write(text.encode())

    with pytest.raises(ApiError, match=r"incomplete|empty"):
        save(Cut(), tmp_path / "exports", "shop-db-dev")
    assert exports(tmp_path / "exports") == []


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
    assert f"wrangler d1 execute NAME --remote --file={file}" in text


def test_an_export_that_fails_stops_the_deletion_and_the_next_try_exports(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    arrange(database, faults=[{"fault": "error", "endpoint": "export", "times": None}])
    with pytest.raises(ApiError, match=f"nothing was deleted: {TARGET.name} cannot be exported first: "):
        guard.before_deletion(pending(database, tmp_path), lambda: database)
    arrange(database, faults=[])

    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(ConfigError, match=r"nothing was deleted: .*file"):
        guard.before_deletion(pending(database, in_the_way / "exports"), lambda: database)
    assert (exports(tmp_path), without_retries(messages)) == ([], [])

    guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert len(exports(tmp_path)) == 1


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


def test_a_database_that_cloudflare_does_not_export_is_read(
    database: D1Api, tmp_path: Path, messages: list[str]
) -> None:
    database.write(ROWS)
    database.write("CREATE VIRTUAL TABLE docs USING fts5(body); INSERT INTO docs VALUES ('an owl')")
    guard.before_deletion(pending(database, tmp_path), lambda: database)
    assert "table by table: Cloudflare exports no database with virtual tables" in messages[0]
    (file,) = exports(tmp_path)
    database.write("DROP TABLE docs; DROP TABLE users")
    database.import_script(file.read_text())
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
    assert "INSERT INTO" in exports(tmp_path)[0].read_text()


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
