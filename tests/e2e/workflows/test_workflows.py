"""The workflows are valid, have no more rights than they need, and call commands that exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from pulumi_d1.cli.main import main
from pulumi_d1.scaffold.project_files import ScaffoldFile, workflow_file
from tests.support.paths import ROOT
from tests.support.workflows import actions
from tests.support.workflows.actions import ACTION, EXPRESSION, FILES, INSTALL, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = ROOT / ".github" / "workflows" / "release.yml"
PINNED = re.compile(r"uses: (?P<action>[\w/-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+.*")
WRITES = {("d1-preview", "preview", "pull-requests"), ("d1-preview", "preview", "security-events")}
"""The rights to write: one job may write the comment and the findings in the diff."""

EVENTS = [{"pull_request": {"number": 12, "head": {"repo": {"full_name": name}}}} for name in ("a/shop", "fork/shop")]
SECRETS = ["CLOUDFLARE_API_TOKEN", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"]


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in FILES:
        for name, job in actions.read(file.stem)["jobs"].items():
            yield file.stem, name, job


JOBS = [pytest.param(*job, id=f"{job[0]}/{job[1]}") for job in jobs()]


def test_the_workflows_match_githubs_schema() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    process = subprocess.run([*command, *map(str, [*FILES, RELEASE])], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout
    assert FILES


def test_the_action_matches_githubs_schema() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.github-actions"]
    process = subprocess.run([*command, str(ACTION)], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout


def action_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return steps


def test_the_action_has_the_steps_of_the_preview_for_any_stacks() -> None:
    _, *steps = actions.read("d1-preview")["jobs"]["preview"]["steps"]  # the first one checks out
    own = action_steps()
    assert [step.get("name", step.get("uses")) for step in own] == [
        step.get("name", step.get("uses")) for step in steps
    ]
    options = 'stacks=()\nfor stack in $STACKS; do stacks+=(--stack "$stack"); done\n'
    for ours, theirs in zip(own, steps, strict=True):
        assert ours.get("if") == theirs.get("if")
        same = theirs.get("run", "").replace("--stack dev --stack prod", '"${stacks[@]}"')
        assert ours.get("run", "").removeprefix(options) == same
        assert ("shell" in ours) == ("run" in ours)
        assert not EXPRESSION.search(ours.get("run", "")), "an expression in a script runs as code"


@pytest.mark.parametrize(("token", "access"), [("a-secret", "--state"), ("", "--offline")])
def test_the_action_reviews_its_stacks(recorded: Path, token: str, access: str) -> None:
    folder = recorded.parent
    environment = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "RECORDED": str(recorded)}
    inputs = {"stacks": "dev prod-eu", "cloudflare-api-token": token}
    context = {"github": {"repository": "a/shop"}, "inputs": inputs}
    recorded.write_text("")
    Runner(folder, folder / "tmp", environment, context).run({"steps": action_steps()}, **EVENTS[1])
    first, *_ = [json.loads(line) for line in recorded.read_text().splitlines()]
    assert first[:7] == ["d1", "comment", "--stack", "dev", "--stack", "prod-eu", access]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_program_in_a_folder_of_its_own_has_its_workflows_run_there(file: Path) -> None:
    text = file.read_text()
    assert workflow_file(file.name, text, ".", ".venv") == ScaffoldFile(file.name, text)
    moved = workflow_file(file.name, text, "on", "../.venv").content
    content = yaml.safe_load(moved)
    assert content["defaults"]["run"]["working-directory"] == "on"
    installs = [step["run"] for job in content["jobs"].values() for step in job["steps"] if step.get("name") == INSTALL]
    assert len(installs) == len(content["jobs"])
    assert all("-m venv ../.venv\n" in text for text in installs)


def test_every_action_is_pinned_to_one_commit() -> None:
    lines = [
        line.strip().removeprefix("- ") for file in [*FILES, ACTION, RELEASE] for line in file.read_text().splitlines()
    ]
    uses = [line for line in lines if line.startswith("uses:")]
    matches = [PINNED.fullmatch(line) for line in uses]
    assert [line for line, match in zip(uses, matches, strict=True) if match is None] == []
    pins = {match["action"]: match["commit"] for match in matches if match}
    assert {(match["action"], match["commit"]) for match in matches if match} == set(pins.items())
    assert set(pins) == {
        "actions/checkout",
        "actions/setup-python",
        "github/codeql-action/upload-sarif",
        "pulumi/actions",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_forks_code_never_runs_with_secrets_and_no_event_text_becomes_code(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert set(content[True]) <= {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        for step in job["steps"]:
            assert not EXPRESSION.search(step.get("run", "")), "an expression in a script runs as code"
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_a_job_has_few_rights_and_a_timeout(workflow: str, name: str, job: dict[str, Any]) -> None:
    writes = {(workflow, name, scope) for scope, right in job["permissions"].items() if right != "read"}
    assert writes <= WRITES
    assert job["timeout-minutes"] <= 60
    top = actions.read(workflow)
    commands = " ".join(step.script for step in actions.steps(job))
    limits = job.get("concurrency") or top.get("concurrency")
    if "pulumi up" in commands or "ephemeral" in commands or "sweep" in commands:
        assert limits is not None
        assert limits["cancel-in-progress"] is False, "a cancelled run leaves a locked stack"


def test_prod_waits_for_an_approval() -> None:
    production = actions.read("d1-production")["jobs"]
    assert production["prod"]["environment"] == "production"
    assert (production["prod"]["needs"], production["plan"]["needs"]) == ("plan", "dev")
    others = [job for _, _, job in jobs() if "--stack prod --yes" in json.dumps(job)]
    assert [job.get("environment") for job in others] == ["production"]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name in ("d1", "pulumi", "gh"):
        actions.stand_in(tmp_path / "bin", name, "tests.support.workflows.recorder")
    return tmp_path / "recorded"


def calls(recorded: Path, workflow: str, job: str, event: dict[str, Any], *, secrets: bool) -> list[list[str]]:
    """Return the commands that the scripts of a job run, with their arguments."""
    folder = recorded.parent
    environment = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "RECORDED": str(recorded)}
    context: dict[str, Any] = {
        "github": {"repository": "a/shop", "token": "t", "actor": "ada"},
        "secrets": dict.fromkeys(SECRETS if secrets else [], "a-secret"),
    }
    recorded.write_text("")
    action = "closed" if job == "down" else "opened"
    context["needs"] = {"plan": {"outputs": {"changes": "true"}}}
    Runner(folder, folder / "tmp", environment, context).job(workflow, job, action=action, **event)
    return [json.loads(line) for line in recorded.read_text().splitlines()]


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS)
def test_every_command_and_option_exists(
    recorded: Path, workflow: str, name: str, job: dict[str, Any], engine_environment: dict[str, str]
) -> None:
    commands = [
        call
        for event in EVENTS
        for secrets in (True, False)
        for call in calls(recorded, workflow, name, event, secrets=secrets)
    ]
    assert commands, "the job does nothing"
    assert {step.name for step in actions.steps(job)}.isdisjoint({INSTALL})
    for program, *arguments in {tuple(call): call for call in commands}.values():
        if program == "d1":
            parse(arguments)
        elif program == "pulumi":
            shown = help_of(arguments[0], {**os.environ, **engine_environment})
            assert [option for option in arguments if option.startswith("--") and option not in shown] == []


def help_of(command: str, environment: dict[str, str]) -> str:
    pulumi = shutil.which("pulumi", path=environment["PATH"])
    assert pulumi is not None
    process = subprocess.run([pulumi, command, "--help"], env=environment, capture_output=True, text=True, check=True)
    return process.stdout


def parse(arguments: list[str]) -> None:
    """Parse arguments as `d1` does, and run nothing.

    Raises:
        click.UsageError: The arguments are wrong.
    """
    command: click.Command | None = main
    context = click.Context(main, **main.context_settings)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        context = click.Context(command, context, info_name=name)
    assert command is not None
    with command.make_context(context.info_name, arguments, parent=context.parent):
        pass  # closes the files that the arguments name


def test_a_pull_request_without_secrets_is_previewed_offline_and_one_from_a_fork_gets_no_comment(
    recorded: Path,
) -> None:
    ours, fork = EVENTS
    run = [call for call in calls(recorded, "d1-preview", "preview", fork, secrets=False) if call[0] == "d1"]
    offline, tests = run
    assert "--offline" in offline
    assert "--state" not in offline
    assert tests == ["d1", "test"]
    run = [call for call in calls(recorded, "d1-preview", "preview", ours, secrets=True) if call[0] == "d1"]
    online, tests = run
    assert "--state" in online
    assert tests == ["d1", "test"]


@pytest.mark.parametrize("job", ["up", "down"])
def test_a_fork_gets_no_database(recorded: Path, job: str) -> None:
    ours, fork = EVENTS
    assert calls(recorded, "d1-ephemeral", job, fork, secrets=True) == []
    assert calls(recorded, "d1-ephemeral", job, ours, secrets=True) == [["d1", "ephemeral", job, "12"]]


def test_a_release_is_built_from_its_tag_and_published_without_a_token() -> None:
    content = yaml.safe_load(RELEASE.read_text())
    assert content[True] == {"push": {"tags": ["v*"]}}
    (job,) = content["jobs"].values()
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    compare = next(step["run"] for step in job["steps"] if step.get("name") == "Compare the tag with the version")
    tagged = f"v{version('pulumi-d1')}"
    for tag, code in ((tagged, 0), (f"{tagged}0", 1)):
        environment = {**os.environ, "GITHUB_REF_NAME": tag}
        assert subprocess.run(["bash", "-c", compare], cwd=ROOT, env=environment, check=False).returncode == code  # noqa: S607 - on PATH


@pytest.mark.parametrize(("sql", "code"), [("CREATE TABLE t (id INTEGER);", 0), ("CREATE TABLE;", 1)])
def test_the_hook_of_pre_commit_passes_what_d1_accepts(tmp_path: Path, sql: str, code: int) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_a.sql").write_text(sql)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = shlex.split(hook["entry"])
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert re.search(hook["files"], "migrations/0001_a.sql")
