"""A project, an emulator, and databases of tenants on it."""

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
from tests.support.faults import arrange, arranged

if TYPE_CHECKING:
    from click.testing import Result

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import Project

MATCH = ("--match", "shop-tenant-*")
LOG = "CREATE TABLE log (file TEXT NOT NULL);\nINSERT INTO log VALUES ('1');\n"
HAS_LOG = "SELECT 1 FROM sqlite_master WHERE name = 'log'"
COUNTS = {"done": 0, "up_to_date": 0, "failed": 0, "running": 0, "waiting": 0}
_COUNT = {"fault": "latency", "ms": 0, "times": None}


@dataclass(frozen=True)
class Tenants:
    """Databases of an account, and the project whose folder they share.

    Attributes:
        project: A project with the file 0001_log.sql, which is applied to no database.
    """

    project: Project

    @property
    def account(self) -> Account:
        return Account(self.project.client, DEFAULT_ACCOUNT_ID)

    def create(self, number: int) -> None:
        for index in range(number):
            self.account.create(f"shop-tenant-{index:03}")

    def write(self, number: int, more: str = "") -> None:
        """Write a file that adds a row to the log, so that a second run would show."""
        self.project.write(f"{number:04}_file.sql", f"INSERT INTO log VALUES ('{number}');\n{more}")

    def database(self, number: int) -> D1Api:
        return self.account.find(f"shop-tenant-{number:03}")

    def logs(self) -> set[tuple[str, ...]]:
        """Return the different contents of the databases' logs."""
        tenants = [item for item in self.account.databases() if item.name.startswith("shop-tenant-")]
        reading = (self.account.database(item.id).read("SELECT file FROM log") for item in tenants)
        return {tuple(row["file"] for row in rows) for rows in reading}

    def logs_of_some(self) -> bool:
        """Return whether a database has the log."""
        return any(self.account.database(item.id).read(HAS_LOG) for item in self.account.databases())

    def count(self, **behaviour: Any) -> None:
        """Start to count requests, and change the emulator's behaviour."""
        arrange(self.project.client, faults=[_COUNT, *behaviour.pop("faults", [])], **behaviour)

    def counted(self) -> int:
        return int(arranged(self.project.client)[0]["seen"])

    def d1(self, *arguments: str) -> Result:
        """Run a command of `d1 fleet` in this process."""
        migrations = logging.getLogger("pulumi_d1.migrations")
        level = migrations.level
        try:
            return CliRunner().invoke(main, ("fleet", *arguments), catch_exceptions=False)
        finally:
            migrations.setLevel(level)  # `d1 fleet` lowers it for its process

    def fleet(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command of `d1 fleet` and return its JSON, with its messages as `stderr`."""
        result = self.d1(*arguments, "--json")
        assert result.exit_code == code, result.output
        return {**json.loads(result.stdout), "stderr": result.stderr}

    def up(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return self.fleet("up", *MATCH, "--yes", *arguments, code=code)

    def members(self, run: str = "") -> list[dict[str, Any]]:
        """Return the databases of a run, by default of the newest."""
        run = run or json.loads(self.d1("status", "--json").stdout)["run"]
        return [json.loads(line) for line in self.d1("history", run, "--json").stdout.splitlines()]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.project.folder,
            env=self.project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
