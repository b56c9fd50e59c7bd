"""What our part of a `pulumi preview` costs: 200 applied and 5 pending files, against a program without migrations.

Run as `python -m bench.preview`. The program that it is compared with makes a database and its bindings, and leaves the
migrations out. Both run in turns, on the real engine and one emulator.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from emulator.server import environment, serving
from engine import finder, shims

ROOT = Path(__file__).parents[1]
RUNS = 7
APPLIED, PENDING = 200, 5
WITHOUT = """
from dataclasses import asdict
import pulumi
from infra.program.bindings import WranglerBindings
from infra.program.database import D1Database
from infra.program.stack_settings import stack_settings
from infra.render.binding import Binding

settings = stack_settings()
inputs = {"accountId": settings.account_id, "name": settings.database_name, "readReplication": {"mode": "disabled"}}
database = D1Database("database", inputs, pulumi.ResourceOptions())
entry = Binding("w", "", "DB", settings.database_name, "", "migrations", "", "d1_migrations")
WranglerBindings("bindings", inputs={**asdict(entry), "path": "wrangler.toml", "database_id": database.id})
"""


def main() -> None:
    """Measures, and prints the table."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "emulator") as address:
        variables = {
            **os.environ,
            **_engine(),
            **environment(address.base_url, "emulator-token"),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": f"{name}/home",
        }
        programs = {"with migrations": _project(name, "ours", variables), "without": _project(name, "bare", variables)}
        (programs["without"] / "__main__.py").write_text(WITHOUT)
        (programs["without"] / "Pulumi.dev.yaml").write_text("config:\n  your-app:projectName: bare\n")
        for number in range(APPLIED):
            sql = f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
            (programs["with migrations"] / "migrations" / f"{1000 + number}_t.sql").write_text(sql)
        for program in programs.values():
            _pulumi(program, variables, "up", "--yes", "--skip-preview")
        for number in range(PENDING):
            (programs["with migrations"] / "migrations" / f"{2000 + number}_t.sql").write_text(
                f"DROP TABLE t{number};\n"
            )
        seconds: dict[str, list[float]] = {label: [] for label in programs}
        for _ in range(RUNS):
            for label, program in programs.items():
                started = time.perf_counter()
                _pulumi(program, variables, "preview")
                seconds[label].append(time.perf_counter() - started)
    medians = {label: statistics.median(values) for label, values in seconds.items()}
    print("| `pulumi preview` | median | lowest | highest |\n|---|---|---|---|")
    for label, values in seconds.items():
        print(f"| {label} | {medians[label]:.2f} s | {min(values):.2f} s | {max(values):.2f} s |")
    ours = medians["with migrations"] - medians["without"]
    print(f"\nOur own time: {ours * 1000:.0f} ms, {RUNS} runs of each in turns.")


def _engine() -> dict[str, str]:
    engine = finder.find()
    if engine is None:
        sys.exit("there is no Pulumi engine: run 'make engine'")
    found = finder.environment(engine)
    return {**found, "PATH": os.pathsep.join([str(shims.provider_standin()), found["PATH"]])}


def _project(parent: str, name: str, variables: dict[str, str]) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(ROOT / file, folder)
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "state").mkdir()
    _pulumi(folder, variables, "stack", "init")
    return folder


def _pulumi(folder: Path, variables: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        ["pulumi", *command, "--stack", "dev", "--non-interactive"],
        cwd=folder,
        env={**variables, "PULUMI_BACKEND_URL": (folder / "state").as_uri()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
