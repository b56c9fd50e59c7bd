"""The entry in a wrangler.toml that a user wrote by hand, across previews, ups and destroys."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

HAND_WRITTEN = """\
name = "shop" # mine

[env.production]
name = "shop-live"

# --- storage ---
[[kv_namespaces]]
binding = "KV"
id = "k"
"""

FOREIGN_ID = "99999999-9999-4999-8999-999999999999"
FOREIGN = f"""\
{HAND_WRITTEN}
[[d1_databases]]
binding = "DB"
database_name = "somebody-elses"
database_id = "{FOREIGN_ID}"
"""


def write(project: Project, text: str) -> None:
    (project.folder / "wrangler.toml").write_bytes(text.encode())


def config(project: Project) -> str:
    return (project.folder / "wrangler.toml").read_bytes().decode()


def databases(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(config(project))["d1_databases"]
    return found


def test_a_hand_written_file_is_edited_once_and_given_back_by_destroy(project: Project) -> None:
    text = HAND_WRITTEN.replace("\n", "\r\n")
    write(project, text)
    project.pulumi("config", "set", "wranglerEnvironment", "production", "--stack", "dev")
    project.up()
    edited = config(project)
    assert edited.startswith(text + "\r\n[[env.production.d1_databases]]\r\n")

    project.up("dev", "--expect-no-changes")
    assert config(project) == edited

    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert config(project) == text


def test_an_entry_for_somebody_elses_database_stops_before_anything_is_made(project: Project) -> None:
    write(project, FOREIGN)
    for command in (("preview",), ("up", "--yes")):
        refused = project.pulumi(*command, "--stack", "dev", check=False)
        shown = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert f"wrangler.toml: 'DB' in 'd1_databases' is bound to the database {FOREIGN_ID}" in shown
        assert "Traceback" not in shown
        assert "cloudflare:index/d1Database:D1Database" not in [item["type"] for item in project.state()]
        assert config(project) == FOREIGN


def test_another_binding_moves_the_entry_in_an_update_but_not_onto_somebody_elses(project: Project) -> None:
    project.pulumi("config", "set", "binding", "OURS", "--stack", "dev")
    write(project, FOREIGN)
    project.up()
    ours = {**databases(project)[1]}
    assert (ours["binding"], ours["database_id"]) == ("OURS", project.outputs()["database_id"])

    project.pulumi("config", "set", "binding", "MOVED", "--stack", "dev")
    assert "replace" not in project.up().stdout
    assert databases(project)[1:] == [{**ours, "binding": "MOVED"}]

    before = config(project)
    project.pulumi("config", "set", "binding", "DB", "--stack", "dev")
    refused = project.up(check=False)
    assert f"is bound to the database {FOREIGN_ID}" in refused.stdout + refused.stderr
    assert config(project) == before


def test_a_configuration_in_a_folder_that_is_not_there_stops_before_anything_is_made(project: Project) -> None:
    project.pulumi("config", "set", "wranglerConfig", "workers/wrangler.toml", "--stack", "dev")
    refused = project.up(check=False)
    assert "workers/wrangler.toml: there is no folder" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert "cloudflare:index/d1Database:D1Database" not in [item["type"] for item in project.state()]
