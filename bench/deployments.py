"""A project of each tool, with its migrations and its database."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.measure import run_process
from bench.stage import ROOT, write_files
from pulumi_d1.cloudflare.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.measure import ProcessRun
    from bench.stage import Stage
    from pulumi_d1.cloudflare.database import D1Api

    Files = Sequence[tuple[str, str]]

_PEERS: Final = ROOT / "bench" / "node"
_BINARIES: Final = _PEERS / "node_modules" / ".bin"
_NODE: Final = ROOT / "tests" / "node" / "node_modules" / ".bin"
_FIRST_MOMENT: Final = 1764374400000


@dataclass(frozen=True)
class Deployment:
    """One tool's project.

    Attributes:
        command: Creates the database if the tool does that, and applies the migrations.
        database_name: The name of its database.
    """

    folder: Path
    command: Sequence[object]
    variables: Mapping[str, str]
    account: Account
    database_name: str = "shop"

    @property
    def migrations(self) -> Path:
        """The folder of the migrations."""
        return self.folder / "migrations"

    def write(self, files: Files) -> None:
        """Write migrations, and Drizzle's list of all of them, which the other tools do not read."""
        write_files(self.migrations, files)
        names = sorted(file.stem for file in self.migrations.glob("*.sql"))
        entries = [
            {"idx": index, "version": "6", "when": _FIRST_MOMENT + index, "tag": name, "breakpoints": True}
            for index, name in enumerate(names)
        ]
        (self.migrations / "meta").mkdir(exist_ok=True)
        journal = {"version": "7", "dialect": "sqlite", "entries": entries}
        (self.migrations / "meta" / "_journal.json").write_text(json.dumps(journal))

    def run(self, expected_code: int | None = 0) -> ProcessRun:
        """Run the command."""
        return run_process(self.command, self.folder, self.variables, expected_code)

    def database(self) -> D1Api:
        """Return the database, which exists after the first run."""
        return self.account.find(self.database_name)


def ours(stage: Stage, files: Files) -> Deployment:
    """Return a stack of this project, with the severities of prod."""
    project = stage.project()
    project.pulumi("config", "set", "dangerousFiles", "error")
    command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", "dev", "--non-interactive"]
    account = Account(stage.client, project.variables["CLOUDFLARE_ACCOUNT_ID"])
    deployment = Deployment(project.folder, command, project.variables, account, "your-app-db-dev")
    deployment.write(files)
    return deployment


def alchemy(stage: Stage, files: Files) -> Deployment:
    """Return an app of Alchemy with a database."""
    return _peer(stage, files, [_NODE / "node", _PEERS / "alchemy.mjs"], stage.account())


def drizzle_kit(stage: Stage, files: Files) -> Deployment:
    """Return a configuration of drizzle-kit for a database, which exists."""
    account = stage.account()
    command = [_BINARIES / "drizzle-kit", "migrate", "--config", "drizzle.config.ts"]
    deployment = _peer(
        stage,
        files,
        command,
        account,
        BENCH_DATABASE_ID=account.create("shop").database_id,
        NODE_OPTIONS=f"--import {(_PEERS / 'to_emulator.mjs').as_uri()}",
    )
    for name in ("drizzle.config.ts", "node_modules"):
        (deployment.folder / name).symlink_to(_PEERS / name)
    return deployment


def wrangler(stage: Stage, files: Files) -> Deployment:
    """Return a configuration of wrangler for a database, which exists."""
    account = stage.account()
    program = stage.wrangler(account)
    command = [program.program, "d1", "migrations", "apply", "DB", "--remote"]
    deployment = Deployment(program.folder, command, program.environment, account)
    deployment.write(files)
    return deployment


PEERS: Final[Mapping[str, Callable[[Stage, Files], Deployment]]] = {
    "Alchemy": alchemy,
    "drizzle-kit": drizzle_kit,
    "wrangler": wrangler,
}


def _peer(stage: Stage, files: Files, command: Sequence[object], account: Account, **variables: str) -> Deployment:
    if not (_BINARIES / "drizzle-kit").exists():
        sys.exit("Alchemy and drizzle-kit are not installed: run 'make peers'")
    quiet = {
        "DO_NOT_TRACK": "1",
        "ALCHEMY_TELEMETRY_DISABLED": "1",
        "HOME": str(stage.folder),
        "ALCHEMY_CI_STATE_STORE_CHECK": "false",
    }
    path = os.pathsep.join([str(_NODE), os.environ["PATH"]])
    environment = {**stage.variables(account), **quiet, "PATH": path, **variables}
    deployment = Deployment(stage.new_folder(), command, environment, account)
    deployment.write(files)
    return deployment
