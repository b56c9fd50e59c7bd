"""The engine is found on PATH, then in the cache, then through the installer, then through a build."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from tools.engine import build, cache, finder, installer, scripts

if TYPE_CHECKING:
    from pathlib import Path


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Pulumi and without Go; returns the only folder on its PATH but for the shell's."""
    monkeypatch.setenv("D1_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/bin"]))
    monkeypatch.setattr(finder, "INSTALLER_URL", "http://127.0.0.1:9/closed")
    return tmp_path / "bin"


def test_an_engine_on_path_is_used(bare: Path) -> None:
    pulumi = executable(bare / "pulumi", "echo v99.0.0")
    executable(bare / "pulumi-language-python", "")
    engine = finder.find()
    assert engine == finder.Engine(pulumi, "99.0.0", finder.ON_PATH, ())


@pytest.mark.parametrize("script", ["echo v3.1.0", "exit 1", "echo nonsense"])
def test_an_engine_on_path_that_is_too_old_or_broken_is_not_used(bare: Path, script: str) -> None:
    executable(bare / "pulumi", script)
    executable(bare / "pulumi-language-python", "")
    assert finder.find() is None


def test_our_own_script_on_path_is_not_taken_for_an_engine(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "BINARIES", tmp_path / "ours")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "ours"), os.environ["PATH"]]))
    executable(tmp_path / "ours" / "pulumi", "echo v99.0.0")
    executable(bare / "pulumi-language-python", "")
    assert finder.find() is None
    pulumi = executable(bare / "pulumi", "echo v98.0.0")
    assert finder.find() == finder.Engine(pulumi, "98.0.0", finder.ON_PATH, ())


def test_an_engine_on_path_that_has_no_python_is_not_used(bare: Path) -> None:
    executable(bare / "pulumi", "echo v99.0.0")
    assert finder.find() is None


def test_a_cached_build_is_used_without_the_network(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installer, "unreachable", lambda url: pytest.fail(f"asked {url}"))

    def make(into: Path) -> None:
        executable(into / "bin" / "pulumi", f"echo v{build.version()}")
        executable(into / "bin" / "pulumi-language-python", "")

    cache.get_or_make(build.entry_name(), make)
    engine = finder.get()
    assert (engine.source, engine.version) == (finder.BUILT, build.version())
    assert finder.environment(engine)["PATH"].startswith(str(engine.executable.parent))
    assert not bare.exists()


@pytest.mark.usefixtures("bare")
def test_if_every_attempt_fails_the_message_names_what_to_install(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ConfigError, match=r"Install one of them: the Pulumi CLI .* or Go"):
        finder.get()
    assert "trying the official installer" in caplog.messages[0]
    assert "can't be reached" in caplog.messages[1]
    assert "next: a build from Go modules" in caplog.messages[1]


def test_a_failed_build_reports_gos_error_and_leaves_no_entry(
    bare: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    executable(bare / "go", 'echo "go: no space left on device" >&2; exit 1')
    with pytest.raises(ConfigError, match=r"step 1 of 2.*\n.*no space left on device"):
        finder.get()
    assert any("step 1 of 2" in line for line in caplog.messages)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_probe_of_the_internet_ends_within_15_seconds() -> None:
    assert installer.PROBE_SECONDS < 15
    reason = installer.unreachable("http://127.0.0.1:9/closed")
    assert reason is not None
    assert "refused" in reason


def test_the_version_to_build_is_the_one_in_go_mod() -> None:
    assert build.version() == "3.276.0"
    assert build.entry_name().startswith("pulumi-3.276.0-")
