"""docs/uninstall.md: the project leaves, and the databases stay with wrangler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.inspect_project import FILES

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough


def test_a_stack_that_is_forgotten_leaves_database_rows_ledger_and_binding(project: Project) -> None:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    database = project.database("prod")
    database.write("INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a', '-', 'Ada')")
    wrangler = (project.folder / "wrangler.toml").read_text()
    bookmark = database.bookmark()

    project.pulumi("stack", "rm", "prod", "--force", "--preserve-config", "--yes")

    assert (project.folder / "wrangler.toml").read_text() == wrangler
    assert (project.folder / "Pulumi.prod.yaml").exists()
    assert database.bookmark() == bookmark, "nothing was written"
    assert [row["name"] for row in database.read("SELECT name FROM d1_migrations ORDER BY id")] == FILES
