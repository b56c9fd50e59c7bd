"""The component in a larger program: several databases beside other resources."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.wrangler import jsonc

if TYPE_CHECKING:
    import subprocess

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

PROGRAM = """
import pulumi
from pulumi_d1 import D1Environment, stack_settings

orders = D1Environment("orders", stack_settings("orders"))
pulumi.export("orders", orders.outputs)
"""
BILLING = """
billing = D1Environment("billing", stack_settings("billing"), pulumi.ResourceOptions(depends_on=[orders]))
pulumi.export("billing", billing.database.id)
"""


def d1(project: Project, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = project.run(sys.executable, "-m", "pulumi_d1.cli", *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.thorough
def test_a_program_of_five_lines_grows_to_two_databases_in_one_configuration(project: Project) -> None:
    (project.folder / "Pulumi.dev.yaml").write_text("config:\n  your-app:domain: example.com\n")
    (project.folder / "Pulumi.yaml").write_text(
        "name: your-app\nruntime: {name: python, options: {virtualenv: .venv}}\nconfig: {domain: {type: string}}\n"
    )
    (project.folder / "__main__.py").write_text(PROGRAM)
    (project.folder / "wrangler.jsonc").write_text('{"name": "w"} // ours\n')
    config = ("config", "set", "--stack", "dev")
    project.pulumi(*config, "orders:wranglerEnvironment", "top-level")
    project.up()
    assert project.outputs()["orders"]["database_name"] == "your-app-orders-db-dev"

    (project.folder / "billing").mkdir()
    (project.folder / "billing" / "0001_bills.sql").write_text("CREATE TABLE bills (id INTEGER PRIMARY KEY);\n")
    (project.folder / "__main__.py").write_text(PROGRAM + BILLING)
    for key, value in (("migrationsDir", "billing"), ("binding", "BILLING"), ("wranglerEnvironment", "top-level")):
        project.pulumi(*config, f"billing:{key}", value)
    assert "5 created" in project.up().stdout
    project.up("dev", "--expect-no-changes")

    text = (project.folder / "wrangler.jsonc").read_text()
    assert text.endswith("} // ours\n")
    bound = {item["binding"]: item["database_name"] for item in jsonc.parse(text)["d1_databases"]}
    assert bound == {"DB": "your-app-orders-db-dev", "BILLING": "your-app-billing-db-dev"}
    parents = {item["urn"].rpartition("::")[2]: item.get("parent", "") for item in project.state()}
    for name in ("orders", "billing"):
        for child in ("database", "migrations", "bindings"):
            assert parents[f"{name}-{child}"].endswith(f"d1:index:Environment::{name}")

    rows = json.loads(d1(project, "status", "--json").stdout)
    titles = ["Development your-app-orders-db-dev", "Development your-app-billing-db-dev", "Production"]
    titles += ["Local your-app-orders-db-dev", "Local your-app-billing-db-dev"]
    assert [row["title"] for row in rows] == titles
    one = json.loads(d1(project, "--namespace", "billing", "status", "--json").stdout)
    assert next((row["title"], row["last_migration"]) for row in one) == ("Development", "0001_bills.sql")

    assert d1(project, "render", "--check").stdout == ""
    (project.folder / "wrangler.jsonc").write_text('{"name": "w"}\n')
    assert len(d1(project, "render", "--check", code=1).stdout.splitlines()) == 2

    refused = d1(project, "history", code=1).stderr
    assert "several databases, in orders, billing: name one, as in 'd1 --namespace orders history ...'" in refused
    assert "0001_bills.sql" in d1(project, "--namespace", "billing", "history").stdout
    assert "0001_bills.sql" not in d1(project, "--namespace", "orders", "history").stdout
    assert "your-app-billing-db-dev: 1 applied" in d1(project, "--namespace", "billing", "plan").stdout
    d1(project, "--namespace", "billing", "restore", "--before", "0001_bills.sql", "--yes")
    assert "billing:quarantine: 0001_bills.sql@" in (project.folder / "Pulumi.dev.yaml").read_text()
    d1(project, "--namespace", "billing", "release", "0001_bills.sql")
    assert "stack 'dev' has no database yet" in d1(project, "--namespace", "misspelt", "history", code=1).stderr

    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert "d1_databases" not in (project.folder / "wrangler.jsonc").read_text()
