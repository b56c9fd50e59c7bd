"""A Pulumi project in a folder of its own, and an emulator in a process of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_d1.cloudflare.database import D1Api, connect

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a-token-that-neither-state-nor-logs-may-keep"


@dataclass(frozen=True)
class Emulator:
    """A running emulator.

    Attributes:
        state: The folder of its databases.
        environment: The variables that it printed.
    """

    state: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]


@dataclass(frozen=True)
class Project:
    """A copy of this project's program, with a state of its own.

    Attributes:
        folder: The folder of Pulumi.yaml.
        environment: The variables of every command.
        account: The Cloudflare account's id.
    """

    folder: Path
    environment: dict[str, str]
    account: str

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("pulumi", *arguments, "--non-interactive", check=check)

    def up(self, stack: str = "dev", *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--stack", stack, "--yes", "--skip-preview", *options, check=check)

    def preview(self, stack: str = "dev", *options: str) -> str:
        return self.pulumi("preview", "--stack", stack, *options).stdout

    def outputs(self, stack: str = "dev") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--stack", stack, "--json").stdout)
        return found

    def state(self, stack: str = "dev") -> list[dict[str, Any]]:
        exported = json.loads(self.pulumi("stack", "export", "--stack", stack).stdout)
        found: list[dict[str, Any]] = exported["deployment"].get("resources", [])
        return found

    def database(self, stack: str = "dev") -> D1Api:
        """The stack's database, as another client sees it."""
        return connect(self.account, self.outputs(stack)["database_id"], token=TOKEN)

    def write(self, name: str, sql: str) -> None:
        (self.folder / "migrations" / name).write_text(sql)
