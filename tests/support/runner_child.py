"""One run in a process of its own that a test can kill. It assumes an empty ledger and prints its report as JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from d1_emulator.server import DEFAULT_TOKEN, environment
from pulumi_d1.cloudflare.database import connect
from pulumi_d1.migrations.folder import read_folder
from tests.support.paths import ROOT
from tests.support.runner import TARGET, apply_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_d1.cloudflare.database import D1Api
    from pulumi_d1.migrations.folder import Migration


def write(folder: Path, files: Sequence[Migration]) -> None:
    """Write the migrations to `folder`. Call this once: a run could read a file that is being rewritten as empty."""
    for file in files:
        (folder / file.name).write_text(file.sql)


def start(database: D1Api, folder: Path) -> subprocess.Popen[str]:
    """Start a run of the migrations in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder), database.database_id],
        cwd=ROOT,
        env=environment(database.client.base_url, DEFAULT_TOKEN, database.account_id),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(folder: str, database_id: str) -> None:
    """Run the files of `folder`."""
    # A shell starts background processes with SIGINT ignored, and Python keeps that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    database = connect(os.environ["CLOUDFLARE_ACCOUNT_ID"], database_id)
    report = apply_files(database, read_folder(Path(folder)), TARGET, known=())
    sys.stdout.write(json.dumps({"ran": report.ran, "by_others": report.by_others}))


if __name__ == "__main__":
    main(*sys.argv[1:])
