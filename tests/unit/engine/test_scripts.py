"""The scripts run what they name, also with spaces and quotes in every path."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.engine import scripts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the scripts, in place of the virtual environment's."""
    folder = tmp_path / "it's a folder"
    monkeypatch.setattr(scripts, "_FOLDER", folder)
    monkeypatch.setattr(scripts, "BINARIES", folder / "bin")
    return folder


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def output(*command: str | Path) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_pulumi_runs_the_engine_with_its_plugins_in_front_of_path(tmp_path: Path, folder: Path) -> None:
    engine = executable(tmp_path / "an engine" / "pulumi", 'printf "%s\\n" "$@" "$PATH" "$GREETING"; plugin')
    plugins = executable(tmp_path / "two plug'ins" / "plugin", "echo the plugin").parent
    pulumi = scripts.write_pulumi(engine, (plugins, engine.parent), {"GREETING": "it's $HOME"})
    assert pulumi == folder / "bin" / "pulumi"
    path = os.pathsep.join([str(plugins), str(engine.parent), os.environ["PATH"]])
    assert output(pulumi, "up", "a b") == ["up", "a b", path, "it's $HOME", "the plugin"]


def test_pulumi_ends_with_the_exit_code_of_the_engine(tmp_path: Path) -> None:
    pulumi = scripts.write_pulumi(executable(tmp_path / "engine" / "pulumi", "exit 7"), (), {})
    assert subprocess.run([pulumi], check=False).returncode == 7


def test_the_language_host_and_the_standin_run_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine_folder = executable(tmp_path / "tools" / "engine" / "run", "").parent
    (engine_folder / "__main__.py").write_text("import sys; print(*sys.argv[1:])\n")
    monkeypatch.setattr(scripts, "_SELF", shlex.join([sys.executable, str(engine_folder)]))
    assert output(scripts.write_language_host(), "127.0.0.1:1") == ["language-host 127.0.0.1:1"]
    standin = scripts.write_provider_standin() / "pulumi-resource-cloudflare"
    assert output(standin, "127.0.0.1:1") == ["provider-standin 127.0.0.1:1"]
    plugins = scripts.write_home_of_standin("6.23.1") / "plugins"
    installed = plugins / "resource-cloudflare-v6.23.1" / "pulumi-resource-cloudflare"
    assert output(installed, "127.0.0.1:1") == ["provider-standin 127.0.0.1:1"]


def test_a_script_is_rewritten_only_if_it_changes(tmp_path: Path) -> None:
    engine = executable(tmp_path / "engine" / "pulumi", "")
    pulumi = scripts.write_pulumi(engine, (), {})
    before = pulumi.stat()
    assert scripts.write_pulumi(engine, (), {}).stat().st_ino == before.st_ino
    scripts.write_pulumi(engine, (tmp_path,), {})
    assert str(tmp_path) in pulumi.read_text()
    assert pulumi.stat().st_mode & 0o111 == 0o111
