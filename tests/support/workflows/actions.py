"""The workflows of templates/workflows, and a runner for their `run:` steps."""

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
ACTION: Final = ROOT / "templates" / "action" / "action.yml"
EXPRESSION: Final = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
INSTALL: Final = "Install"
"""The step that creates the virtual environment; tests have one."""

_SHELL: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""GitHub's command for `shell: bash` (workflow syntax, jobs.<job_id>.steps[*].shell)."""


@dataclass(frozen=True)
class Step:
    """A step that runs commands.

    Attributes:
        id: Key of its outputs for later steps; empty if it has none.
        condition: Its `if`; empty if it has none.
        variables: Its `env`, with expressions.
        script: Its commands.
    """

    name: str
    id: str
    condition: str
    variables: Mapping[str, str]
    script: str


def read(name: str) -> dict[str, Any]:
    """Return a workflow as a mapping; the key `on` is True in YAML 1.1."""
    file = next(file for file in FILES if file.stem == name)
    workflow: dict[str, Any] = yaml.safe_load(file.read_text())
    return workflow


def steps(job: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the steps of a job that run commands, without the installation."""
    for item in job["steps"]:
        if "run" in item and item["name"] != INSTALL:
            yield Step(item["name"], item.get("id", ""), item.get("if", ""), item.get("env", {}), item["run"])


@dataclass
class Run:
    """The result of a job.

    Attributes:
        failed: Name of the step that failed; empty if none did.
        log: Output of the steps.
        summary: Text that they wrote into the job's summary.
        outputs: Outputs of each step that has an id.
    """

    failed: str = ""
    log: str = ""
    summary: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Runs jobs in a checkout.

    Attributes:
        folder: The checkout.
        temporary: The folder RUNNER_TEMP; emptied for each job, because each has a machine of its own.
        environment: Environment variables of the machine.
        context: Values of expressions: `github`, `secrets` and `vars`, as nested mappings.
    """

    folder: Path
    temporary: Path
    environment: Mapping[str, str]
    context: Mapping[str, Any]

    def job(self, workflow: str, job: str, **event: Any) -> Run | None:
        """Run a job for an event, or return None if its condition is false.

        Args:
            workflow: Name of the file, without its suffix.
            job: Id of the job.
            event: Payload of the event, `github.event`.
        """
        definition = read(workflow)["jobs"][job]
        return self.run(definition, **event) if holds(definition.get("if", ""), self._context(event)) else None

    def run(self, definition: Mapping[str, Any], **event: Any) -> Run:
        """Run the steps of a job or of an action for an event."""
        context = self._context(event)
        self.temporary.mkdir(exist_ok=True)
        for file in self.temporary.iterdir():
            file.unlink()
        run = Run()
        for step in steps(definition):
            context["steps"] = {name: {"outputs": outputs} for name, outputs in run.outputs.items()}
            if holds(step.condition, context) and not self._run(step, context, run):
                run.failed = step.name
                break
        return run

    def _context(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.context, "github": {**self.context["github"], "event": event}, "steps": {}}

    def _run(self, step: Step, context: Mapping[str, Any], run: Run) -> bool:
        files = {name: self.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        script = self.temporary / "script.sh"
        script.write_text(step.script)
        variables = {
            name: EXPRESSION.sub(lambda at: str(value(at[1], context)), text) for name, text in step.variables.items()
        }
        process = subprocess.run(
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
        run.log += process.stdout + process.stderr
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        if step.id:
            run.outputs[step.id] = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return process.returncode == 0


def value(name: str, context: Mapping[str, Any]) -> Any:
    """Return the value of a dotted name; empty if it does not exist, such as a secret in a fork."""
    result: Any = context
    for part in name.split("."):
        result = result.get(part, "") if isinstance(result, dict) else ""
    return result


def holds(condition: str, context: Mapping[str, Any]) -> bool:
    """Return whether all comparisons, joined with &&, are true."""
    for comparison in filter(None, condition.split("&&")):
        left, operator, right = comparison.split()
        expected = right.strip("'") if right.startswith("'") else value(right, context)
        assert operator in {"==", "!="}
        if (value(left, context) == expected) != (operator == "=="):
            return False
    return True


def stand_in(folder: Path, name: str, module: str) -> None:
    """Write a command into `folder` that runs a module of the tests."""
    script = folder / name
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m {module} "$0" "$@"\n')
    script.chmod(0o755)
