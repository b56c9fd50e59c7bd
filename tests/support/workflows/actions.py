"""The workflows of templates/workflows, and what GitHub's runner does with their `run:` steps."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILES: Final = sorted((ROOT / "templates" / "workflows").glob("*.yml"))
EXPRESSION: Final = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
INSTALL: Final = "Install"
"""The step that makes the virtual environment, which tests have already."""

_SHELL: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What GitHub runs for `shell: bash` (workflow syntax, jobs.<job_id>.steps[*].shell)."""


@dataclass(frozen=True)
class Step:
    """A step that runs commands.

    Attributes:
        name: of it.
        id: under which later steps find its outputs; empty where it has none.
        condition: its `if`; empty where it has none.
        variables: its `env`, with expressions.
        script: its commands.
    """

    name: str
    id: str
    condition: str
    variables: Mapping[str, str]
    script: str


def read(name: str) -> dict[str, Any]:
    """A workflow as a mapping; the key `on` is True in YAML 1.1."""
    file = next(file for file in FILES if file.stem == name)
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def steps(job: Mapping[str, Any]) -> Iterator[Step]:
    """The steps of a job that run commands, without the installation."""
    for item in job["steps"]:
        if "run" in item and item["name"] != INSTALL:
            yield Step(item["name"], item.get("id", ""), item.get("if", ""), item.get("env", {}), item["run"])


@dataclass
class Run:
    """What a job did.

    Attributes:
        failed: name of the step that failed; empty where none did.
        log: what the steps printed.
        summary: what they wrote for people to read.
        outputs: of each step that has an id.
    """

    failed: str = ""
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Runs jobs in a checkout.

    Attributes:
        folder: the checkout.
        temporary: what is RUNNER_TEMP to the steps; emptied for each job, as each has a machine of its own.
        environment: variables of the machine.
        context: of expressions: `github`, `secrets` and `vars`, as nested mappings.
    """

    folder: Path
    temporary: Path
    environment: Mapping[str, str]
    context: Mapping[str, Any]

    def job(self, workflow: str, job: str, **event: Any) -> Run | None:
        """Runs a job for an event; None where its condition keeps it from running.

        Args:
            workflow: name of the file, without its end.
            job: id of the job.
            event: payload of the event, into `github.event`.
        """
        context = {**self.context, "github": {**self.context["github"], "event": event}, "steps": {}}
        found = read(workflow)["jobs"][job]
        if not holds(found.get("if", ""), context):
            return None
        self.temporary.mkdir(exist_ok=True)
        for file in self.temporary.iterdir():
            file.unlink()
        run = Run()
        for step in steps(found):
            context["steps"] = {name: {"outputs": outputs} for name, outputs in run.outputs.items()}
            if holds(step.condition, context) and not self._run(step, context, run):
                run.failed = step.name
                break
        return run

    def _run(self, step: Step, context: Mapping[str, Any], run: Run) -> bool:
        files = {name: self.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.temporary / "script.sh"
        script.write_text(step.script)
        variables = {
            name: EXPRESSION.sub(lambda at: str(value(at[1], context)), text) for name, text in step.variables.items()
        }
        done = subprocess.run(
            [*_SHELL, str(script)],
            cwd=self.folder,
            env={
                **self.environment,
                "GITHUB_REPOSITORY": context["github"]["repository"],
                "RUNNER_TEMP": str(self.temporary),
                **{name: str(file) for name, file in files.items()},
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        run.log += done.stdout + done.stderr
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        if step.id:
            run.outputs[step.id] = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return done.returncode == 0


def value(name: str, context: Mapping[str, Any]) -> Any:
    """What a dotted name stands for; empty where there is no such thing, as a secret in a fork."""
    found: Any = context
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    return found


def holds(condition: str, context: Mapping[str, Any]) -> bool:
    """Whether comparisons that are joined with && all hold."""
    for comparison in filter(None, condition.split("&&")):
        left, operator, right = comparison.split()
        wanted = right.strip("'") if right.startswith("'") else value(right, context)
        assert operator in {"==", "!="}
        if (value(left, context) == wanted) != (operator == "=="):
            return False
    return True


def stand_in(folder: Path, name: str, module: str) -> None:
    """Puts a command on the PATH that `folder` is on, which is a module of the tests."""
    root = ROOT
    script = folder / name
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m {module} "$0" "$@"\n')
    script.chmod(0o755)
