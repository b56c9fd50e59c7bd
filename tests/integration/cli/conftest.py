"""The database of the stack prod, and the folder of its project."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from d1_emulator.server import DEFAULT_TOKEN
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import make_client
from tests.support.cli_project import ReviewedDatabase
from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def prod(tmp_path: Path, base_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReviewedDatabase]:
    """Return an empty database of the stack prod. Commands of this process run in its project."""
    account = uuid4().hex
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path)
    (tmp_path / "migrations").mkdir()
    monkeypatch.chdir(tmp_path)
    variables = {"BASE_URL": base_url, "ACCOUNT_ID": account, "API_TOKEN": DEFAULT_TOKEN}
    for name, value in variables.items():
        monkeypatch.setenv(f"CLOUDFLARE_{name}", value)
    client = make_client(DEFAULT_TOKEN, base_url=base_url)
    yield ReviewedDatabase(tmp_path, Account(client, account).create("your-app-db-prod"))
    client.pool.clear()
