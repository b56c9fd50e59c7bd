"""A terminal shows a counter, with no line for a database that was up to date. A log has a line for each."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.tenants import Tenants

pytestmark = pytest.mark.slow


def on_a_terminal(tenants: Tenants) -> str:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "pulumi_d1.cli", "fleet", "up", "--match", "shop-tenant-*", "--yes"]
    shown = b""
    with subprocess.Popen(
        command,
        cwd=tenants.project.folder,
        env={**tenants.project.environment, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # Linux reports a closed other end like this
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode()


def test_a_terminal_counts_and_a_log_has_a_line_for_each(tenants: Tenants) -> None:
    tenants.create(3)
    shown = on_a_terminal(tenants)
    assert "3 of 3 finished, 15 requests, under 1 s left" in shown
    assert "3/3 shop-tenant-" in shown
    shown = on_a_terminal(tenants)
    assert "3 of 3 finished, 3 requests" in shown
    assert "up to date;" not in shown
    log = tenants.project.d1("fleet", "up", "--match", "shop-tenant-*", "--yes").stderr
    assert sum(": up to date" in line for line in log.splitlines()) == 3
