"""A backup and its restore in processes of their own: equal dumps, and little memory whatever the size.

BACKUP_MB is the size of the database: BACKUP_MB=1000 takes minutes.
"""

from __future__ import annotations

import hashlib
import os
import sys
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bench.backup import MAX_MB
from bench.backup_step import NAME
from bench.measure import run_process
from bench.rows import fill
from d1_emulator.server import DEFAULT_TOKEN, environment
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api

pytestmark = pytest.mark.thorough


def dump(database: D1Api) -> str:
    """Return the SHA-256 of Cloudflare's export."""
    with TemporaryFile() as file:
        database.export(file)
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_restored_backup_has_the_same_dump(base_url: str, tmp_path: Path) -> None:
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    account = Account(client, uuid4().hex)
    database = account.create(NAME)
    fill(database, int(os.environ.get("BACKUP_MB", "2")))
    variables = {**os.environ, **environment(base_url, DEFAULT_TOKEN, account.id)}
    for step in (("create", database.database_id), ("verify", ""), ("restore", "restored")):
        command = [sys.executable, "-m", "bench.backup_step", tmp_path, *step]
        assert run_process(command, ROOT, variables).peak_mb < MAX_MB, step
    assert dump(account.find("restored")) == dump(database)
    client.pool.clear()
