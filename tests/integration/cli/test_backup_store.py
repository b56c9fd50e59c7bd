"""d1 backup in an object store: a real S3 server."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.backups.object_store import open_store
from pulumi_d1.backups.place import place_of
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.errors import BackupFailed, ConfigError
from tests.support.cli_state import give_state
from tests.support.copying import holdings
from tests.support.s3_server import BUCKET, S3Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli_project import ReviewedDatabase

URL = f"s3://{BUCKET}/shop"
PART = 1 << 20


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    with serving(tmp_path_factory.mktemp("s3")) as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def run(prod: ReviewedDatabase, *arguments: str, code: int = 0) -> str:
    result = prod.d1("backup", *arguments, "--stack", "prod")
    assert (result.exit_code, type(result.exception)) == (code, SystemExit if code else type(None)), result.output
    return result.output


def test_backups_in_a_bucket_do_what_backups_in_a_folder_do(
    prod: ReviewedDatabase, store: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    prod.migrate("CREATE TABLE notes (id INTEGER PRIMARY KEY, body BLOB); INSERT INTO notes VALUES (1, X'00ff');")
    prod.configure(backups=URL)
    give_state(prod, ["0001_live.sql"], "ada@example.com", monkeypatch)
    before = holdings(prod.database)
    output = run(prod, "create", "--verify")
    output += run(prod, "list")
    (listed,) = json.loads(run(prod, "list", "--json"))
    assert listed["contents"]["tables"]["notes"]["rows"] == 1
    output += run(prod, "verify", listed["name"])
    output += run(prod, "restore", "latest", "--into", "rescued")
    assert holdings(Account(prod.database.client, prod.database.account_id).find("rescued")) == before
    prod.database.write("DELETE FROM notes")
    output += run(prod, "restore", "latest", "--in-place", "--yes")
    assert holdings(prod.database) == before
    run(prod, "create")
    output += run(prod, "prune", "--weekly", "0", "--monthly", "0", "--daily", "0", "--yes")
    assert len(json.loads(run(prod, "list", "--json"))) == 1
    assert f"in {URL}" in output
    assert store.secret not in output


def test_an_upload_in_parts_is_visible_only_when_it_is_complete(store: S3Server) -> None:
    place = open_store(URL)
    seen: list[Path] = []

    def pieces(end: int) -> Iterator[bytes]:
        for number in range(20):
            if number == end:
                raise OSError(28, "No space left on device")
            seen.extend(store.folder.glob("shop/*"))  # obstore lists nothing while it uploads
            yield bytes([number]) * PART

    with pytest.raises(OSError, match="No space left"):
        place.save("shop-20260101T000000Z.sql.gz", pieces(18))
    assert place.sizes() == {}
    place.save("shop-20260101T000000Z.sql.gz", pieces(99))
    assert place.sizes() == {"shop-20260101T000000Z.sql.gz": 20 * PART}
    assert seen == []
    with place.open("shop-20260101T000000Z.sql.gz") as file:
        assert file.read() == b"".join(bytes([number]) * PART for number in range(20))


def test_errors_of_a_store_are_one_line_without_secrets(
    prod: ReviewedDatabase, store: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = run(prod, "list", "--at", "s3://nowhere", code=1)
    assert missing == "Error: s3://nowhere: cannot list backups: the store answered 404 Not Found (NoSuchBucket)\n"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-wrong-secret")
    denied = run(prod, "list", "--at", URL, code=1)
    assert "the store answered 403 Forbidden (SignatureDoesNotMatch): check the credentials" in denied
    assert "a-wrong-secret" not in denied
    store.process.kill()
    store.process.wait()
    unreachable = run(prod, "list", "--at", URL, code=1)
    assert unreachable.startswith(f"Error: {URL}: cannot list backups: ")
    assert unreachable.count("\n") == 1


def test_a_server_that_dies_during_an_upload_leaves_nothing(store: S3Server) -> None:
    place = open_store(URL)

    def pieces() -> Iterator[bytes]:
        for number in range(40):
            if number == 20:
                store.process.kill()
                store.process.wait()
            yield b"x" * PART

    with pytest.raises(BackupFailed, match="cannot write shop-1"):
        place.save("shop-1.sql.gz", pieces())
    assert not list(store.folder.glob("shop/*"))


def test_a_place_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ftp://x: backups are stored in a folder, or at a URL that begins with s3"):
        place_of("ftp://x", tmp_path)
    with pytest.raises(ConfigError, match="is no object store"):
        place_of("az://x/y", tmp_path)


@pytest.mark.parametrize("url", ["s3://key:secret@x/y", "az://x?sig=secret", "ftp://me:secret@x", "s3://x/y#secret"])
def test_a_place_with_credentials_is_refused_and_not_printed(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="put credentials into the environment") as refused:
        place_of(url, tmp_path)
    assert "secret" not in str(refused.value)


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigError, match=r"need the package obstore: pip install 'pulumi-d1\[backup\]'"):
        place_of("s3://x", tmp_path)
