"""`d1 sweep` reads each stack once, and again only before it deletes the stack."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_pulumi import FakePulumi, database_resource

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli_project import Project

STACKS = 50
LEFTOVER_STACKS = 15
LEFTOVER_DATABASES = 5
OPEN = [str(number) for number in range(LEFTOVER_STACKS + 1, STACKS + 1)]


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    """One stack for each of 50 pull requests."""
    pulumi = FakePulumi.install(tmp_path / "pulumi")
    for number in range(1, STACKS + 1):
        pulumi.run(f"pr-{number}", [database_resource("d1", f"id-{number}")])
    return pulumi


def test_twenty_leftovers_among_fifty_stacks_take_few_processes(project: Project, pulumi: FakePulumi) -> None:
    for number in range(LEFTOVER_DATABASES):
        project.create(f"your-app-db-pr-{900 + number}")
    project = replace(project, environment=pulumi.on_path(project.environment))
    options = [argument for number in OPEN for argument in ("--open", number)]
    process = project.d1("sweep", "--grace", "0", "--yes", "--json", *options)
    assert process.returncode == 0, process.stderr
    results = json.loads(process.stdout)
    assert Counter((item["kind"], item["result"]) for item in results) == {
        ("stack", "deleted"): LEFTOVER_STACKS,
        ("database", "deleted"): LEFTOVER_DATABASES,
    }
    assert Counter(" ".join(call.split()[:2]).removesuffix(" --yes") for call in pulumi.calls) == {
        "stack ls": 1 + LEFTOVER_STACKS + LEFTOVER_DATABASES,
        "stack export": STACKS + LEFTOVER_STACKS,
        "destroy": LEFTOVER_STACKS,
        "stack rm": LEFTOVER_STACKS,
    }
    assert list(project.account.databases()) == []


def test_a_database_that_a_stack_has_adopted_meanwhile_is_kept(project: Project, pulumi: FakePulumi) -> None:
    database = project.create("your-app-db-pr-900")
    # Deleting the first leftover, a stack, takes long enough for another run.
    adopting = json.dumps({"deployment": {"resources": [database_resource("d1", database.database_id)]}})
    listed = json.dumps({"name": "demo", "lastUpdate": datetime.now(UTC).isoformat()})
    script = pulumi.folder / "pulumi"
    adopt = f"  \"destroy --yes\") echo '{adopting}' > demo.json; echo '{listed}' > demo.listed ;;\nesac"
    script.write_text(script.read_text().replace("esac", adopt))
    pulumi.run("demo", [], datetime.now(UTC) - timedelta(days=1))
    project = replace(project, environment=pulumi.on_path(project.environment))
    options = [argument for number in ["1", *OPEN] for argument in ("--open", number)]
    process = project.d1("sweep", "--grace", "0", "--yes", "--json", *options)
    results = {item["name"]: item["result"] for item in json.loads(process.stdout)}
    assert results["pr-2"] == "deleted"
    assert results["your-app-db-pr-900"] == "kept: it has changed"
    assert [item.id for item in project.account.databases()] == [database.database_id]
