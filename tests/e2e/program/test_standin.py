"""The stand-in Cloudflare provider: the real one's rules, and no address outside this machine."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_d1.cloudflare.account import connect_account
from tests.support.pulumi_project import TOKEN
from tools.engine import provider_plugin

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project
pytestmark = [
    pytest.mark.skipif(
        shutil.which("pulumi-resource-cloudflare") is not None, reason="the Cloudflare plugin on PATH is tested instead"
    ),
    pytest.mark.thorough,
]

PROGRAM = """
import json, pathlib
import pulumi, pulumi_cloudflare
arguments = json.loads(pathlib.Path("arguments.json").read_text())
database = pulumi_cloudflare.D1Database("database", **arguments)
pulumi.export("database_id", database.id)
pulumi.export("uuid", database.uuid)
"""


@pytest.fixture
def database(project: Project) -> Project:
    (project.folder / "__main__.py").write_text(PROGRAM)
    declare(project)
    return project


def declare(project: Project, **changes: Any) -> None:
    arguments = {
        "account_id": project.account,
        "name": "shop-db-dev",
        "read_replication": {"mode": "disabled"},
        **changes,
    }
    (project.folder / "arguments.json").write_text(json.dumps(arguments))


def steps(project: Project) -> list[tuple[str, list[str]]]:
    """Operation, and the properties that cause it, of each step that a preview plans for the database."""
    planned = json.loads(project.pulumi("preview", "--stack", "dev", "--json").stdout)["steps"]
    return [
        (step["op"], sorted(step.get("detailedDiff") or {}))
        for step in planned
        if "D1Database" in step["urn"] and step["op"] != "same"
    ]


def test_what_cannot_change_replaces_and_replication_updates_in_place(database: Project) -> None:
    database.up()
    outputs = database.outputs()
    assert outputs["database_id"] == outputs["uuid"]
    assert steps(database) == []

    for change in ({"name": "shop-db-two"}, {"jurisdiction": "eu"}, {"primary_location_hint": "weur"}):
        declare(database, **change)
        assert "replace" in {operation for operation, _ in steps(database)}, change
    declare(database, read_replication={"mode": "auto"})
    assert steps(database) == [("update", ["readReplication"])]

    database.up()
    assert database.outputs() == outputs
    database.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")


def test_a_name_that_is_taken_is_the_services_error(database: Project) -> None:
    database.up()
    database.pulumi("stack", "init", "twin")
    failed = database.up("twin", check=False)
    assert failed.returncode != 0
    text = failed.stdout + failed.stderr
    assert 'failed to make http request: POST "http://127.0.0.1' in text
    assert "400 Bad Request" in text
    assert '"code":7502' in text
    assert "Traceback" not in text


def test_an_existing_database_can_be_imported(database: Project) -> None:
    database.up()
    uuid = database.outputs()["database_id"]
    database.pulumi("stack", "init", "adopts")
    database.pulumi(
        *("import", "cloudflare:index/d1Database:D1Database", "database", f"{database.account}/{uuid}"),
        *("--stack", "adopts", "--yes", "--skip-preview", "--protect=false", "--generate-code=false"),
    )
    (imported,) = [item for item in database.state("adopts") if item["type"].endswith("D1Database")]
    assert (imported["id"], imported["outputs"]["name"]) == (uuid, "shop-db-dev")


def test_its_state_has_what_the_real_provider_needs_to_continue(database: Project) -> None:
    declare(database, jurisdiction="eu")
    database.up()
    (created,) = [item for item in database.state() if item["type"].endswith("D1Database")]
    outputs = created["outputs"]
    assert outputs["__meta"] == '{"schema_version":"500"}'
    assert outputs["id"] == outputs["uuid"] == created["id"]
    assert outputs["jurisdiction"] == "eu"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", outputs["createdAt"])


def test_state_of_the_real_provider_is_continued(database: Project) -> None:
    database.up()
    exported = json.loads(database.pulumi("stack", "export", "--stack", "dev").stdout)
    (created,) = [item for item in exported["deployment"]["resources"] if item["type"].endswith("D1Database")]
    created["outputs"]["__pulumi_raw_state_delta"] = {"obj": {"ps": {"readReplication": {"obj": {}}}}}
    (database.folder / "state.json").write_text(json.dumps(exported))
    database.pulumi("stack", "import", "--stack", "dev", "--file", "state.json")
    database.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")
    database.up("dev", "--expect-no-changes")


def test_the_deletion_of_a_deleted_database_is_the_services_error(database: Project) -> None:
    database.up()
    connect_account(database.account, token=TOKEN).delete(database.outputs()["uuid"])
    failed = database.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview", check=False)
    assert failed.returncode != 0
    assert "404 Not Found" in failed.stdout
    assert '"code":7404' in failed.stdout


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("accountId", "0" * 32, "`cloudflare:accountId` is not a valid configuration key for the cloudflare provider"),
        ("apiToken", "t" * 39, "Attribute api_token API tokens must only contain characters a-z, A-Z, 0-9"),
        ("apiToken", "t" * 81, "Attribute api_token API tokens must only contain characters a-z, A-Z, 0-9"),
        ("apiToken", "!" * 40, "Attribute api_token API tokens must only contain characters a-z, A-Z, 0-9"),
    ],
)
def test_configuration_that_the_real_provider_refuses_is_refused(
    database: Project, key: str, value: str, reason: str
) -> None:
    database.pulumi("config", "set", "--secret", f"cloudflare:{key}", value, "--stack", "dev")
    failed = database.up(check=False)
    assert failed.returncode != 0
    assert reason in failed.stdout + failed.stderr
    assert value not in failed.stdout + failed.stderr


def test_a_missing_token_is_said_by_name(database: Project) -> None:
    del database.environment["CLOUDFLARE_API_TOKEN"]
    failed = database.up(check=False)
    assert failed.returncode != 0
    assert "there is no Cloudflare API token: export CLOUDFLARE_API_TOKEN" in failed.stdout + failed.stderr


@pytest.mark.parametrize("address", ["https://api.cloudflare.com/client/v4", "http://127.0.0.1.example.com/client/v4"])
def test_it_refuses_any_address_that_is_not_on_this_machine(database: Project, address: str) -> None:
    database.environment["CLOUDFLARE_BASE_URL"] = address
    failed = database.up(check=False)
    assert failed.returncode != 0
    assert "connects only to the local emulator" in failed.stdout + failed.stderr
    assert f"pulumi plugin install resource cloudflare {provider_plugin.version()}" in failed.stdout + failed.stderr


def test_it_refuses_every_other_resource(project: Project) -> None:
    (project.folder / "__main__.py").write_text(
        "import pulumi_cloudflare as cloudflare\n"
        f"cloudflare.WorkersKvNamespace('kv', account_id='{project.account}', title='x')\n"
    )
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert "the stand-in provider supports only cloudflare:index/d1Database:D1Database" in failed.stdout + failed.stderr
