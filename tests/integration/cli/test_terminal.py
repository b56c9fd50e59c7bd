"""Output for a terminal and for a log."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

D1 = str(Path(sys.executable).parent / "d1")
SLOW = "#!/bin/sh\nsleep 2\necho '[]'\n"
"""A pulumi with a slow backend that has no stacks."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").write_text(SLOW)
    (tmp_path / "bin" / "pulumi").chmod(0o755)
    return tmp_path


def variables(project: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}", **more}


def on_terminal(project: Path, *arguments: str, **more: str) -> str:
    """Everything that a command prints if output and errors go to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [D1, *arguments], cwd=project, env=variables(project, **more), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        while part := _read(ours):
            output += part
        process.wait()
    os.close(ours)
    return output.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # on Linux, the other end is closed
        return b""


def test_a_terminal_shows_a_slow_activity_and_a_log_does_not(project: Path) -> None:
    output = on_terminal(project, "render", TERM="dumb")
    assert output.splitlines() == ["pulumi stack ls ...", "no stack has a database yet"]
    moving = on_terminal(project, "render", TERM="xterm-256color")
    assert "pulumi stack ls" in moving
    assert moving.endswith("\x1b[2Kno stack has a database yet\n"), "the activity has disappeared"
    done = subprocess.run(
        [D1, "render"], cwd=project, env=variables(project), capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("no stack has a database yet\n", "")


def test_colours_are_for_terminals_that_want_them(project: Path) -> None:
    (project / "bin" / "pulumi").write_text(SLOW.replace("sleep 2\n", ""))
    done = subprocess.run(
        [D1, "status"], cwd=project, env=variables(project), capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b[1m" in on_terminal(project, "status", TERM="xterm-256color"), "headings are bold"
    assert "\x1b[3" not in on_terminal(project, "status", NO_COLOR="1", TERM="xterm-256color")
    assert "\x1b" not in on_terminal(project, "status", TERM="dumb")


def test_a_terminal_shows_explanations_without_their_markup(project: Path) -> None:
    output = on_terminal(project, "explain", "previews", COLUMNS="80", TERM="xterm-256color")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    assert "pulumi preview runs the pending files" in plain
    assert [line for line in plain.splitlines() if line.startswith(("#", "```")) or "](" in line] == []
    assert max(map(len, plain.splitlines())) <= 80
    assert "\x1b[3" not in on_terminal(project, "explain", "previews", NO_COLOR="1", TERM="xterm-256color")
