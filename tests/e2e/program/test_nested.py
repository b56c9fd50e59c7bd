"""Migrations in folders of their own, as Drizzle and Prisma write them."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import installed
from tests.support.wrangler import Wrangler

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

FIRST, SECOND = "20240101120000_init/migration.sql", "20240315080000_tags/migration.sql"


@pytest.fixture
def drizzle(project: Project) -> Project:
    """A project whose migrations Drizzle wrote, and whose Worker lies in a folder of its own."""
    shutil.rmtree(project.folder / "migrations")
    (project.folder / "worker").mkdir()
    write(
        project,
        FIRST,
        "CREATE TABLE `a` (`id` integer PRIMARY KEY);\n--> statement-breakpoint\nCREATE TABLE `b` (`id`);",
    )
    write(project, FIRST.replace("migration.sql", "snapshot.json"), "{}")
    for key, value in (("migrationsDir", "drizzle"), ("wranglerConfig", "worker/wrangler.toml")):
        project.pulumi("config", "set", key, value, "--stack", "dev")
    return project


def write(project: Project, name: str, text: str) -> None:
    file = project.folder / "drizzle" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def set_pattern(project: Project, pattern: str) -> None:
    project.pulumi("config", "set", "migrationsPattern", pattern, "--stack", "dev")


def status(project: Project) -> str:
    environment, *_ = json.loads(project.run(sys.executable, "-m", "pulumi_d1.cli", "status", "--json").stdout)
    return str(environment["status"])


def entry(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((project.folder / "worker" / "wrangler.toml").read_text())["d1_databases"][0]
    return found


def test_drizzles_folders_are_applied_and_wrangler_has_nothing_left_to_do(drizzle: Project, tmp_path: Path) -> None:
    set_pattern(drizzle, "./drizzle/*/migration.sql")
    drizzle.up()
    assert drizzle.outputs()["applied_migrations"] == [FIRST]
    assert drizzle.outputs()["migrations_pattern"] == "./drizzle/*/migration.sql"
    assert entry(drizzle)["migrations_pattern"] == "../drizzle/*/migration.sql"

    worker = Wrangler.of(installed.binaries(), drizzle.folder / "worker", tmp_path, drizzle.environment)
    listed = worker.d1("migrations", "list", "DB", "--remote")
    assert "No migrations to apply!" in listed.stdout
    assert "migrations_pattern" not in listed.stderr

    write(drizzle, SECOND, "CREATE TABLE `tags` (`id` integer PRIMARY KEY);\n")
    assert re.findall(r"\S+\.sql", worker.d1("migrations", "list", "DB", "--remote").stdout) == [SECOND]
    assert status(drizzle) == "1 pending"
    assert SECOND in drizzle.preview()
    drizzle.up()
    assert "No migrations to apply!" in worker.d1("migrations", "list", "DB", "--remote").stdout


def test_a_layout_that_nothing_asked_for_is_hinted_at_and_can_be_asked_for_later(drizzle: Project) -> None:
    hint = "run: pulumi config set migrationsPattern 'drizzle/*/migration.sql'"
    assert hint in drizzle.preview()
    assert hint in drizzle.up().stdout
    assert drizzle.outputs()["applied_migrations"] == []
    assert "migrations_pattern" not in entry(drizzle)

    set_pattern(drizzle, "drizzle/*/migration.sql")
    shown = drizzle.up().stdout
    assert hint not in shown
    assert "replaced" not in shown
    assert drizzle.outputs()["applied_migrations"] == [FIRST]
    assert entry(drizzle)["migrations_pattern"] == "../drizzle/*/migration.sql"

    drizzle.pulumi("config", "rm", "migrationsPattern", "--stack", "dev")
    drizzle.up()
    assert "migrations_pattern" not in entry(drizzle)
