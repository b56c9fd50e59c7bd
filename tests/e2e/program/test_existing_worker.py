"""A Worker that wrangler has deployed for long becomes managed, and wrangler keeps working on it."""

from __future__ import annotations

import difflib
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support import installed
from tests.support.pulumi_project import Project
from tests.support.wrangler import Wrangler

if TYPE_CHECKING:
    from tests.support.pulumi_project import Emulator

D1 = str(Path(sys.prefix) / "bin" / "d1")
FIRST, SECOND = "20240101120000_init/migration.sql", "20240315080000_tags/migration.sql"
CONFIGURATION = """\
// What `npm create cloudflare` wrote, and years of edits.
{
  "name": "orders-api",
  "main": "src/index.js",
  "compatibility_date": "2025-01-01", // do not move before the queue consumer is rewritten
  "vars": { "REGION": "weur" },
  "d1_databases": [
    {
      // created by hand in 2023, hence the name
      "binding": "DB",
      "database_name": "orders-live",
      "database_id": "<id>",
      "migrations_dir": "drizzle",
      "migrations_pattern": "drizzle/*/migration.sql",
    },
  ],
  /* "queues": { "consumers": [] }, */
}
"""


@pytest.fixture
def worker(tmp_path: Path, emulator: Emulator) -> Wrangler:
    """A deployed Worker: Drizzle's migrations, of which the first is applied, and a database with rows."""
    folder = tmp_path / "orders-api"
    folder.mkdir()
    wrangler = Wrangler.of(installed.binaries(), folder, tmp_path, {**os.environ, **emulator.environment})
    wrangler.write("package.json", '{"name": "@acme/orders", "private": true}\n')
    wrangler.write(".gitignore", "node_modules\n.wrangler\n")
    wrangler.write("src/index.js", "export default { fetch: () => new Response('ok') };\n")
    wrangler.write(f"drizzle/{FIRST}", "CREATE TABLE `orders` (`id` integer PRIMARY KEY, `total` integer NOT NULL);\n")
    created = wrangler.d1("create", "orders-live").stdout
    (uuid,) = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", created))
    wrangler.write("wrangler.jsonc", CONFIGURATION.replace("<id>", uuid))
    wrangler.d1("migrations", "apply", "DB", "--remote")
    wrangler.d1("execute", "DB", "--remote", "--command", "INSERT INTO orders (total) VALUES (4200), (900)")
    wrangler.write(f"drizzle/{SECOND}", "CREATE TABLE `tags` (`name` text PRIMARY KEY);\n--> statement-breakpoint\n")
    return wrangler


@pytest.fixture
def project(worker: Wrangler, variables: dict[str, str]) -> Project:
    """The same folder, for Pulumi."""
    (worker.folder / ".venv").symlink_to(sys.prefix)
    return Project(worker.folder, variables, variables["CLOUDFLARE_ACCOUNT_ID"])


def pending(worker: Wrangler, *options: str) -> list[str]:
    return re.findall(r"\S+\.sql", worker.d1("migrations", "list", "DB", "--remote", *options).stdout)


def test_an_existing_worker_becomes_managed_in_a_few_commands_and_wrangler_still_works_on_it(
    worker: Wrangler, project: Project
) -> None:
    configuration = worker.folder / "wrangler.jsonc"
    before = configuration.read_text()
    kept = {file: file.read_bytes() for file in worker.folder.glob("drizzle/*/*")}
    assert pending(worker) == [SECOND]

    commands = (
        (D1, "init"),
        ("pulumi", "stack", "init", "prod", "--non-interactive"),
        ("pulumi", "preview", "--stack", "prod", "--non-interactive"),
        ("pulumi", "up", "--stack", "prod", "--yes", "--skip-preview", "--non-interactive"),
    )
    said = [project.run(*command).stdout for command in commands]
    assert "stack prod: adopts orders-live" in said[0]
    assert "pulumi stack init prod" in said[0]
    assert "import" in said[2]
    assert SECOND in said[2]
    assert FIRST not in said[2], "wrangler has applied it already"

    assert project.outputs("prod")["applied_migrations"] == [FIRST, SECOND]
    assert project.outputs("prod")["database_id"] in before
    assert project.database("prod").read("SELECT total FROM orders") == ({"total": 4200}, {"total": 900})
    assert configuration.read_text() == before, "its entry said already what the stack has"
    assert {file: file.read_bytes() for file in worker.folder.glob("drizzle/*/*")} == kept
    assert (worker.folder / ".gitignore").read_text().startswith("node_modules\n.wrangler\n.venv/\n")

    assert pending(worker) == []
    worker.d1("execute", "DB", "--remote", "--command", "INSERT INTO tags (name) VALUES ('rush')")
    deployed = worker.run("deploy", "--dry-run").stdout
    assert "env.DB (orders-live)" in deployed

    project.pulumi("stack", "init", "dev")
    project.up("dev")
    changes = list(difflib.ndiff(before.splitlines(), configuration.read_text().splitlines()))
    assert not [line for line in changes if line.startswith("- ")], "comments, order and commas are as they were"
    assert pending(worker, "--env", "dev") == []
    assert project.outputs("dev")["database_name"] == "orders-api-db-dev"

    assert "create " not in project.run(D1, "init").stdout
    project.up("prod", "--expect-no-changes")


@pytest.mark.thorough
def test_files_in_the_way_stay_and_the_program_has_a_folder_of_its_own(worker: Wrangler, project: Project) -> None:
    (worker.folder / "__main__.py").write_text("print('mine')\n")
    refused = project.run(D1, "init", check=False)
    assert refused.returncode == 1
    assert "nothing was written: __main__.py exists with another content" in refused.stderr
    assert not (worker.folder / "Pulumi.yaml").exists()
    project.run("git", "init", "--quiet", "..")
    project.run(D1, "init", "--dir", "database", "--workflows")
    workflow = (worker.folder.parent / ".github" / "workflows" / "d1-preview.yml").read_text()
    assert "working-directory: orders-api/database\n" in workflow
    assert (worker.folder / "__main__.py").read_text() == "print('mine')\n"
    program = replace(project, folder=worker.folder / "database")
    assert yaml.safe_load((program.folder / "Pulumi.yaml").read_text()) == {
        "name": "orders-api",
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}},
        "config": {
            "migrationsDir": "../drizzle",
            "migrationsPattern": "../drizzle/*/migration.sql",
            "wranglerConfig": "../wrangler.jsonc",
        },
    }
    before = (worker.folder / "wrangler.jsonc").read_text()
    (program.folder / ".venv").symlink_to(sys.prefix)
    program.pulumi("stack", "init", "prod")
    program.up("prod")
    assert program.outputs("prod")["applied_migrations"] == [FIRST, SECOND]
    assert (worker.folder / "wrangler.jsonc").read_text() == before
    assert pending(worker) == []
