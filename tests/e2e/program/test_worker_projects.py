"""`d1 init` in an empty environment: its next steps run as printed, and two stacks never share a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import connect_account
from tests.support.pulumi_project import TOKEN, Project
from tests.support.worker_projects import CHECK, PAGES, TABLE, entry, toml

if TYPE_CHECKING:
    from pulumi_d1.cloudflare.account import Account

pytestmark = pytest.mark.thorough

D1 = str(Path(sys.prefix) / "bin" / "d1")
JSON = """\
{
  "name": "shop", "main": "src/index.js", "compatibility_date": "2026-01-01",
  "d1_databases": [{"binding": "DB", "database_name": "shop-prod", "database_id": "ID", "migrations_dir": "./sql"}]
}
"""


@pytest.fixture
def project(tmp_path: Path, variables: dict[str, str]) -> Project:
    """An empty repository, for Pulumi."""
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    return Project(folder, variables, variables["CLOUDFLARE_ACCOUNT_ID"])


@pytest.fixture
def account(project: Project) -> Account:
    return connect_account(project.account, token=TOKEN)


def names(account: Account) -> list[str]:
    return sorted(item.name for item in account.databases())


def test_a_shared_database_is_refused_before_anything_is_created(project: Project, account: Account) -> None:
    id_ = account.create("shop").database_id
    text = toml(entry("shop", id_), entry("shop", id_, "production"), head=CHECK)["wrangler.toml"]
    (project.folder / "wrangler.toml").write_text(text)
    project.run(D1, "init")
    (project.folder / ".venv").symlink_to(sys.prefix)
    for stack in ("dev", "prod"):
        project.pulumi("stack", "init", stack)
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        refused = project.pulumi(*command, "--stack", "dev", check=False)
        assert refused.returncode != 0
        assert f"is bound to the database {id_}, and so is 'DB' in 'env.production.d1_databases'" in refused.stdout
    assert names(account) == ["shop"]
    assert "cloudflare:index/d1Database:D1Database" not in [item["type"] for item in project.state("dev")]
    project.up("prod")
    assert (project.folder / "wrangler.toml").read_text() == text

    project.pulumi("config", "set", "wranglerEnvironment", "none", "--stack", "dev")
    project.up("dev")
    assert names(account) == ["shop", "shop-db-dev"]
    assert (project.folder / "wrangler.toml").read_text() == text, "dev has no binding"
    project.pulumi("config", "set", "wranglerEnvironment", "dev", "--stack", "dev")
    project.up("dev")
    assert "[[env.dev.d1_databases]]" in (project.folder / "wrangler.toml").read_text()
    project.pulumi("config", "set", "wranglerEnvironment", "none", "--stack", "dev")
    project.up("dev")
    assert (project.folder / "wrangler.toml").read_text() == text
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert names(account) == ["shop"]


def test_a_pull_request_of_a_pages_project_has_no_binding(project: Project, account: Account) -> None:
    text = toml(entry("site", "placeholder"), head=PAGES)["wrangler.toml"]
    (project.folder / "wrangler.toml").write_text(text)
    project.run(D1, "init", "--top-level", "dev")
    (project.folder / ".venv").symlink_to(sys.prefix)
    project.pulumi("stack", "init", "pr-12")
    assert "no binding is written: a Pages project has no environment 'pr-12'" in project.up("pr-12").stdout
    project.pulumi("stack", "init", "staging")
    refused = project.up("staging", check=False).stdout
    assert "'DB' in 'env.staging.d1_databases' cannot be written: this is a Pages project" in refused
    assert (names(account), (project.folder / "wrangler.toml").read_text()) == (["shop-db-pr-12"], text)


@pytest.mark.parametrize("kind", ["toml", "json", "jsonc with --dir", "Pages"])
def test_the_next_steps_run_as_printed(project: Project, account: Account, kind: str, tmp_path: Path) -> None:
    id_ = account.create("shop-prod").database_id
    head = PAGES if kind == "Pages" else CHECK
    name = f"wrangler.{kind.partition(' ')[0]}" if kind != "Pages" else "wrangler.toml"
    text = toml(entry("shop-prod", id_, more='migrations_dir = "./sql"\n'), head=head)["wrangler.toml"]
    (project.folder / name).write_text(text if name.endswith("toml") else JSON.replace("ID", id_))
    (project.folder / "sql").mkdir()
    (project.folder / "sql" / "0001_a.sql").write_text(TABLE)
    (project.folder / ".venv").symlink_to(sys.prefix)
    system = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
    hidden = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID")
    empty = {key: value for key, value in project.environment.items() if key not in hidden} | {"PATH": system}
    options = ("--dir", "database") if "--dir" in kind else ()
    printed = Project(project.folder, empty, "").run(D1, "init", *options).stdout
    assert "\n  pulumi login\n" in printed
    steps = [line.strip() for line in printed.partition("\nNext:\n")[2].partition("\n\n")[0].splitlines()]
    script = "set -e\n" + "\n".join(steps) + "\n"
    # The user fills in the account and confirms; the emulator needs the provider's stand-in.
    script = script.replace("CLOUDFLARE_API_TOKEN=…", f"CLOUDFLARE_API_TOKEN={TOKEN}")
    script = script.replace("CLOUDFLARE_ACCOUNT_ID=…", f"CLOUDFLARE_ACCOUNT_ID={project.account}")
    assert "…" not in script
    script = script.replace("pulumi up --stack", "pulumi up --yes --skip-preview --stack")
    (tmp_path / "steps.sh").write_text(script)
    command = ["sh", str(tmp_path / "steps.sh")]
    done = subprocess.run(command, cwd=project.folder, env=empty, capture_output=True, text=True, check=False)
    assert done.returncode == 0, script + done.stdout + done.stderr
    assert names(account) == ["shop-db-dev", "shop-prod"]
    assert account.database(id_).read("SELECT name FROM d1_migrations") == ({"name": "0001_a.sql"},)


def test_a_pull_request_uses_worker_previews_and_dev_the_preview_id(project: Project) -> None:
    file = project.folder / "wrangler.toml"
    file.write_text(toml(entry("shop", "placeholder"), '[previews.vars]\nA = "1"\n')["wrangler.toml"])
    project.run(D1, "init", "--top-level", "prod")
    (project.folder / ".venv").symlink_to(sys.prefix)
    for stack in ("prod", "dev", "pr-12"):
        project.pulumi("stack", "init", stack)
    project.pulumi("config", "set", "wranglerEnvironment", "preview-id", "--stack", "dev")
    ids = {}
    for stack in ("prod", "dev", "pr-12"):
        project.up(stack)
        ids[stack] = project.outputs(stack)["database_id"]
    read = tomllib.loads(file.read_text())
    (bound,), (preview,) = read["d1_databases"], read["previews"]["d1_databases"]
    assert (bound["database_id"], bound["preview_database_id"]) == (ids["prod"], ids["dev"])
    assert (preview["database_id"], preview["database_name"]) == (ids["pr-12"], "shop-db-pr-12")
    assert "env" not in read
    assert project.run(D1, "render", "--check").stdout == ""
    for stack in ("pr-12", "dev"):
        project.pulumi("destroy", "--stack", stack, "--yes", "--skip-preview")
    after = tomllib.loads(file.read_text())
    assert after["previews"] == {"vars": {"A": "1"}}
    assert "preview_database_id" not in after["d1_databases"][0]


def test_several_workers_are_bound_to_one_database(project: Project) -> None:
    jobs = project.folder / "apps" / "jobs" / "wrangler.jsonc"
    jobs.parent.mkdir(parents=True)
    jobs.write_text(JSON.replace('"ID"', '"log", "remote": true').replace('"DB"', '"LOG"'))
    before = jobs.read_text()
    (project.folder / "wrangler.toml").write_text(toml()["wrangler.toml"])
    project.run(D1, "init", "--name", "shop", "--config", "wrangler.toml")
    (project.folder / ".venv").symlink_to(sys.prefix)
    project.pulumi("stack", "init", "dev")
    configurations = "wrangler.toml, apps/jobs/wrangler.jsonc#JOBS@live"
    project.pulumi("config", "set", "wranglerConfig", configurations, "--stack", "dev")
    project.up("dev")
    id_ = project.outputs("dev")["database_id"]
    assert tomllib.loads((project.folder / "wrangler.toml").read_text())["d1_databases"][0]["database_id"] == id_
    (bound,) = json.loads(jobs.read_text())["env"]["live"]["d1_databases"]
    assert (bound["binding"], bound["database_id"], bound["migrations_dir"]) == ("JOBS", id_, "../../migrations")
    assert project.run(D1, "render", "--check").stdout == ""
    jobs.write_text(before)
    checked = project.run(D1, "render", "--check", check=False)
    assert checked.stdout == "apps/jobs/wrangler.jsonc: 'JOBS' in 'env.live.d1_databases' is missing (stack dev)\n"
    project.run(D1, "render")
    project.up("dev", "--expect-no-changes")
    project.database("dev").write("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    project.pulumi("config", "set", "wranglerConfig", "wrangler.toml", "--stack", "dev")
    project.up("dev")
    assert jobs.read_text() == before
    assert not (project.folder / "exports").exists(), "the database stays"
    project.pulumi("config", "set", "wranglerConfig", configurations, "--stack", "dev")
    project.up("dev")
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert jobs.read_text() == before
