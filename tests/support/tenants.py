"""A project, an emulator, and databases of tenants on it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from d1_emulator.server import DEFAULT_ACCOUNT_ID
from pulumi_d1.cloudflare.account import Account
from tests.support.faults import arrange, arranged

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_d1.cloudflare.database import D1Api
    from tests.support.cli_project import Project

MATCH = ("--match", "shop-tenant-*")
LOG = "CREATE TABLE log (file TEXT NOT NULL);\nINSERT INTO log VALUES ('1');\n"
_COUNT = {"fault": "latency", "ms": 0, "times": None}


@dataclass(frozen=True)
class Tenants:
    """Databases of an account, and the project whose folder they share.

    Attributes:
        project: with the file 0001_log.sql, which no database has.
    """

    project: Project

    @property
    def account(self) -> Account:
        return Account(self.project.client, DEFAULT_ACCOUNT_ID)

    @property
    def journals(self) -> list[Path]:
        return sorted((self.project.folder / ".d1" / "fleet").glob("*"))

    def create(self, number: int) -> None:
        for index in range(number):
            self.account.create(f"shop-tenant-{index:03}")

    def write(self, number: int, more: str = "") -> None:
        """A file that leaves a row in the log, so that a second time would show."""
        self.project.write(f"{number:04}_file.sql", f"INSERT INTO log VALUES ('{number}');\n{more}")

    def database(self, number: int) -> D1Api:
        return self.account.find(f"shop-tenant-{number:03}")

    def logs(self) -> set[tuple[str, ...]]:
        """What the files left in the databases, each way once."""
        found = [item for item in self.account.databases() if item.name.startswith("shop-tenant-")]
        reading = (self.account.database(item.id).read("SELECT file FROM log") for item in found)
        return {tuple(row["file"] for row in rows) for rows in reading}

    def count(self, **behaviour: Any) -> None:
        """Begins to count requests, with more that the emulator is to do."""
        arrange(self.project.client, faults=[_COUNT, *behaviour.pop("faults", [])], **behaviour)

    def counted(self) -> int:
        return int(arranged(self.project.client)[0]["seen"])

    def up(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """`d1 fleet up`, and what it prints as JSON; `stderr` is what it said meanwhile."""
        done = self.project.d1("fleet", "up", *MATCH, "--yes", "--json", *arguments)
        assert done.returncode == code, done.stderr
        return {**json.loads(done.stdout), "stderr": done.stderr}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", "up", *MATCH, "--yes", "--json", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.project.folder,
            env=self.project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
