"""`d1 render` updates the configuration to match the stacks; --check prints the differences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.cloudflare.account import Account

if TYPE_CHECKING:
    import subprocess

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

COMMENTED = """\
// the worker
{
  "name": "shop", // ours
  "env": {
    "staging": {},
  },
}
"""
OLD_ID = "99999999-9999-4999-8999-999999999999"


def render(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.run(sys.executable, "-m", "pulumi_d1.cli", "render", *arguments, check=False)


def test_render_writes_what_up_wrote_and_check_names_what_differs(project: Project) -> None:
    file = project.folder / "wrangler.jsonc"
    file.write_text(COMMENTED)
    assert render(project).stdout == "no stack has a database yet\n"
    project.pulumi("stack", "init", "prod")
    project.up("dev")
    project.up("prod")
    text = file.read_text()
    assert not (project.folder / "wrangler.toml").exists()
    assert "".join(line + "\n" for line in COMMENTED.splitlines() if line in text) == COMMENTED
    assert (render(project, "--check").returncode, render(project, "--check").stdout) == (0, "")

    file.write_text(COMMENTED)
    checked = render(project, "--check")
    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "wrangler.jsonc: 'DB' in 'd1_databases' is missing (stack dev)",
        "wrangler.jsonc: 'DB' in 'env.production.d1_databases' is missing (stack prod)",
    ]
    assert file.read_text() == COMMENTED
    one = render(project, "--stack", "prod")
    assert one.stdout == "wrangler.jsonc: 'DB' in 'env.production.d1_databases' is your-app-db-prod\n"
    assert render(project, "--stack", "prod", "--check").returncode == 0
    assert render(project, "--check").returncode == 1
    rendered = render(project)
    assert rendered.returncode == 0, rendered.stderr
    assert render(project, "--check").returncode == 0

    file.write_text(file.read_text().replace('"migrations_dir": "migrations"', '"migrations_dir": "sql"', 1))
    entry = "wrangler.jsonc: 'DB' in 'env.production.d1_databases'"
    line = f'{entry}: migrations_dir is "sql", not "migrations" (stack prod)'
    assert render(project, "--check").stdout == f"{line}\n"
    unknown = render(project, "--stack", "nope")
    assert unknown.stderr == "Error: there is no stack 'nope': this project has dev, prod\n"

    database = project.database("dev")
    Account(database.client, database.account_id).delete(database.database_id)
    gone = f"wrangler.jsonc: 'DB' in 'd1_databases': there is no database {database.database_id}"
    assert render(project, "--check").stdout.splitlines() == [line, gone]

    file.write_text(file.read_text().replace(database.database_id, OLD_ID))
    before = file.read_text()
    refused = render(project)
    assert refused.returncode == 1
    assert f"is bound to the database {OLD_ID}" in refused.stderr
    assert file.read_text() == before, "what could have been written was not, either"
