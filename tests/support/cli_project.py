"""A project's folder without Pulumi; each command runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from d1_emulator.server import DEFAULT_ACCOUNT_ID
from pulumi_d1.cloudflare.account import Account

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.client import Client
    from pulumi_d1.cloudflare.database import D1Api


@dataclass(frozen=True)
class Project:
    """A project's folder.

    Attributes:
        folder: The folder of Pulumi.yaml.
        environment: Environment variables of every command.
        client: A client of the emulator that the commands use.
    """

    folder: Path
    environment: dict[str, str]
    client: Client

    @property
    def account(self) -> Account:
        """The emulator's account."""
        return Account(self.client, DEFAULT_ACCOUNT_ID)

    def d1(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pulumi_d1.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def create(self, name: str = "your-app-db-dev") -> D1Api:
        return self.account.create(name)

    def write(self, name: str, sql: str) -> None:
        (self.folder / "migrations" / name).write_text(sql)
