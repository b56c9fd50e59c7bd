"""The package as others get it: a wheel, in a virtual environment and a folder that know nothing of this checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.e2e.package.conftest import PIP, run
from tests.support.paths import ROOT


@pytest.fixture
def project(wheel: Path, tmp_path: Path) -> Path:
    """An empty folder whose `.venv` has the wheel; the dependencies are those of the environment that runs this."""
    folder = tmp_path / "shop"
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv"))
    python = folder / ".venv" / "bin" / "python"
    run(*PIP, "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / ".venv")}))
    # A path of a path file brings no path files of its own, and so not the checkout.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def test_a_wheel_makes_a_project_beside_folders_of_any_name(
    project: Path, tmp_path: Path, engine_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine_environment.items():  # users of the wheel install Pulumi themselves
        monkeypatch.setenv(name, value)
    for name in ("infra", "emulator", "engine", "tools", "templates"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("raise ImportError('the user's own')\n")
    d1 = str(project / ".venv" / "bin" / "d1")
    assert "Commands:" in run(d1, "--help", folder=project).stdout
    assert run(str(project / ".venv" / "bin" / "pulumi-d1"), "--version", folder=project).stdout.startswith(
        "d1, version"
    )
    assert run(d1, "explain", "D101", folder=project).stdout.startswith("## D101: ")
    run(d1, "init", folder=project)
    (project / "migrations" / "0001_users.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    assert "0001_users.sql" in run(d1, "plan", "--offline", folder=project).stdout

    local = (d1, "local", "--")
    home = tmp_path / "home"
    run(*local, "pulumi", "stack", "init", "dev", folder=project, home=home)
    assert "0001_users.sql" in run(*local, "pulumi", "preview", "--stack", "dev", folder=project, home=home).stdout
    run(*local, "pulumi", "up", "--stack", "dev", "--yes", "--skip-preview", folder=project, home=home)
    assert "shop-db-dev" in (project / "wrangler.toml").read_text()

    where = "import pulumi_d1, d1_emulator; print(pulumi_d1.__file__, d1_emulator.__file__)"
    for file in run(str(project / ".venv/bin/python"), "-c", where, folder=project).stdout.split():
        assert Path(file).is_relative_to(project), "the test has run this checkout, not the wheel"


@pytest.mark.thorough
def test_without_pulumi_the_local_command_names_how_to_get_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = subprocess.run(
        [project / ".venv/bin/d1", "local", "--", "pulumi", "version"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pulumi is not on PATH: install it (https://www.pulumi.com/docs/install/)" in done.stderr


def test_the_wheel_has_all_that_it_loads_and_no_other_top_level_name(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    folders = (ROOT / "templates", ROOT / "docs")
    files = {f"pulumi_d1/{file.relative_to(ROOT)}" for top in folders for file in top.rglob("*") if file.is_file()}
    assert files | {"pulumi_d1/py.typed", "d1_emulator/py.typed"} <= names
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"pulumi_d1", "d1_emulator"}


def test_the_package_is_marked_as_no_provider_to_download(wheel: Path) -> None:
    """Pulumi's language host takes every distribution called pulumi-* for a provider without this file."""
    name = "pulumi_d1/pulumi-plugin.json"
    assert json.loads(zipfile.ZipFile(wheel).read(name)) == {"resource": False}
    beside = Path(str(distribution("pulumi-d1").locate_file(name)))
    assert json.loads(beside.read_text()) == {"resource": False}, "an editable install: run 'make install'"
