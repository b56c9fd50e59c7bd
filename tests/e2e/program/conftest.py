"""A Pulumi project, the real engine, and an emulator.

A session runs `pulumi stack init` and the first `pulumi up` once; each test gets a copy of what they left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import EXAMPLE
from tests.support.pulumi_project import TOKEN, Emulator, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running_emulator(state: Path) -> Iterator[Emulator]:
    command = (sys.executable, "-m", "pulumi_d1.cli", "emulator", "--port", "0", "--state", str(state))
    with subprocess.Popen([*command, "--token", TOKEN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        exports = [process.stdout.readline().removeprefix("export ").strip() for _ in range(4)]
        yield Emulator(state, dict(line.split("=", 1) for line in exports), process)
        process.terminate()


def variables_of(folder: Path, emulator: Emulator, engine: dict[str, str]) -> dict[str, str]:
    """Return the variables of every command: the engine on PATH, the emulator, and a Pulumi state and home."""
    return {
        **os.environ,
        **engine,
        **emulator.environment,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(folder / "home"),
    }


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory, engine_environment: dict[str, str]) -> Path:
    """The folders `new`, with an empty stack dev, and `migrated`, with its database; each without the emulator."""
    made = tmp_path_factory.mktemp("snapshots")
    folder = made / "migrated"
    (folder / "state").mkdir(parents=True)
    shutil.copytree(EXAMPLE, folder / "project")
    (folder / "project" / ".venv").symlink_to(sys.prefix)
    with running_emulator(folder / "emulator") as emulator:
        variables = variables_of(folder, emulator, engine_environment)
        project = Project(folder / "project", variables, variables["CLOUDFLARE_ACCOUNT_ID"])
        project.pulumi("stack", "init", "dev")
        shutil.copytree(folder, made / "new", symlinks=True, ignore=shutil.ignore_patterns("emulator"))
        project.up()
    return made


@pytest.fixture
def emulator(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Emulator]:
    if "migrated" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("snapshots") / "migrated" / "emulator", tmp_path / "emulator")
    with running_emulator(tmp_path / "emulator") as emulator:
        yield emulator


@pytest.fixture
def variables(
    tmp_path: Path, emulator: Emulator, engine_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The variables of every command."""
    (tmp_path / "state").mkdir(exist_ok=True)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.environment["CLOUDFLARE_BASE_URL"])
    return variables_of(tmp_path, emulator, engine_environment)


@pytest.fixture
def project(tmp_path: Path, snapshots: Path, variables: dict[str, str]) -> Project:
    """A project with the empty stack dev."""
    return _copied(snapshots / "new", tmp_path, variables)


@pytest.fixture
def migrated(tmp_path: Path, snapshots: Path, variables: dict[str, str]) -> Project:
    """A project whose stack dev has its database, after the first `pulumi up`."""
    return _copied(snapshots / "migrated", tmp_path, variables)


def _copied(snapshot: Path, folder: Path, variables: dict[str, str]) -> Project:
    for name in ("project", "state", "home"):
        shutil.copytree(snapshot / name, folder / name, symlinks=True, dirs_exist_ok=True)
    return Project(folder / "project", variables, variables["CLOUDFLARE_ACCOUNT_ID"])
