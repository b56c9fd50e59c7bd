"""One stack with a database and migrations for each cell, on the real engine and an emulator."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi

from tests.support.emulator_process import result
from tests.support.reliability.impatient import sitecustomize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import httpx

    from tests.support.reliability.cells import Cell, Rule

_PROGRAM = Path(__file__).parent / "program"
_TYPE = "pulumi-python:dynamic/d1:Migrations"
_CONTROL = "/emulator/faults"
_TABLES = "SELECT name FROM sqlite_master WHERE name GLOB 'made_by_*'"
_TRACES = (
    "SELECT 'ledger' AS trace, id, name FROM d1_migrations UNION ALL SELECT 'log', rowid, file FROM log "
    "UNION ALL SELECT 'table', rowid, name FROM sqlite_master WHERE name GLOB 'made_by_*' ORDER BY trace, id"
)


@dataclass(frozen=True)
class CellStack:
    """A stack with a database for each cell.

    Attributes:
        folder: The folder of Pulumi.yaml.
        environment: The environment variables of every command.
        cells: The cells, one for each database.
        http: The emulator; paths are relative to the account's D1.
    """

    folder: Path
    environment: Mapping[str, str]
    cells: Sequence[Cell]
    http: httpx.Client

    @classmethod
    def make(
        cls, folder: Path, variables: Mapping[str, str], cells: Iterable[Cell], http: httpx.Client, **more: str
    ) -> CellStack:
        """Write the project into an empty folder, and create its stack.

        Args:
            folder: The folder.
            variables: The variables of the engine and of the emulator.
            cells: The cells, one for each database.
            http: The emulator.
            more: Further variables.
        """
        project = folder / "project"
        stack = cls(project, {**variables, **_own_variables(folder), **more}, tuple(cells), http)
        shutil.copytree(_PROGRAM, project)
        (project / ".venv").symlink_to(sys.prefix)
        for cell in stack.cells:
            (project / cell.name).mkdir()
            for file in cell.files:
                (project / cell.name / file.name).write_text(file.sql)
        stack.pulumi("stack", "init", "cells").check_returncode()
        return stack

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a pulumi command."""
        command = ("pulumi", *arguments, "--non-interactive")
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            shown = process.communicate()[0]
        return subprocess.CompletedProcess(process.args, process.returncode, shown)

    def start_up(self) -> subprocess.Popen[str]:
        return self.start("up", "--yes", "--skip-preview", "--continue-on-error", "--parallel", "64")

    def up(self) -> subprocess.CompletedProcess[str]:
        with self.start_up() as process:
            shown = process.communicate()[0]
        return subprocess.CompletedProcess(process.args, process.returncode, shown)

    def unlock(self) -> None:
        """Remove the lock of a killed engine and forget its pending creations, as a user would."""
        self.pulumi("cancel", "--yes").check_returncode()
        self.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview").check_returncode()

    def arrange(self, rules: Iterable[Rule] = ()) -> None:
        """Set the emulator's faults, after rules that count each cell's attempts."""
        counting = [{"fault": "latency", "times": None, **cell.attempt} for cell in self.cells]
        result(self.http.put(self.http.base_url.join(_CONTROL), json={"faults": [*counting, *rules]}))

    def attempts(self) -> dict[str, int]:
        """Return how often the struck files were sent since `arrange`, by cell."""
        rules = result(self.http.get(self.http.base_url.join(_CONTROL)))["faults"]
        return {cell.name: rule["seen"] for cell, rule in zip(self.cells, rules, strict=False)}

    def requests_in_progress(self) -> int:
        """Return the number of requests that the emulator has not answered yet."""
        return int(result(self.http.get(self.http.base_url.join(_CONTROL)))["in_progress"])

    def finished(self) -> set[str]:
        """Return the cells whose files are all applied according to the state."""
        exported = json.loads(self.pulumi("stack", "export").stdout)["deployment"].get("resources", [])
        files = {cell.name: [file.name for file in cell.files] for cell in self.cells}
        resources: list[dict[str, Any]] = [item for item in exported if item["type"] == _TYPE]
        by_name = {item["urn"].rpartition("::")[2]: item for item in resources}
        return {
            name
            for name, item in by_name.items()
            if not item.get("initErrors") and item["outputs"]["applied"] == files[name]
        }

    def applied(self, cell: Cell) -> bool:
        """Return whether the cell's struck files have taken effect."""
        (answer,) = result(self.http.post(f"/database/{self._uuids()[cell.name]}/query", json={"sql": _TABLES}))
        return {"name": f"made_by_{cell.struck[0].name[:4]}"} in answer["results"]

    def differences(self) -> list[str]:
        """Return a line for each cell whose ledger, rows and schema do not show each file applied once, in order."""
        uuids, lines = self._uuids(), []
        for cell in self.cells:
            (answer,) = result(self.http.post(f"/database/{uuids[cell.name]}/query", json={"sql": _TRACES}))
            traces: dict[str, list[str]] = {"ledger": [], "log": [], "table": []}
            for row in answer["results"]:
                traces[row["trace"]].append(row["name"])
            expected = {
                "ledger": [file.name for file in cell.files],
                "log": cell.rows,
                "table": cell.tables,
            }
            if traces != expected:
                lines.append(f"{cell}: {traces}")
        return lines

    def _uuids(self) -> dict[str, str]:
        listed = result(self.http.get("/database", params={"per_page": 1000}))
        return {item["name"]: item["uuid"] for item in listed}


def _own_variables(folder: Path) -> dict[str, str]:
    """Return variables for Pulumi's state and home in `folder`, and for an impatient provider."""
    (folder / "state").mkdir()
    # Reading all certificates takes most of the time of creating a client, and the emulator needs none.
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    (folder / "certificate.pem").write_text(first + end)
    return {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_HOME": str(folder / "home"),
        "PYTHONPATH": str(Path(sitecustomize.__file__).parent),
        "SSL_CERT_FILE": str(folder / "certificate.pem"),
    }
