"""The life of an ephemeral environment on the real engine: up, up again, killed, locked, down, swept."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import Account, connect_account
from tests.support.faults import arrange
from tests.support.inspect_project import FILES, ledger
from tests.support.pulumi_project import TOKEN
from tests.support.reliability.processes import AVAILABLE, descendants, kill_providers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

D1 = [sys.executable, "-m", "pulumi_d1.cli"]
LOCKED = 75


def d1(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = project.run(*D1, *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def account(project: Project) -> Account:
    return connect_account(project.account, token=TOKEN)


def names(project: Project) -> list[str]:
    return sorted(item.name for item in account(project).databases())


def stacks(project: Project) -> list[str]:
    return sorted(item["name"] for item in json.loads(project.pulumi("stack", "ls", "--json").stdout))


def files(project: Project) -> list[str]:
    return sorted(file.name for file in project.folder.iterdir() if file.name != "exports")


def exports(project: Project, database: str) -> str:
    """Return the exports that were made before a deletion."""
    return b"".join(
        gzip.decompress(file.read_bytes()) for file in (project.folder / "exports").glob(f"{database}-2*.sql.gz")
    ).decode()


def backend(project: Project) -> Path:
    return project.folder.parent / "state" / ".pulumi"


def lock(project: Project, stack: str, process: int) -> None:
    """As Pulumi locks a stack."""
    folder = backend(project) / "locks" / "organization" / "your-app" / stack
    folder.mkdir(parents=True, exist_ok=True)
    holder = {"pid": process, "username": "u", "hostname": socket.gethostname(), "timestamp": datetime.now(UTC)}
    (folder / "7a3bd1cb-7f2b-4a05-9d1a-6fdc5f47f9ab.json").write_text(json.dumps(holder, default=datetime.isoformat))


def kill_while_creating(project: Project, number: int) -> None:
    """Kills `d1 ephemeral up` and all below it once Cloudflare has created the database, and before it has said so."""
    api = account(project)
    arrange(api.client, faults=[{"fault": "latency", "ms": 8_000, "when": "after", "endpoint": "create"}])
    command = [*D1, "ephemeral", "up", str(number)]
    name = f"your-app-db-pr-{number}"
    with subprocess.Popen(
        command, cwd=project.folder, env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as up:
        while name not in names(project):
            assert up.poll() is None
            time.sleep(0.05)
        below = descendants(up.pid)
        for process in (up.pid, *below[:1]):
            os.kill(process, signal.SIGKILL)
        kill_providers(below)
    arrange(api.client, faults=[])


def everything(project: Project, *names: str) -> list[Any]:
    """State and rows of stacks, to the byte."""
    exports = [project.pulumi("stack", "export", "--stack", name).stdout for name in names]
    rows = [project.database(name).read("SELECT * FROM users ORDER BY id") for name in names]
    return [*exports, *rows, *(ledger(project, name) for name in names)]


def test_up_twice_and_down_twice_leave_nothing_but_what_was_there(migrated: Project) -> None:
    before, wrangler = files(migrated), (migrated.folder / "wrangler.toml").read_text()
    outputs = json.loads(d1(migrated, "ephemeral", "up", "12", "--json").stdout)
    assert outputs["database_name"] == "your-app-db-pr-12"
    assert outputs["ttl"] == "7d"
    migrated.up("pr-12", "--expect-no-changes")

    (listed,) = json.loads(d1(migrated, "ephemeral", "list", "--json").stdout)
    assert (listed["stack"], listed["database_id"]) == ("pr-12", outputs["database_id"])
    lives = datetime.fromisoformat(listed["expires"]) - datetime.fromisoformat(listed["updated"])
    assert lives == timedelta(days=7)

    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    assert "pr-12 is up: your-app-db-pr-12" in d1(migrated, "ephemeral", "up", "12", "--ttl", "72h").stdout
    assert ledger(migrated, "pr-12") == [*FILES, "0004_tags.sql"]
    (renewed,) = json.loads(d1(migrated, "ephemeral", "list", "--json").stdout)
    assert (renewed["ttl"], renewed["expired"]) == ("72h", False)
    assert renewed["updated"] > listed["updated"]

    account(migrated).delete(outputs["database_id"])
    assert "pr-12 is up" in d1(migrated, "ephemeral", "up", "12").stdout
    assert ledger(migrated, "pr-12") == [*FILES, "0004_tags.sql"]

    lock(migrated, "pr-12", os.getpid())
    busy = d1(migrated, "ephemeral", "up", "12", code=LOCKED)
    assert "another run has locked stack 'pr-12': wait until it ends" in busy.stderr
    assert d1(migrated, "ephemeral", "down", "12", code=LOCKED).stderr.count("currently locked") == 1
    lock(migrated, "pr-12", 99_999_999)  # above the highest that Linux gives: nobody's
    assert d1(migrated, "ephemeral", "down", "12").stdout.endswith("pr-12 is deleted\n")
    assert d1(migrated, "ephemeral", "down", "12").stdout == "there is no pr-12: nothing to do\n"
    assert (stacks(migrated), names(migrated), files(migrated)) == (["dev"], ["your-app-db-dev"], before)
    assert (migrated.folder / "wrangler.toml").read_text() == wrangler

    for command in ("up", "down"):
        assert "never ephemeral" in d1(migrated, "ephemeral", command, "dev", code=1).stderr


@pytest.mark.skipif(not AVAILABLE, reason="finds the provider's process in /proc")
def test_what_a_kill_leaves_is_taken_over_by_the_next_up_and_taken_away_by_the_next_down(project: Project) -> None:
    kill_while_creating(project, 12)
    (left,) = account(project).databases()
    d1(project, "ephemeral", "up", "12")
    assert project.outputs("pr-12")["database_id"] == left.id
    assert ledger(project, "pr-12") == FILES
    assert "adopt" not in (project.folder / "Pulumi.pr-12.yaml").read_text()
    d1(project, "ephemeral", "down", "12")

    kill_while_creating(project, 13)
    before = files(project)
    assert d1(project, "ephemeral", "down", "13").stdout.endswith("pr-13 is deleted\n")
    assert (stacks(project), names(project)) == (["dev"], [])
    assert set(before) - set(files(project)) == {"Pulumi.pr-13.yaml"}


def test_a_database_with_rows_that_somebody_has_made_is_not_taken_over_by_what_expires(project: Project) -> None:
    made = account(project).create("your-app-db-demo")
    made.write("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')")
    refused = d1(project, "ephemeral", "up", "demo", code=1).stderr
    assert (
        f"there is a database your-app-db-demo ({made.database_id}) already: no stack owns it, and it holds" in refused
    )
    assert stacks(project) == ["dev"]
    project.pulumi("stack", "init", "demo")
    project.pulumi("config", "set", "ttl", "7d", "--stack", "demo")
    assert "kept the database your-app-db-demo" in d1(project, "ephemeral", "down", "demo").stderr
    assert made.read("SELECT text FROM notes") == ({"text": "mine"},)

    made.write("DROP TABLE notes")
    d1(project, "ephemeral", "up", "demo")
    assert project.outputs("demo")["database_id"] == made.database_id
    d1(project, "ephemeral", "down", "demo")
    assert (stacks(project), names(project)) == (["dev"], [])


def test_a_sweep_takes_what_is_left_over_and_no_byte_of_dev_and_prod(project: Project) -> None:
    api = account(project)
    project.pulumi("stack", "init", "prod")
    for stack in ("dev", "prod"):
        project.up(stack)
        project.database(stack).write(f"INSERT INTO users (email, password_hash, name) VALUES ('a@b', 'x', '{stack}')")
    kept = (project.folder / "wrangler.toml").read_text()
    before = everything(project, "dev", "prod")
    for number in ("12", "13", "14"):
        d1(project, "ephemeral", "up", number)
    api.delete(project.outputs("pr-14")["database_id"])
    state = backend(project) / "stacks" / "your-app" / "pr-13.json"
    found = json.loads(state.read_text())
    found["checkpoint"]["latest"]["manifest"]["time"] = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    state.write_text(json.dumps(found))
    orphan = api.create("your-app-db-pr-15")
    orphan.write("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept in a file')")
    for other in ("your-app-db-db-pr-15", "your-app-2-db-pr-15", "other-db-pr-15", "your-app-db-staging"):
        api.create(other)
    others = [name for name in names(project) if "-pr-1" not in name or name.endswith("-pr-12") or "-15" in name]

    shown = json.loads(d1(project, "sweep", "--open", "12", "--open", "13", "--open", "14", "--json").stdout)
    assert [(item["kind"], item["name"]) for item in shown] == [("stack", "pr-13"), ("stack", "pr-14")]
    young = json.loads(d1(project, "sweep", "--open", "12", "--json").stdout)
    assert "your-app-db-pr-15" not in [item["name"] for item in young]
    assert stacks(project) == ["dev", "pr-12", "pr-13", "pr-14", "prod"]

    lock(project, "pr-13", os.getpid())
    options = ("sweep", "--open", "12", "--grace", "0", "--yes", "--json")
    first = json.loads(d1(project, *options, code=1).stdout)
    assert [(item["name"], item["result"].partition(":")[0]) for item in first] == [
        ("pr-13", "failed"),
        ("pr-14", "deleted"),
        ("your-app-db-pr-15", "deleted"),
    ]
    project.pulumi("cancel", "--stack", "pr-13", "--yes")
    assert [item["name"] for item in json.loads(d1(project, *options).stdout)] == ["pr-13"]
    assert d1(project, "sweep", "--open", "12").stdout == "checked 3 stacks: no leftovers\n"
    assert stacks(project) == ["dev", "pr-12", "prod"]
    assert names(project) == [name for name in others if name != "your-app-db-pr-15"]
    assert "kept in a file" in exports(project, "your-app-db-pr-15")
    d1(project, "ephemeral", "down", "12")
    assert (project.folder / "wrangler.toml").read_text() == kept
    assert everything(project, "dev", "prod") == before
