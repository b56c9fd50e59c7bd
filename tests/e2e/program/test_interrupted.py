"""Ctrl-C and kill -9 during `pulumi up`: the next run continues, and each file is applied once."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.pulumi_project import TOKEN
from tests.support.reliability.processes import AVAILABLE, descendants, kill_providers

if TYPE_CHECKING:
    from tests.support.pulumi_project import Emulator, Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
PENDING = ["0004_tags.sql", "0005_alone.sql"]


def arrange(emulator: Emulator, fault: dict[str, object]) -> None:
    """Sets the emulator's one fault."""
    url = httpx.URL(emulator.environment["CLOUDFLARE_BASE_URL"]).join("/emulator/faults")
    httpx.put(url, json={"faults": [fault]}, headers={"Authorization": f"Bearer {TOKEN}"}).raise_for_status()


def seen(emulator: Emulator) -> int:
    """Return the number of requests that the fault has selected."""
    url = httpx.URL(emulator.environment["CLOUDFLARE_BASE_URL"]).join("/emulator/faults")
    shown = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).raise_for_status().json()
    return int(shown["result"]["faults"][0]["seen"])


@pytest.mark.thorough
@pytest.mark.skipif(not AVAILABLE, reason="finds the provider's process in /proc")
@pytest.mark.parametrize("how", ["Ctrl-C", "kill -9 of the provider"])
def test_an_up_that_ends_within_a_write_is_gone_on_with(migrated: Project, emulator: Emulator, how: str) -> None:
    migrated.write(PENDING[0], "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO tags VALUES (1);\n")
    migrated.write(PENDING[1], "PRAGMA defer_foreign_keys = on;\nINSERT INTO tags VALUES (2);\n")
    arrange(emulator, {"fault": "latency", "ms": 1500, "endpoint": "query", "contains": "values ('0005_alone"})
    command = ["pulumi", "up", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command,
        cwd=migrated.folder,
        env=migrated.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as up:
        while not seen(emulator):
            assert up.poll() is None
        if how == "Ctrl-C":
            os.killpg(up.pid, signal.SIGINT)  # as a terminal sends it: to the engine and its plugins
        else:
            kill_providers(descendants(up.pid))
        printed = up.communicate()[0]
    assert up.returncode != 0, printed

    again = migrated.up()
    assert migrated.outputs()["applied_migrations"] == [*FILES, *PENDING], again.stdout
    assert migrated.database().read("SELECT id FROM tags ORDER BY id") == ({"id": 1}, {"id": 2})
    migrated.up("dev", "--expect-no-changes")
