"""The stage of the measurements: one emulator in its own process, accounts, wrangler, Pulumi projects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bench.measure import run_process
from d1_emulator.server import DEFAULT_TOKEN, environment
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import Client, make_client
from tests.support.faults import arrange, arranged
from tests.support.wrangler import Wrangler
from tools.engine import finder, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.measure import ProcessRun

ROOT = Path(__file__).parents[1]
PROGRAM = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py")
_BINARIES = ROOT / "tests" / "node" / "node_modules" / ".bin"
_COUNTING: dict[str, Any] = {"fault": "latency", "ms": 0, "times": None}


@dataclass(frozen=True)
class BenchProject:
    """A Pulumi project with its own state and account."""

    folder: Path
    variables: Mapping[str, str]

    def pulumi(self, *arguments: str) -> ProcessRun:
        """Run a command on the stack dev."""
        return run_process(["pulumi", *arguments, "--stack", "dev", "--non-interactive"], self.folder, self.variables)

    def up(self) -> ProcessRun:
        """Run `pulumi up`."""
        return self.pulumi("up", "--yes", "--skip-preview")


@dataclass(frozen=True)
class Stage:
    """The emulator and its clients.

    Attributes:
        folder: The folder for all files of a measurement; deleted at the end.
    """

    folder: Path
    base_url: str

    @cached_property
    def client(self) -> Client:
        """A client of the emulator."""
        return make_client(DEFAULT_TOKEN, base_url=self.base_url)

    def account(self) -> Account:
        """Return an unused account."""
        return Account(self.client, uuid4().hex)

    def variables(self, account: Account) -> dict[str, str]:
        """Return the variables of a process that uses `account`."""
        return {**os.environ, **environment(self.base_url, DEFAULT_TOKEN, account.id)}

    def new_folder(self) -> Path:
        """Return an empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def run_counted(self, run: Callable[[], ProcessRun], latency_ms: int = 0) -> ProcessRun:
        """Run a process with this latency of each request, and count its API requests, uploads excluded."""
        arrange(self.client, latency_ms=latency_ms, faults=[_COUNTING])
        try:
            return replace(run(), requests=int(arranged(self.client)[0]["seen"]))
        finally:
            arrange(self.client)

    def wrangler(self, account: Account, files: Sequence[tuple[str, str]] = ()) -> Wrangler:
        """Return the real wrangler, in a folder with these migrations; its binding DB is a new database `shop`."""
        if not (_BINARIES / "wrangler").exists():
            sys.exit("wrangler is not installed: run 'make clients'")
        folder = self.new_folder()
        wrangler = Wrangler.of(_BINARIES, folder, self.folder, self.variables(account))
        uuid = account.create("shop").database_id
        wrangler.write(
            "wrangler.toml", f'[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{uuid}"\n'
        )
        write_files(folder / "migrations", files)
        return wrangler

    def project(self, files: Sequence[tuple[str, str]] = (), program: str = "") -> BenchProject:
        """Return this project's program, or that text, with these migrations, and an empty stack dev."""
        folder = self.new_folder()
        for name in PROGRAM:
            shutil.copy(ROOT / name, folder)
        if program:
            (folder / "__main__.py").write_text(program)
        write_files(folder / "migrations", files)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "state").mkdir()
        variables = {
            **self.variables(self.account()),
            **self.engine,
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(self.folder / "home"),
        }
        project = BenchProject(folder, variables)
        project.pulumi("stack", "init")
        return project

    @cached_property
    def engine(self) -> dict[str, str]:
        """The variables that put the Pulumi engine on PATH."""
        engine = finder.find()
        if engine is None:
            sys.exit("there is no Pulumi engine: run 'make engine'")
        variables = finder.environment(engine)
        return {**variables, "PATH": os.pathsep.join([str(scripts.write_provider_standin()), variables["PATH"]])}


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Run an emulator in its own process, as its users do, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        command = [sys.executable, "-m", "pulumi_d1.cli", "emulator", "--port", "0", "--state", f"{name}/emulator"]
        log = (Path(name) / "emulator.log").open("w")
        with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            assert process.stdout  # noqa: S101 - stdout=PIPE
            url = process.stdout.readline().strip().partition("=")[2]
            try:
                yield Stage(Path(name), url)
            finally:
                process.terminate()


def small_files(count: int) -> list[tuple[str, str]]:
    """Return names and texts of migrations that each create a table."""
    text = "CREATE TABLE t{} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
    return [(f"{number:05}_table.sql", text.format(number)) for number in range(1, count + 1)]


def write_files(folder: Path, files: Sequence[tuple[str, str]]) -> None:
    """Write migrations into a folder, created if missing."""
    folder.mkdir(exist_ok=True)
    for name, text in files:
        (folder / name).write_text(text)
