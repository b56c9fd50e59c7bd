"""The life of a pull request, with the scripts of the workflow templates, on the real engine."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import connect_account
from pulumi_d1.reports.comment import MARKER
from tests.support.pulumi_project import TOKEN
from tests.support.workflows import actions
from tests.support.workflows.actions import Run, Runner
from tests.support.workflows.gh_standin import BOT, PAGE

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

REPOSITORY = "ada/shop"
TAGS = "CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);\n"
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY);\nDROP TABLE sessions;\n"


@dataclass(frozen=True)
class GitHub:
    """A repository whose workflows run in a project's folder.

    Attributes:
        project: The checkout.
        runner: The runner of its workflows.
        file: The file in which the stand-in for GitHub keeps its data.
    """

    project: Project
    runner: Runner
    file: Path

    def job(self, workflow: str, job: str, number: int = 0, *, action: str = "synchronize", fork: bool = False) -> Run:
        """Runs a job, which must not be kept from it by its condition."""
        head = {"repo": {"full_name": "eve/shop" if fork else REPOSITORY}}
        event = {"action": action, "pull_request": {"number": number, "head": head}}
        done = self.runner.job(workflow, job, **event)
        assert done is not None, f"{job} did not run"
        return done

    def done(self, workflow: str, job: str, number: int = 0, *, action: str = "synchronize") -> Run:
        """Runs a job that must succeed."""
        run = self.job(workflow, job, number, action=action)
        assert run.failed == "", run.log
        return run

    def comments(self, number: int) -> list[dict[str, Any]]:
        kept = json.loads(self.file.read_text())["comments"]
        return [item for item in kept if item["issue"] == number and item["user"]["login"] == BOT]

    def keep(self, **state: Any) -> None:
        kept = json.loads(self.file.read_text()) if self.file.exists() else {"repository": REPOSITORY, "open": []}
        self.file.write_text(json.dumps({**kept, **state}))


@pytest.fixture
def github(project: Project, tmp_path: Path) -> GitHub:
    (tmp_path / "bin").mkdir()
    actions.stand_in(tmp_path / "bin", "gh", "tests.support.workflows.gh_standin")
    folders = [str(tmp_path / "bin"), str(Path(sys.executable).parent), project.environment["PATH"]]
    environment = {**project.environment, "PATH": os.pathsep.join(folders), "GH_STANDIN": str(tmp_path / "github.json")}
    for name in ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"):
        del environment[name]
    context = {
        "github": {"repository": REPOSITORY, "token": "a-token", "actor": "ada"},
        "secrets": {"CLOUDFLARE_API_TOKEN": TOKEN},
        "vars": {
            "CLOUDFLARE_ACCOUNT_ID": project.account,
            "PULUMI_BACKEND_URL": project.environment["PULUMI_BACKEND_URL"],
        },
    }
    made = GitHub(project, Runner(project.folder, tmp_path / "runner", environment, context), tmp_path / "github.json")
    # Others have written as much as fills a page, and one of them what looks like our comment.
    texts = [f"{MARKER}\nnot ours", *("fine" for _ in range(PAGE))]
    others = [{"id": at, "issue": 12, "user": {"login": "eve"}, "body": text} for at, text in enumerate(texts, start=1)]
    made.keep(comments=others)
    return made


def photograph(project: Project) -> dict[str, Any]:
    """All that dev and prod are: state, every row, history of the database, and the wrangler configuration."""
    taken: dict[str, Any] = {"wrangler.toml": (project.folder / "wrangler.toml").read_bytes()}
    for stack in ("dev", "prod"):
        database = project.database(stack)
        names = database.read("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'")
        tables = sorted(row["name"] for row in names if not row["name"].startswith("_cf_"))
        taken[stack] = {
            "state": project.pulumi("stack", "export", "--stack", stack).stdout,
            "rows": {table: database.read(f"SELECT * FROM {table}") for table in tables},
            "bookmark": database.bookmark(),
        }
    return taken


def databases(project: Project) -> list[str]:
    return sorted(item.name for item in connect_account(project.account, token=TOKEN).databases())


def tables(project: Project, database: str) -> set[str]:
    found = connect_account(project.account, token=TOKEN).find(database)
    return {row["name"] for row in found.read("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_pull_requests_are_opened_pushed_to_closed_and_abandoned_and_dev_and_prod_stay_as_they_are(
    github: GitHub,
) -> None:
    project = github.project
    project.pulumi("stack", "init", "prod")
    for stack in ("dev", "prod"):
        project.up(stack)
        project.database(stack).write("INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a', '-', 'Ada')")
        project.database(stack).write("INSERT INTO sessions (id, user_id, expires_at) VALUES ('s', 1, '2030-01-01')")
    permanent = ["your-app-db-dev", "your-app-db-prod"]
    before = photograph(project)

    # Opened.
    project.write("0004_tags.sql", TAGS)
    run = github.done("d1-preview", "preview", 12, action="opened")
    (first,) = github.comments(12)
    assert first["body"] == run.summary
    assert first["body"].startswith(f"{MARKER}\n")
    assert first["body"].count("```diff\n+ table tags  id, name\n```") == 2
    assert f"bookmark `{before['prod']['bookmark']}`" in first["body"]
    github.done("d1-ephemeral", "up", 12, action="opened")
    assert databases(project) == [*permanent[:1], "your-app-db-pr-12", *permanent[1:]]
    assert "tags" in tables(project, "your-app-db-pr-12")

    # After a push, prod would lose rows: the check fails, and a new comment with the reason replaces the old one.
    project.write("0005_notes.sql", NOTES)
    run = github.job("d1-preview", "preview", 12)
    assert run.failed == "Verdict", run.log
    (second,) = github.comments(12)
    assert second["id"] == first["id"]
    dev, prod = second["body"].split("#### Production")
    finding = "- `migrations/0005_notes.sql:2:1` **D102** `sessions is dropped with its rows (1 row)`"
    assert finding in dev.partition("**Warnings**")[2]
    assert finding in prod.partition("**Errors**")[2].partition("**Pending**")[0]

    # Pushed to again, with the reason.
    project.write("0005_notes.sql", NOTES.replace("DROP", "-- d1:allow D102 sessions live in KV now\nDROP"))
    github.done("d1-preview", "preview", 12)
    (third,) = github.comments(12)
    assert third["id"] == first["id"]
    assert third["body"].count("allowed: `sessions live in KV now`") == 2
    github.done("d1-ephemeral", "up", 12)
    assert "notes" in tables(project, "your-app-db-pr-12")

    # Closed, and the same event twice.
    for _ in range(2):
        github.done("d1-ephemeral", "down", 12, action="closed")
    assert databases(project) == permanent

    # One is abandoned: its teardown never ran. Another is open.
    for number in (13, 14):
        github.done("d1-ephemeral", "up", number, action="opened")
    github.keep(open=[14])
    github.done("d1-sweep", "sweep")
    assert databases(project) == [*permanent[:1], "your-app-db-pr-14", *permanent[1:]]
    github.keep(open=[])
    github.done("d1-sweep", "sweep")

    listed = [stack["name"] for stack in json.loads(project.pulumi("stack", "ls", "--json").stdout)]
    assert sorted(listed) == ["dev", "prod"]
    assert sorted(file.name for file in project.folder.glob("Pulumi.*.yaml")) == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]
    assert photograph(project) == before


def test_a_merge_migrates_dev_and_prod_and_another_one_without_changes_asks_nobody(github: GitHub) -> None:
    project = github.project
    project.pulumi("stack", "init", "prod")
    github.done("d1-production", "dev")
    plan = github.done("d1-production", "plan")
    assert plan.outputs["plan"] == {"changes": "true"}
    assert "The database does not exist yet" in plan.summary
    approved = replace(github, runner=replace(github.runner, context={**github.runner.context, "needs": needs(plan)}))
    approved.done("d1-production", "prod")
    assert len(project.outputs("prod")["applied_migrations"]) == 3

    github.done("d1-production", "dev")
    plan = github.done("d1-production", "plan")
    assert plan.outputs["plan"] == {"changes": "false"}
    context = {**github.runner.context, "needs": needs(plan)}
    assert replace(github.runner, context=context).job("d1-production", "prod") is None

    applied = project.folder / "migrations" / "0003_create_files.sql"
    applied.write_text(f"{applied.read_text()}\n-- edited\n")
    plan = github.job("d1-production", "plan")
    assert plan.failed == "Plan"
    assert "was changed after it was applied" in plan.summary


def needs(plan: Run) -> dict[str, Any]:
    return {"plan": {"outputs": plan.outputs["plan"]}}


def test_a_fork_is_previewed_without_secrets_and_without_a_comment(github: GitHub) -> None:
    github.project.write("0004_tags.sql", TAGS)
    context = {**github.runner.context, "secrets": {}}
    fork = replace(github, runner=replace(github.runner, context=context))
    run = fork.job("d1-preview", "preview", 12, fork=True)
    assert run.failed == ""
    assert run.summary.startswith(MARKER)
    assert "This run had no access to the database" in run.summary
    assert github.comments(12) == []
    github.project.write("0005_broken.sql", "CREATE TABEL oops (id);\n")
    assert fork.job("d1-preview", "preview", 12, fork=True).failed == "Verdict"
