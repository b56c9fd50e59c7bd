"""`d1 init` in a package from an index, from git and from a wheel; then the install step of a workflow elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.e2e.package.conftest import PIP, run
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[str]:
    """The address of a server with an index (`simple/`) and a git repository (`pulumi-d1.git`)."""
    folder = tmp_path_factory.mktemp("server")
    page = folder / "simple" / "pulumi-d1"
    page.mkdir(parents=True)
    shutil.copy(wheel, page)
    (page / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("docs", "infra", "templates"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ("git", "-C", str(source), "-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Publish")):
        run(*git, *command)
    run(*git, "clone", "--quiet", "--bare", ".", str(folder / "pulumi-d1.git"))
    run("git", "-C", str(folder / "pulumi-d1.git"), "update-server-info")  # so that a server of files is enough
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    """Let pip install this package alone: the dependencies are those of the environment that runs this."""
    for name, value in {
        "PIP_NO_DEPS": "1",
        "PIP_IGNORE_INSTALLED": "1",  # that of the environment that runs this
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of --build-isolation
        "PIP_INDEX_URL": f"{server}/simple/",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }.items():
        monkeypatch.setenv(name, value)


def install_package(environment: Path, argument: str) -> Path:
    """Install the package into a new environment, and return its command."""
    run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    with_dependencies(environment)
    run(*PIP, "--python", str(environment / "bin" / "python"), "install", "--quiet", argument)
    return environment / "bin" / "d1"


def with_dependencies(environment: Path) -> None:
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    # A path of a path file brings no path files of its own, and so not the checkout.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("origin", ["index", "git", "wheel"])
def test_the_workflows_install_the_package_from_where_it_came(
    tmp_path: Path, wheel: Path, server: str, origin: str
) -> None:
    argument = {"index": "pulumi-d1", "git": f"git+{server}/pulumi-d1.git", "wheel": str(wheel)}[origin]
    d1 = install_package(tmp_path / "machine", argument)
    project, runner = tmp_path / "shop", tmp_path / "runner"
    (project / ".git").mkdir(parents=True)
    (project / "wrangler.toml").write_text('name = "shop"\nmain = "a.js"\ncompatibility_date = "2026-01-01"\n')
    run(str(d1), "init", "--workflows", folder=project)

    requirements = (project / "requirements.txt").read_text()
    expected = {"index": "pulumi-d1~=", "git": f"pulumi-d1 @ git+{server}/pulumi-d1.git@", "wheel": "./vendor/"}
    assert requirements.startswith(expected[origin])
    shutil.copytree(project, runner)
    workflow = yaml.safe_load((runner / ".github/workflows/d1-preview.yml").read_text())
    (install,) = (step["run"] for step in workflow["jobs"]["preview"]["steps"] if step.get("name") == "Install")
    venv, *rest = install.splitlines()
    run("bash", "-e", "-c", venv.replace("python ", f"{sys.executable} ", 1), folder=runner)
    with_dependencies(runner / ".venv")
    subprocess.run(
        ["bash", "-e", "-c", "\n".join(rest)],  # noqa: S607 - on PATH
        cwd=runner,
        env={**os.environ, "GITHUB_PATH": str(tmp_path / "path")},
        check=True,
        timeout=300,
    )
    code = "import pulumi_d1; print(pulumi_d1.__file__)"
    file = run(str(runner / ".venv/bin/python"), "-c", code, folder=runner).stdout
    assert Path(file).is_relative_to(runner / ".venv"), "the test has run this checkout"
    assert run(str(runner / ".venv/bin/d1"), "--version", folder=runner).stdout.startswith("d1, version")


@pytest.mark.usefixtures("offline")
def test_a_wheel_that_is_gone_or_another_is_named_and_nothing_is_written(tmp_path: Path, wheel: Path) -> None:
    project = tmp_path / "shop"
    copy = shutil.copy(wheel, tmp_path / wheel.name)
    command = (str(install_package(tmp_path / "machine", str(copy))), "init")
    project.mkdir()
    (project / "wrangler.toml").write_text('name = "shop"\nmain = "a.js"\ncompatibility_date = "2026-01-01"\n')
    for state in ("has changed", "does not exist"):
        if state == "has changed":
            Path(copy).write_bytes(b"another")
        else:
            Path(copy).unlink()
        refused = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        assert f"pulumi-d1 was installed from {copy}, which {state}" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert [path.name for path in project.iterdir()] == ["wrangler.toml"]
