"""The Python language host of the engine that we build, as its user meets it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.paths import ROOT
from tests.support.reliability.processes import AVAILABLE, descendants
from tools.engine import finder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pulumi_project import Project

METADATA = "Metadata-Version: 2.1\nName: local-package\nVersion: 1.2.3\n"


@pytest.fixture(autouse=True)
def _only_with_our_host() -> None:
    engine = finder.find()
    if engine is not None and engine.source != finder.BUILT:
        pytest.skip(f"this machine's engine, from {engine.source}, brings the official language host")


def set_runtime_options(project: Project, **options: str) -> None:
    file = project.folder / "Pulumi.yaml"
    declared = yaml.safe_load(file.read_text())
    declared["runtime"]["options"] = options
    file.write_text(yaml.safe_dump(declared))


def test_about_names_the_interpreter_of_the_virtual_environment_and_its_packages(project: Project) -> None:
    text = project.pulumi("about", "--transitive").stdout
    assert f"executable='{project.folder / '.venv' / 'bin' / 'python'}'" in text
    assert f"version='{'.'.join(map(str, sys.version_info[:3]))}'" in text
    assert "pulumi_cloudflare" in text.replace("-", "_")


@pytest.mark.thorough
def test_install_makes_the_virtual_environment_and_fills_it(project: Project) -> None:
    (project.folder / ".venv").unlink()
    # A wheel made here: what is tested is the host, not somebody's package index.
    wheel = project.folder / "local_package-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("local_package.py", "")
        archive.writestr("local_package-1.2.3.dist-info/METADATA", METADATA)
        archive.writestr("local_package-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("local_package-1.2.3.dist-info/RECORD", "")
    (project.folder / "requirements.txt").write_text(f"./{wheel.name}\n")
    project.pulumi("install", "--no-plugins")
    python = project.folder / ".venv" / "bin" / "python"
    assert project.run(str(python), "-c", "import local_package").returncode == 0


def test_a_failed_install_shows_what_pip_said(project: Project) -> None:
    (project.folder / "requirements.txt").write_text("./there-is-no-such-package\n")
    failed = project.pulumi("install", "--no-plugins", check=False)
    assert failed.returncode != 0
    assert "there-is-no-such-package" in failed.stdout + failed.stderr


def test_a_virtual_environment_that_is_missing_is_named(project: Project) -> None:
    set_runtime_options(project, virtualenv="nowhere")
    failed = project.up(check=False)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert f"{project.folder / 'nowhere'}, set by 'virtualenv' in Pulumi.yaml, does not exist" in text
    assert "Traceback" not in text


def test_without_a_virtual_environment_the_python_on_path_runs(project: Project) -> None:
    set_runtime_options(project)
    (project.folder / "__main__.py").write_text("import sys\nprint('runs on', sys.executable)\n")
    project.environment["PULUMI_PYTHON_CMD"] = sys.executable
    assert f"runs on {sys.executable}" in project.up().stdout


def test_the_output_of_the_program_is_passed_on_and_nothing_is_added(project: Project) -> None:
    (project.folder / "__main__.py").write_text("import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\n")
    done = project.up()
    assert "to stdout" in done.stdout
    assert "to stderr" in done.stdout
    assert "KeyboardInterrupt" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_program_that_exits_with_a_code_fails_the_run(project: Project) -> None:
    (project.folder / "__main__.py").write_text("raise SystemExit(3)\n")
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert "program exited with non-zero exit code: 3" in failed.stdout + failed.stderr


@contextmanager
def waiting_program(project: Project, text: str) -> Iterator[subprocess.Popen[str]]:
    """Run `pulumi up` until its program prints `waiting`; the program begins with `text`."""
    program = f"import time\n{text}\nprint('waiting', flush=True)\ntime.sleep(600)\n"
    (project.folder / "__main__.py").write_text(program)
    with subprocess.Popen(
        ["pulumi", "up", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive"],  # noqa: S607 - on PATH
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as up:
        assert up.stdout
        while "waiting" not in up.stdout.readline():
            assert up.poll() is None
        yield up


OURS = """
import pulumi
from pulumi_d1 import D1Environment, stack_settings
D1Environment("d1", stack_settings())
"""


@pytest.mark.parametrize("interrupts", [1, 2])
def test_a_ctrl_c_prints_no_traceback(project: Project, interrupts: int) -> None:
    with waiting_program(project, OURS) as up:
        for number in range(interrupts):  # the first asks the engine to end, the second insists, as a person would
            time.sleep(number)
            os.killpg(up.pid, signal.SIGINT)
        text = up.communicate(timeout=60)[0]
    assert up.returncode != 0
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text


@pytest.mark.thorough
def test_a_program_that_ignores_interrupts_is_killed(project: Project) -> None:
    with waiting_program(project, "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)") as up:
        os.killpg(up.pid, signal.SIGINT)
        up.communicate(timeout=60)
    assert up.returncode != 0


@pytest.mark.thorough
@pytest.mark.skipif(not AVAILABLE, reason="finds the host's process in /proc")
@pytest.mark.parametrize("text", [OURS, "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"])
def test_an_up_whose_language_host_is_killed_ends(project: Project, text: str) -> None:
    with waiting_program(project, text) as up:
        (host,) = [pid for pid in descendants(up.pid) if b"language-host" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(host, signal.SIGKILL)
        text = up.communicate(timeout=60)[0]
    assert up.returncode != 0
    assert "Traceback" not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_host_ends_without_a_word_when_it_is_told_to(number: signal.Signals) -> None:
    command = [sys.executable, str(ROOT / "tools" / "engine"), "language-host", "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as host:
        assert host.stdout
        assert host.stdout.readline().strip().isdecimal()
        host.send_signal(number)
        rest, errors = host.communicate(timeout=30)
    assert (rest, errors, host.returncode) == ("", "", 0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux can wait for a process that is not its child")
def test_the_host_ends_when_its_engine_is_gone() -> None:
    start = (
        "import subprocess, sys\n"
        "host = subprocess.Popen([sys.executable, sys.argv[1], 'language-host', 'x'], stdout=subprocess.PIPE)\n"
        "assert host.stdout.readline()\n"
        "print(host.pid, flush=True)\n"
    )
    command = [sys.executable, "-c", start, str(ROOT / "tools" / "engine")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    host = int(done.stdout)
    try:
        descriptor = os.pidfd_open(host)
    except ProcessLookupError:
        return  # gone already
    ended, _, _ = select.select([descriptor], [], [], 30)
    os.close(descriptor)
    assert ended, "the host still runs"
