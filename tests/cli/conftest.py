"""A project's folder and an emulator, for commands in processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.server import DEFAULT_ACCOUNT_ID, DEFAULT_TOKEN, serving
from infra.cloudflare.account import Account
from infra.cloudflare.client import Client, make_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cloudflare.database import D1Api

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Project:
    """A project's folder, without Pulumi.

    Attributes:
        folder: where Pulumi.yaml lies.
        environment: variables of every command.
        client: speaks to the same emulator.
    """

    folder: Path
    environment: dict[str, str]
    client: Client

    def d1(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def create(self, name: str = "your-app-db-dev") -> D1Api:
        return Account(self.client, DEFAULT_ACCOUNT_ID).create(name)

    def write(self, name: str, sql: str) -> None:
        (self.folder / "migrations" / name).write_text(sql)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    with serving(tmp_path / "emulator") as address:
        environment = {
            **os.environ,
            "CLOUDFLARE_BASE_URL": address.base_url,
            "CLOUDFLARE_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
            "CLOUDFLARE_API_TOKEN": DEFAULT_TOKEN,
        }
        yield Project(folder, environment, make_client(DEFAULT_TOKEN, base_url=address.base_url))
