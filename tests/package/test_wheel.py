"""The package as others get it: a wheel, in a virtual environment and a folder that know nothing of this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


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


def run(*command: str, folder: Path = ROOT, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLOUDFLARE_", "PULUMI_"))}
    variables = {**kept, **({"PULUMI_HOME": str(home)} if home else {})}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_wheel_in_an_empty_folder_makes_a_project_and_previews_it(project: Path, tmp_path: Path) -> None:
    d1 = str(project / ".venv" / "bin" / "d1")
    assert "Commands:" in run(d1, "--help", folder=project).stdout
    run(d1, "init", folder=project)
    (project / "migrations" / "0001_users.sql").write_text("CREATE TABLE users (id INTEGER PRIMARY KEY);\n")
    said = run(d1, "plan", "--offline", folder=project).stdout
    assert "0001_users.sql" in said

    local = (d1, "local", "--")
    home = tmp_path / "home"
    run(*local, "pulumi", "stack", "init", "dev", folder=project, home=home)
    assert "0001_users.sql" in run(*local, "pulumi", "preview", "--stack", "dev", folder=project, home=home).stdout
    run(*local, "pulumi", "up", "--stack", "dev", "--yes", "--skip-preview", folder=project, home=home)
    assert "shop-db-dev" in (project / "wrangler.toml").read_text()

    where = "import pulumi_d1, infra, emulator, engine; print(infra.__file__, emulator.__file__, engine.__file__)"
    for file in run(str(project / ".venv/bin/python"), "-c", where, folder=project).stdout.split():
        assert Path(file).is_relative_to(project), "the test has run this checkout, not the wheel"


def test_the_wheel_has_all_that_it_loads_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {f"infra/{file.relative_to(ROOT)}" for file in (ROOT / "templates").rglob("*") if file.is_file()}
    assert templates <= names
    assert {"infra/py.typed", "pulumi_d1/py.typed", "engine/go/go.mod", "engine/go/go.sum"} <= names
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"pulumi_d1", "infra", "emulator", "engine"}


def test_pulumi_is_told_that_the_package_is_no_provider_to_download(wheel: Path) -> None:
    """Its language host takes every distribution called pulumi-* for one, unless this file says no."""
    name = "pulumi_d1/pulumi-plugin.json"
    assert json.loads(zipfile.ZipFile(wheel).read(name)) == {"resource": False}
    beside = Path(str(distribution("pulumi-d1").locate_file(name)))
    assert json.loads(beside.read_text()) == {"resource": False}, "an editable install: run 'make install'"


def test_a_module_of_the_users_that_hides_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "infra.py").write_text("BUCKET = 'mine'\n")
    done = subprocess.run(
        [sys.executable, "-c", "import pulumi_d1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert f"ImportError: {tmp_path / 'infra.py'} hides the package infra of pulumi-d1" in done.stderr
