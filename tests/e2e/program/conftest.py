"""A Pulumi project, the real engine, and an emulator."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from tests.support.pulumi_project import TOKEN, Emulator, Project


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    state = tmp_path / "emulator"
    command = [
        sys.executable,
        "-m",
        "pulumi_d1.cli",
        "emulator",
        "--port",
        "0",
        "--state",
        str(state),
        "--token",
        TOKEN,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        exports = [process.stdout.readline().removeprefix("export ").strip() for _ in range(4)]
        yield Emulator(state, dict(line.split("=", 1) for line in exports), process)
        process.terminate()


@pytest.fixture
def variables(
    tmp_path: Path, emulator: Emulator, engine_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Variables of every command: the engine on PATH, the emulator, a Pulumi state and home of the test's own."""
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.environment["CLOUDFLARE_BASE_URL"])
    return {
        **os.environ,
        **engine_environment,
        **emulator.environment,
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def project(tmp_path: Path, variables: dict[str, str]) -> Project:
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder)
    (folder / ".venv").symlink_to(sys.prefix)
    made = Project(folder, variables, variables["CLOUDFLARE_ACCOUNT_ID"])
    made.pulumi("stack", "init", "dev")
    return made
