"""`make up` and `d1 local`, as the README describes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import EXAMPLE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

D1 = Path(sys.prefix) / "bin" / "d1"
MAKE_UP = ("make", "--assume-old=.venv/bin/.installed", "up")  # the environment is the one that runs the tests


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with this project's files, but the example's stacks, migrations and the tests' .venv."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - git is a prerequisite
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    shutil.rmtree(tmp_path / "checkout" / "migrations")
    shutil.copytree(EXAMPLE, tmp_path / "checkout", dirs_exist_ok=True)
    (tmp_path / "checkout" / ".venv").symlink_to(sys.prefix)
    yield tmp_path / "checkout"
    # `make up` has pointed the scripts in the environment at this folder: point them back.
    subprocess.run([sys.executable, ROOT / "tools" / "engine"], capture_output=True, check=True)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return variables without those of a real account, and with a Pulumi folder of the test's own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("CLOUDFLARE_", "PULUMI_"))}
    return {**others, "PULUMI_HOME": str(tmp_path / "home")}


def run(folder: Path, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def status_table(text: str) -> list[str]:
    """Return the lines of the first status table in `text`, without widths and times."""
    lines = text[text.index("  Database ") :].splitlines()[:5]
    return [re.sub(r"─+|20[-\dT:+]+", "*", " ".join(line.split())) for line in lines]


@pytest.mark.thorough
def test_make_up_twice_in_a_fresh_checkout(checkout: Path, environment: dict[str, str]) -> None:
    first = run(checkout, environment, *MAKE_UP)
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.count("+ 6 created") == 2
    assert "warning:" not in first.stdout
    table = first.stdout[first.stdout.index("Time Travel Enabled") :]
    for title, database in (("Development", "your-app-db-dev"), ("Production", "your-app-db-prod")):
        (row,) = [line for line in table.splitlines() if line.split()[:1] == [title]]
        assert database in row
        assert "Up to Date" in row
        assert "0003_create_files.sql" in row
    assert status_table((ROOT / "README.md").read_text()) == status_table(first.stdout)
    config = tomllib.loads((checkout / "wrangler.toml").read_text())
    assert config["d1_databases"][0]["database_id"] in first.stdout
    assert config["env"]["production"]["d1_databases"][0]["database_id"] in first.stdout

    second = run(checkout, environment, *MAKE_UP)
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.count("6 unchanged") == 2
    assert tomllib.loads((checkout / "wrangler.toml").read_text()) == config
    for stack in ("dev", "prod"):
        name = f"Pulumi.{stack}.yaml"
        assert (checkout / name).read_text() == (EXAMPLE / name).read_text(), "no salt is left behind"

    status = run(checkout, environment, str(D1), "local", "--", "d1", "status", "--json")
    assert [item["status"] for item in json.loads(status.stdout)] == ["up to date", "up to date", "not started"]
    (checkout / "migrations" / "0004_tags.sql").write_text("CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    status = run(checkout, environment, str(D1), "local", "--", "d1", "status", "--json")
    assert [item["status"] for item in json.loads(status.stdout)] == ["1 pending", "1 pending", "not started"]


@pytest.mark.parametrize("code", [0, 1, 42])
def test_local_ends_with_the_commands_exit_code(tmp_path: Path, environment: dict[str, str], code: int) -> None:
    completed = run(tmp_path, environment, str(D1), "local", "--", "sh", "-c", f"exit {code}")
    assert completed.returncode == code


def test_local_gives_the_command_an_emulator_that_answers(tmp_path: Path, environment: dict[str, str]) -> None:
    script = (
        "import os, cloudflare\n"
        "api = cloudflare.Cloudflare()\n"
        "made = api.d1.database.create(account_id=os.environ['CLOUDFLARE_ACCOUNT_ID'], name='made-here')\n"
        "print(made.name, os.environ['CLOUDFLARE_API_BASE_URL'] == os.environ['CLOUDFLARE_BASE_URL'])\n"
        "print(os.environ['PULUMI_BACKEND_URL'])\n"
    )
    completed = run(tmp_path, environment, str(D1), "local", "--state", "here", "--", sys.executable, "-c", script)
    assert completed.stdout == f"made-here True\n{(tmp_path / 'here' / 'pulumi').as_uri()}\n"
    again = run(tmp_path, environment, str(D1), "local", "--state", "here", "--", sys.executable, "-c", script)
    assert "7502" in again.stderr, "the databases are still there"


def test_local_names_a_command_that_is_not_there(tmp_path: Path, environment: dict[str, str]) -> None:
    completed = run(tmp_path, environment, str(D1), "local", "--", "wrangel", "d1", "list")
    assert completed.returncode == 1
    assert completed.stderr == "Error: wrangel is not on PATH: install it, or check the spelling\n"


def test_local_keeps_a_salt_that_encrypts_something(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "Pulumi.a.yaml").write_text("encryptionsalt: old\n")
    script = (
        "echo 'encryptionsalt: new' > Pulumi.b.yaml; "
        "printf 'config:\\n  a:b:\\n    secure: x\\nencryptionsalt: new\\n' > Pulumi.c.yaml; "
        "printf 'encryptionsalt: new\\nconfig: {}\\n' > Pulumi.d.yaml"
    )
    run(tmp_path, environment, str(D1), "local", "--", "sh", "-c", script)
    texts = {file.name: file.read_text() for file in tmp_path.glob("Pulumi.*.yaml")}
    assert texts == {
        "Pulumi.a.yaml": "encryptionsalt: old\n",
        "Pulumi.c.yaml": "config:\n  a:b:\n    secure: x\nencryptionsalt: new\n",
        "Pulumi.d.yaml": "config: {}\n",
    }


def test_an_interrupt_reaches_the_command_which_decides(tmp_path: Path, environment: dict[str, str]) -> None:
    script = "trap 'echo cleaning up; exit 7' INT; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [str(D1), "local", "--", "sh", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()
    assert (rest, process.returncode) == ("cleaning up\n", 7)
