"""What the measurements run on: one emulator in a process of its own, accounts, wrangler, Pulumi projects."""

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

from bench.measure import ran
from d1_emulator.server import DEFAULT_TOKEN, environment
from pulumi_d1.cloudflare.account import Account
from pulumi_d1.cloudflare.client import Client, make_client
from tests.support.faults import arrange, arranged
from tests.support.wrangler import Wrangler
from tools.engine import finder, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.measure import Process

ROOT = Path(__file__).parents[1]
PROGRAM = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py")
_BINARIES = ROOT / "tests" / "clients" / "node_modules" / ".bin"
_COUNTING: dict[str, Any] = {"fault": "latency", "ms": 0, "times": None}


@dataclass(frozen=True)
class Project:
    """A Pulumi project with a state, and an account, of its own.

    Attributes:
        folder: where Pulumi.yaml lies.
        variables: of its commands.
    """

    folder: Path
    variables: Mapping[str, str]

    def pulumi(self, *arguments: str) -> Process:
        """Runs a command on the stack dev."""
        return ran(["pulumi", *arguments, "--stack", "dev", "--non-interactive"], self.folder, self.variables)

    def up(self) -> Process:
        """Runs `pulumi up`."""
        return self.pulumi("up", "--yes", "--skip-preview")


@dataclass(frozen=True)
class Stage:
    """The emulator, and what meets it.

    Attributes:
        folder: for whatever a measurement needs; gone afterwards.
        base_url: of the emulator.
        emulator: id of its process.
    """

    folder: Path
    base_url: str
    emulator: int

    @cached_property
    def client(self) -> Client:
        """Speaks to the emulator."""
        return make_client(DEFAULT_TOKEN, base_url=self.base_url)

    def account(self) -> Account:
        """An account that nobody has used."""
        return Account(self.client, uuid4().hex)

    def variables(self, account: Account) -> dict[str, str]:
        """The variables of a process that speaks for `account`."""
        return {**os.environ, **environment(self.base_url, DEFAULT_TOKEN, account.id)}

    def new_folder(self) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def counted(self, run: Callable[[], Process], latency_ms: int = 0) -> Process:
        """Runs a process while each request waits so long, and counts its requests; uploads are none of the API's."""
        arrange(self.client, latency_ms=latency_ms, faults=[_COUNTING])
        try:
            return replace(run(), requests=int(arranged(self.client)[0]["seen"]))
        finally:
            arrange(self.client)

    def wrangler(self, account: Account, files: Sequence[tuple[str, str]] = ()) -> Wrangler:
        """The real wrangler, in a folder with these migrations, whose binding DB is a new database `shop`."""
        if not (_BINARIES / "wrangler").exists():
            sys.exit("wrangler is not installed: run 'make clients'")
        folder = self.new_folder()
        made = Wrangler.of(_BINARIES, folder, self.folder, self.variables(account))
        uuid = account.create("shop").database_id
        made.write(
            "wrangler.toml", f'[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "{uuid}"\n'
        )
        write_files(folder / "migrations", files)
        return made

    def project(self, files: Sequence[tuple[str, str]] = (), program: str = "") -> Project:
        """This project's program, or another one's text, with these migrations, and a stack dev that is empty."""
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
        made = Project(folder, variables)
        made.pulumi("stack", "init")
        return made

    @cached_property
    def engine(self) -> dict[str, str]:
        """The variables that put the Pulumi engine on PATH."""
        engine = finder.find()
        if engine is None:
            sys.exit("there is no Pulumi engine: run 'make engine'")
        found = finder.environment(engine)
        return {**found, "PATH": os.pathsep.join([str(scripts.write_provider_standin()), found["PATH"]])}


@contextmanager
def staged() -> Iterator[Stage]:
    """An emulator in a process of its own, as its users have it, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        command = [sys.executable, "-m", "pulumi_d1.cli", "emulator", "--port", "0", "--state", f"{name}/emulator"]
        log = (Path(name) / "emulator.log").open("w")
        with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            assert process.stdout  # noqa: S101 - it was asked for
            url = process.stdout.readline().strip().partition("=")[2]
            try:
                yield Stage(Path(name), url, process.pid)
            finally:
                process.terminate()


def small_files(count: int) -> list[tuple[str, str]]:
    """Names and texts of so many migrations that make a table each."""
    text = "CREATE TABLE t{} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
    return [(f"{number:05}_table.sql", text.format(number)) for number in range(1, count + 1)]


def write_files(folder: Path, files: Sequence[tuple[str, str]]) -> None:
    """Writes migrations into a folder, which is made if need be."""
    folder.mkdir(exist_ok=True)
    for name, text in files:
        (folder / name).write_text(text)
