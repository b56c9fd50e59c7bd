"""A backup of every kind of value and schema loads on the real D1 engine, with its description."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
from itertools import zip_longest
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import pytest

from bench.rows import fill
from d1_emulator.server import DEFAULT_TOKEN
from pulumi_d1.backups.create import BackupSource, create_backup
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.verify import verify_backup
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.copying.local import loaded
from tests.support.copying import holdings
from tests.support.copying_cases import CASES
from tests.support.real_database import RealDatabase

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.workerd import Service
    from tests.support.wrangler import Wrangler

ORPHANS = """
    CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p (id));
    INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2);
    PRAGMA defer_foreign_keys = ON; DELETE FROM p WHERE id = 1; PRAGMA defer_foreign_keys = OFF;
"""
LAST_EXPORT = """
    CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b (id), body TEXT);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a (id));
    INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1, hex(zeroblob(150000))); UPDATE b SET a = 1;
"""


def back_up(database: RealDatabase, folder: Path) -> Path:
    """Make a backup, verify it, and return its file."""
    place = Folder(folder)
    stored = create_backup(BackupSource(cast("D1Api", database), "shop", "d1_migrations"), place)
    verify_backup(place, stored.name)
    return folder / stored.name


def load(wrangler: Wrangler, backup: Path) -> None:
    """Unpack a backup, and load it into wrangler's local database."""
    with gzip.open(backup) as packed, (wrangler.folder / "backup.sql").open("wb") as file:
        shutil.copyfileobj(packed, file)
    bound = {"binding": "DB", "database_name": "shop", "database_id": "shop"}
    configuration = {"name": "shop", "compatibility_date": "2026-01-01", "d1_databases": [bound]}
    wrangler.write("wrangler.json", json.dumps(configuration))
    wrangler.d1("execute", "DB", "--local", "--file", "backup.sql", "--yes")


@pytest.mark.parametrize("script", [*CASES.values(), ORPHANS, LAST_EXPORT], ids=[*CASES, "orphans", "last export"])
def test_a_backup_loads_on_the_real_engine_and_has_the_same_digests(
    real_engine: Service, tmp_path: Path, script: str
) -> None:
    source, target = RealDatabase(real_engine.new()), RealDatabase(real_engine.new())
    source.write(script)
    file = back_up(source, tmp_path)
    text = gzip.decompress(file.read_bytes())
    target.import_file(io.BytesIO(text))
    assert holdings(target) == holdings(source)
    with loaded(text.decode().splitlines(keepends=True)) as database:
        assert read_contents(database).differences(read_contents(target)) == ()


def test_wrangler_loads_an_unpacked_backup(real_engine: Service, tmp_path: Path, wrangler: Wrangler) -> None:
    source = RealDatabase(real_engine.new())
    source.write(LAST_EXPORT + ORPHANS + CASES["full text"].replace("TABLE words", "TABLE words_of"))
    file = back_up(source, tmp_path / "backups")
    load(wrangler, file)
    [result] = wrangler.json("execute", "DB", "--local", "--command", "SELECT length(body) AS size, b FROM a")
    assert result["results"] == [{"size": 300_000, "b": 1}]
    [result] = wrangler.json("execute", "DB", "--local", "--command", "SELECT id FROM c WHERE p NOT IN p")
    assert result["results"] == [{"id": 1}]


@pytest.mark.thorough
def test_the_dump_of_a_loaded_backup_is_that_of_its_database(base_url: str, tmp_path: Path, wrangler: Wrangler) -> None:
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    database = Account(client, uuid4().hex).create("shop")
    fill(database, int(os.environ.get("BACKUP_MB", "10")))
    place = Folder(tmp_path / "backups")
    stored = create_backup(BackupSource(database, "shop", "d1_migrations"), place)
    with (tmp_path / "cloudflare.sql").open("wb") as file:
        database.export(file)
    load(wrangler, place.path / stored.name)
    wrangler.d1("export", "DB", "--local", "--output", "workerd.sql")
    with (tmp_path / "cloudflare.sql").open() as expected, (wrangler.folder / "workerd.sql").open() as actual:
        # Only Cloudflare's last line ends in a line break. No file is read as a whole: BACKUP_MB may be large.
        assert all(left.rstrip() == right.rstrip() for left, right in zip_longest(expected, actual, fillvalue=""))
    client.pool.clear()
