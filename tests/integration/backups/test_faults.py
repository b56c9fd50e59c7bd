"""Random faults while backups are made and restored: lost answers, kills, a full disk, an object store that ends.

Afterwards every listed backup verifies, every target is the old one or the new one, and the same command completes.
BACKUP_FAULTS is the number of faults. To run one again: `BACKUP_FIRST=17 BACKUP_FAULTS=1`.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bench.backup_step import NAME
from d1_emulator.server import DEFAULT_TOKEN, environment, serving
from pulumi_d1.backups.create import BackupSource, create_backup
from pulumi_d1.backups.folder import Folder
from pulumi_d1.backups.object_store import open_store
from pulumi_d1.backups.place import LATEST, find_backup
from pulumi_d1.backups.restore import script_of
from pulumi_d1.backups.verify import opened, verify_backup
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from pulumi_d1.cloudflare.retry import Retry
from pulumi_d1.copying.contents import read_contents
from pulumi_d1.copying.replace import Replacement
from pulumi_d1.errors import D1Error, NotFound
from tests.support import s3_server
from tests.support.faults import arrange
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.copying.contents import Contents

FIRST = int(os.environ.get("BACKUP_FIRST", "0"))
NUMBERS = range(FIRST, FIRST + int(os.environ.get("BACKUP_FAULTS", "5")))
QUICK = Retry(lambda _: None)
SETTLED_SECONDS = 20
SOURCE = """
    CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors (id) ON DELETE CASCADE, body BLOB);
    CREATE VIRTUAL TABLE notes USING fts5(body);
    INSERT INTO authors (name)
      WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT 'a' || i FROM n;
    INSERT INTO books SELECT id, id, randomblob(900) FROM authors; INSERT INTO notes SELECT name FROM authors;
    INSERT INTO books VALUES (5000, 1, zeroblob(300000));
"""
OLD = "CREATE TABLE books (old); CREATE TABLE more (a REFERENCES books (old)); INSERT INTO books VALUES (1)"
KINDS = ("drop", "error", "bad-gateway", "invalid-json", "failure", "rate-limited", "import-error", "overloaded")


@dataclass(frozen=True)
class Scene:
    """A source with a backup, and the contents of the old and the new target."""

    account: Account
    folder: Path
    source: D1Api
    old: Contents
    new: Contents
    url: str

    @property
    def place(self) -> Folder:
        return Folder(self.folder)

    def back_up(self) -> None:
        create_backup(BackupSource(self.source, NAME, "d1_migrations"), self.place)

    def target(self) -> D1Api:
        database = self.account.create(f"t-{uuid4()}")
        database.write(OLD)
        return database

    def replace(self, target: D1Api) -> None:
        name = find_backup(self.place, LATEST, NAME)
        with opened(self.place, name) as backup:
            Replacement(target, "target", script_of(backup, name), "again", retry=QUICK).run()

    def step(self, *arguments: str, limit: int = 0) -> subprocess.Popen[bytes]:
        """Start a step in a process of its own, which can write files of at most `limit` bytes."""
        variables = {**os.environ, **environment(self.url, DEFAULT_TOKEN, self.account.id)}
        return subprocess.Popen(
            [sys.executable, "-m", "bench.backup_step", str(self.folder), *arguments],
            cwd=ROOT,
            env=variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,  # noqa: PLW1509 - no threads before it
        )

    def check(self, target: D1Api | None) -> None:
        """Check that each listed backup verifies, and that the target is the old or the new one."""
        for name in self.place.sizes():
            assert verify_backup(self.place, name).contents == self.new
        deadline = time.monotonic() + SETTLED_SECONDS
        while target and (contents := read_contents(target)) not in (self.old, self.new):
            assert time.monotonic() < deadline, self.old.differences(contents)
            time.sleep(0.2)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with serving(tmp_path_factory.mktemp("emulator")) as address:
        client = make_client(DEFAULT_TOKEN, base_url=address.base_url)
        account = Account(client, uuid4().hex, QUICK)
        source, old = account.create(NAME), account.create("old")
        source.import_script(SOURCE)
        old.write(OLD)
        folder = tmp_path_factory.mktemp("backups")
        new = read_contents(source)
        scene = Scene(account, folder, source, read_contents(old), new, address.base_url)
        scene.back_up()
        yield scene
        client.pool.clear()


def lose_answers(scene: Scene, chance: random.Random) -> None:
    """Make a backup or restore one while requests fail."""
    target = scene.target() if chance.random() < 0.7 else None
    arrange(
        scene.account.client,
        imports=chance.choice(("transaction", "statements")),
        imports_die_ms=chance.choice((None, None, 300)),
        faults=[
            {
                "fault": chance.choice(KINDS),
                "when": chance.choice(("before", "after")),
                "nth": chance.randint(1, 12),
                "times": chance.choice((1, 1, 2, 4, None)),
                "retry_after": 1,
            }
            for _ in range(chance.randint(1, 3))
        ],
    )
    try:
        with suppress(D1Error):
            scene.replace(target) if target else scene.back_up()
    finally:
        arrange(scene.account.client)
    scene.check(target)
    if target:
        scene.replace(target)
        assert read_contents(target) == scene.new
    else:
        scene.back_up()


def kill(scene: Scene, chance: random.Random) -> None:
    """Kill the process that makes or restores a backup."""
    arrange(scene.account.client, imports=chance.choice(("transaction", "statements")))
    name = f"t-{uuid4()}"
    arguments = ("create", scene.source.database_id) if chance.random() < 0.5 else ("restore", name)
    with scene.step(*arguments) as process:
        time.sleep(chance.uniform(0.2, 2.5))
        process.kill()
    scene.check(None)
    with scene.step(*arguments) as process:
        assert process.wait() == 0
    scene.check(None)
    if arguments[0] == "restore":
        assert read_contents(scene.account.find(name)) == scene.new
    arrange(scene.account.client)


def fill_disk(scene: Scene, chance: random.Random) -> None:
    """Let the disk be full while a backup is made or restored."""
    name = f"t-{uuid4()}"
    arguments = ("create", scene.source.database_id) if chance.random() < 0.5 else ("restore", name)
    with scene.step(*arguments, limit=chance.randint(10_000, 3_000_000)) as process:
        process.wait()
    scene.check(None)
    with suppress(NotFound):
        contents = read_contents(scene.account.find(name))
        assert contents == scene.new or not contents.schema


def set_variables(patch: pytest.MonkeyPatch, server: s3_server.S3Server) -> None:
    for name, value in server.variables.items():
        patch.setenv(name, value)


def end_store(scene: Scene, chance: random.Random) -> None:
    """End the object store while a backup is uploaded."""
    source = BackupSource(scene.source, NAME, "d1_migrations")
    folder = scene.folder.parent / f"s3-{uuid4()}"
    with pytest.MonkeyPatch.context() as patch:
        with s3_server.serving(folder) as server:
            set_variables(patch, server)
            ending = Timer(chance.uniform(0.0, 1.5), server.process.kill)
            ending.start()
            with suppress(D1Error):
                create_backup(source, open_store(f"s3://{s3_server.BUCKET}/shop"))
            ending.join()
        with s3_server.serving(folder) as server:
            set_variables(patch, server)
            place = open_store(f"s3://{s3_server.BUCKET}/shop")
            create_backup(source, place)
            assert place.sizes()
            for name in place.sizes():
                assert verify_backup(place, name).contents == scene.new


FAULTS: tuple[Callable[[Scene, random.Random], None], ...] = (lose_answers, end_store, kill, fill_disk, lose_answers)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_fault_leaves_whole_backups_and_the_old_or_the_new_target(scene: Scene, number: int) -> None:
    chance = random.Random(number)  # noqa: S311 - the same faults in each run
    FAULTS[number % len(FAULTS)](scene, chance)
    for name in list(scene.place.sizes())[1:]:
        scene.place.delete(name)
