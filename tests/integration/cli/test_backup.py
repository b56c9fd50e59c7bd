"""d1 backup: make, list, verify, restore and prune backups in a folder."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.backups.artifact import HEADER_BYTES, open_backup
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.manifest import TITLE
from pulumi_d1.backups.names import new_name
from pulumi_d1.backups.verify import stored_manifest
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.errors import BackupDamaged
from pulumi_d1.migrations.live import UNFINISHED_TABLE
from tests.support.cli_state import give_state
from tests.support.copying import holdings

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import ReviewedDatabase

SHOP = """
    CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
    CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors (id) ON DELETE CASCADE, price REAL);
    CREATE VIRTUAL TABLE notes USING fts5(body);
    INSERT INTO authors VALUES (1, 'Ada'), (2, 'it''s'), (9, 'gone'); DELETE FROM authors WHERE id = 9;
    INSERT INTO books VALUES (1, 1, 0.1), (2, 2, 1e300), (3, NULL, NULL);
    INSERT INTO notes VALUES ('an owl');
"""


@pytest.fixture
def shop(prod: ReviewedDatabase, monkeypatch: pytest.MonkeyPatch) -> ReviewedDatabase:
    """Return the database of prod with rows, in a project whose state has it."""
    prod.migrate(SHOP)
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)
    return prod


def run(shop: ReviewedDatabase, *arguments: str) -> str:
    """Run a command that succeeds, and return its output."""
    result = shop.d1("backup", *arguments, "--stack", "prod")
    assert result.exit_code == 0, result.output
    return result.output


def files(folder: Path) -> list[Path]:
    return sorted((folder / "backups").glob("*.sql.gz"))


def test_a_backup_is_one_private_file_that_explains_itself(shop: ReviewedDatabase) -> None:
    output = run(shop, "create", "--verify")
    assert re.search(r"your-app-db-prod: 4 tables with 7 rows, .* MB: about \d+ requests, and D1 counts", output)
    assert "contents    4 tables, 7 rows" in output
    assert "migrations  1, the last is 0001_live.sql" in output
    assert "verified    it loads into a local D1" in output
    (file,) = files(shop.folder)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (file.parent / ".gitignore").read_text() == "*\n"
    text = gzip.decompress(file.read_bytes()).decode()
    assert text.startswith("-- A backup of a Cloudflare D1 database")
    assert "CREATE TABLE books" in text


def test_a_list_shows_each_backup_of_the_database(shop: ReviewedDatabase) -> None:
    assert run(shop, "list") == f"{shop.folder}/backups has no backup of your-app-db-prod\n"
    run(shop, "create")
    shop.database.write("INSERT INTO books VALUES (4, 1, 2)")
    run(shop, "create", "--json")
    listed = json.loads(run(shop, "list", "--json"))
    assert [item["contents"]["tables"]["books"]["rows"] for item in listed] == [3, 4]
    assert all(item["is_consistent"] and not item["is_masked"] for item in listed)
    assert "4 tables, 8 rows" in run(shop, "list")


def test_a_backup_is_restored_into_a_new_database(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    before = holdings(shop.database)
    shop.database.write("DELETE FROM books")
    output = run(shop, "restore", "latest", "--into", "rescued")
    account = Account(shop.database.client, shop.database.account_id)
    assert holdings(account.find("rescued")) == before
    assert "restored into rescued" in output
    assert "has the contents of the backup" in run(shop, "restore", "latest", "--into", "rescued")


def test_a_database_with_other_contents_is_not_restored_into(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    account = Account(shop.database.client, shop.database.account_id)
    theirs = account.create("theirs")
    theirs.write("CREATE TABLE t (a)")
    result = shop.d1("backup", "restore", "latest", "--into", "theirs", "--stack", "prod")
    assert result.exit_code == 1
    assert "there is a database theirs" in result.output
    assert list(holdings(theirs)) == ["", "t"]


def test_a_backup_replaces_the_contents_of_the_stacks_own_database(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    before = holdings(shop.database)
    shop.database.write("DROP TABLE notes; DROP TABLE authors; CREATE TABLE later (a); INSERT INTO later VALUES (1)")
    later = holdings(shop.database)
    refused = shop.d1("backup", "restore", "latest", "--stack", "prod", "--in-place")
    assert (refused.exit_code, holdings(shop.database)) == (1, later)
    output = run(shop, "restore", "latest", "--in-place", "--yes")
    assert holdings(shop.database) == before
    bookmark = re.findall(r"--bookmark (\S+)", output)[-1]
    shop.database.restore(bookmark)
    assert holdings(shop.database) == later


def test_a_damaged_backup_is_found_and_never_restored(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    (file,) = files(shop.folder)
    whole = file.read_bytes()
    assert "loads, and has 4 tables, 7 rows as described" in run(shop, "verify")
    before = holdings(shop.database)
    for damaged in (b"", whole[:100], whole[:-40], whole[:-1], whole[:-60] + b"x" + whole[-59:], b"no backup" * 99):
        file.write_bytes(damaged)
        for command in (("verify", "--all"), ("restore", "latest", "--in-place", "--yes")):
            result = shop.d1("backup", *command, "--stack", "prod")
            assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
            assert f"Error: {file.name} " in result.output
        assert holdings(shop.database) == before


def test_a_backup_with_other_rows_than_described_is_damaged(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    (file,) = files(shop.folder)
    text = gzip.decompress(file.read_bytes())
    start = text.index(b"PRAGMA foreign_keys")
    file.write_bytes(gzip.compress(text[:start]) + gzip.compress(text[start:].replace(b"'Ada'", b"'Bob'")))
    result = shop.d1("backup", "verify", "--stack", "prod")
    assert result.exit_code == 1
    assert "is damaged: its script is not the one that was written" in result.output


@pytest.mark.parametrize(
    "description", ["[" * 100_000, '{"format": 1}', '{"format": 99}', "[1]", '{"contents": {"tables": {"t": {}}}}']
)
def test_a_description_that_is_none_is_damage(shop: ReviewedDatabase, description: str) -> None:
    run(shop, "create")
    (file,) = files(shop.folder)
    text = f"{TITLE.decode()}\n-- d1-backup {description}\n"
    file.write_bytes(gzip.compress(text.encode()) + gzip.compress(b"SELECT 1;"))
    for command in ("list", "verify"):
        result = shop.d1("backup", command, "--stack", "prod")
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert "damaged" in result.output or "newer version of d1" in result.output or "no backup" in result.output


@pytest.mark.parametrize(
    ("change", "message"),
    [({"rows": "many"}, "its description cannot be read"), ({}, "its script is not UTF-8 text")],
)
def test_a_backup_that_someone_wrote_by_hand_is_damaged(
    shop: ReviewedDatabase, change: dict[str, str], message: str
) -> None:
    run(shop, "create")
    (file,) = files(shop.folder)
    place, script = Folder(file.parent), b"SELECT '\xff';\n"
    manifest = stored_manifest(place, file.name)
    values = manifest.as_json() | {"script_bytes": len(script), "script_sha256": sha256(script).hexdigest()}
    values["contents"]["tables"]["books"] |= change
    header = f"{TITLE.decode()}\n-- d1-backup {json.dumps(values)}\n"
    file.write_bytes(gzip.compress(header.encode()) + gzip.compress(script))
    result = shop.d1("backup", "verify", "--stack", "prod")
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert message in result.output


def test_the_dump_of_another_tool_is_refused_after_its_first_bytes() -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            assert piece, "the whole file was read"
            return piece

    with pytest.raises(BackupDamaged, match="it has no description"):
        open_backup(Endless(gzip.compress(os.urandom(4 * HEADER_BYTES))))


def test_pruning_keeps_the_newest_of_each_period(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    (file,) = files(shop.folder)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(120):
        (file.parent / new_name("your-app-db-prod", start + timedelta(days=day), ())).write_bytes(file.read_bytes())
    (file.parent / new_name("other-db", start, ())).write_bytes(file.read_bytes())
    assert "would delete 110 backups of your-app-db-prod, kept 11" in run(shop, "prune", "--dry-run")
    run(shop, "prune", "--yes")
    left = [item.name for item in files(shop.folder)]
    assert len(left) == 12
    assert file.name in left
    assert "other-db-20260101T000000Z.sql.gz" in left


def interrupt(database: D1Api) -> None:
    """Leave a database as a dead import of a restore does."""
    database.write(
        f"CREATE TABLE {UNFINISHED_TABLE} (bookmark TEXT);"
        f"INSERT INTO {UNFINISHED_TABLE} VALUES ('{database.bookmark()}'); DROP TABLE t"
    )


def test_an_unfinished_database_with_other_contents_is_restored_and_kept(shop: ReviewedDatabase) -> None:
    run(shop, "create")
    theirs = Account(shop.database.client, shop.database.account_id).create("theirs")
    theirs.write("CREATE TABLE t (a)")
    interrupt(theirs)
    result = shop.d1("backup", "restore", "latest", "--into", "theirs", "--stack", "prod")
    assert result.exit_code == 1
    assert "nothing was loaded: there is a database theirs" in result.output
    assert list(holdings(theirs)) == ["", "t"]


def test_the_command_that_continues_names_the_same_backup_and_place(shop: ReviewedDatabase) -> None:
    run(shop, "create", "--at", "my backups")
    (file,) = (shop.folder / "my backups").glob("*.sql.gz")
    theirs = Account(shop.database.client, shop.database.account_id).create("theirs")
    theirs.write(f"CREATE TABLE {UNFINISHED_TABLE} (bookmark TEXT)")
    for chosen, named in (("latest", file.name), (str(file), f"'{file}'")):
        result = shop.d1("backup", "restore", chosen, "--into", "theirs", "--stack", "prod", "--at", "my backups")
        again = f"run 'd1 backup restore {named} --stack prod --at 'my backups' --into theirs' again"
        assert again in " ".join(result.output.split())


def test_an_unfinished_database_is_neither_backed_up_nor_migrated(shop: ReviewedDatabase) -> None:
    shop.database.write(f"CREATE TABLE {UNFINISHED_TABLE} (bookmark TEXT)")
    for command in (("backup", "create"), ("plan",)):
        result = shop.d1(*command, "--stack", "prod")
        assert result.exit_code != 0
        assert f"the database is unfinished: it has the table {UNFINISHED_TABLE}" in " ".join(result.output.split())
    assert not files(shop.folder)
