"""A project's folder without Pulumi. A command runs in a process of its own, or in that of the test."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from d1_emulator.server import DEFAULT_ACCOUNT_ID
from pulumi_d1.cli.main import main
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.migrations import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

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


@dataclass(frozen=True)
class ReviewedDatabase:
    """The database of the stack prod, which has run one file, and another one that is pending.

    Attributes:
        folder: The project's folder, in which the commands run.
    """

    folder: Path
    database: D1Api

    def migrate(self, sql: str, *others: D1Api) -> None:
        """Apply the first file, to other databases too."""
        self.write("0001_live.sql", sql)
        for database in (self.database, *others):
            database.write(f"{ledger.create('d1_migrations')}{sql}{ledger.insert('d1_migrations', '0001_live.sql')}")

    def tenant(self) -> D1Api:
        """Return a new database of the same account, for the commands of a fleet."""
        return Account(self.database.client, self.database.account_id).create("tenant-1")

    def write(self, name: str, sql: str) -> None:
        (self.folder / "migrations" / name).write_text(sql)

    def configure(self, **values: object) -> None:
        """Add keys to the configuration of prod."""
        with (self.folder / "Pulumi.prod.yaml").open("a") as file:
            file.writelines(f"  your-app:{key}: {value}\n" for key, value in values.items())

    def d1(self, *arguments: str) -> Result:
        """Run a command in this process. The rehearsal has a process of its own anyhow."""
        migrations = logging.getLogger("pulumi_d1.migrations")
        level = migrations.level
        try:
            return CliRunner().invoke(main, arguments, catch_exceptions=False)
        finally:
            migrations.setLevel(level)  # `d1 fleet up` lowers it for its process

    def plan(self, *options: str) -> dict[str, Any]:
        """Return the report as JSON."""
        report: dict[str, Any] = json.loads(self.d1("plan", "--stack", "prod", "--json", *options).stdout)
        return report
