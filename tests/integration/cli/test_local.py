"""`d1 local` in any folder of a project: one state folder, one emulator, and a shell."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from d1_emulator.server import DEFAULT_TOKEN

D1 = str(Path(sys.executable).parent / "d1")
LIST = 'curl --silent --header "Authorization: Bearer $CLOUDFLARE_API_TOKEN" '
DATABASES = "$CLOUDFLARE_BASE_URL/accounts/$CLOUDFLARE_ACCOUNT_ID/d1/database"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder inside of a project."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "src" / "api").mkdir(parents=True)
    return tmp_path / "src" / "api"


def run(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SHELL": "/bin/sh"}
    return subprocess.run(
        [D1, "local", *arguments], cwd=folder, env=environment, input=text, capture_output=True, text=True, check=True
    )


def test_a_subfolder_uses_the_projects_state(folder: Path) -> None:
    assert run(folder, "--", "pwd").stdout.strip() == str(folder)
    assert (folder.parent.parent / ".d1" / "emulator").is_dir()
    assert stat.S_IMODE((folder.parent.parent / ".d1").stat().st_mode) == 0o700
    assert not (folder / ".d1").exists()


def test_without_a_command_a_shell_opens(folder: Path) -> None:
    done = run(folder, text="echo $CLOUDFLARE_API_TOKEN\n")
    assert done.stdout == f"{DEFAULT_TOKEN}\n"
    assert done.stderr.startswith("/bin/sh against http://127.0.0.1:")
    assert done.stderr.endswith("with the state in ../../.d1\n")


def test_a_second_command_joins_the_emulator_and_the_first_waits_for_it(folder: Path) -> None:
    command = [D1, "local", "--", "sh", "-c", "echo $CLOUDFLARE_BASE_URL; read line"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as first:
        assert first.stdin
        assert first.stdout
        assert first.stderr
        address = first.stdout.readline()
        script = "echo $CLOUDFLARE_BASE_URL; read line; " + LIST + DATABASES
        command = [D1, "local", "--", "sh", "-c", script]
        with subprocess.Popen(command, cwd=folder.parent, stdin=pipe, stdout=pipe, text=True) as second:
            assert second.stdin
            assert second.stdout
            assert second.stdout.readline() == address
            first.stdin.write("\n")
            first.stdin.close()
            assert first.stderr.readline() == "waiting for the other commands that use this emulator\n"
            second.stdin.write("\n")
            second.stdin.close()
            assert '"success":true' in second.stdout.read()
    assert (first.returncode, second.returncode) == (0, 0)


def test_the_emulators_own_command_is_joined_with_its_token(folder: Path) -> None:
    environment = {**os.environ, "D1_EMULATOR_TOKEN": "mine"}
    command = [D1, "emulator", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout
        address = emulator.stdout.readline().strip().partition("=")[2]
        joined = subprocess.run(
            [D1, "local", "--", "sh", "-c", f"echo $CLOUDFLARE_BASE_URL; {LIST}{DATABASES}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        emulator.terminate()
    assert joined.startswith(f"{address}\n")
    assert '"success":true' in joined


def test_the_default_port_is_not_wranglers() -> None:
    shown = subprocess.run([D1, "emulator", "--help"], capture_output=True, text=True, check=True).stdout
    assert "[default: 8910;" in shown
