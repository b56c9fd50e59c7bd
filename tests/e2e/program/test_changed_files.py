"""A folder that does not match the applied files: a warning in dev, refused in prod, before anything is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

FIRST = "0001_create_users_and_sessions.sql"


@pytest.fixture
def prod(project: Project) -> Project:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    return project


def edit(project: Project) -> None:
    file = project.folder / "migrations" / FIRST
    file.write_text(file.read_text() + "-- one more thought\n")


def test_prod_refuses_what_would_not_reach_it_or_would_run_twice(prod: Project) -> None:
    bookmark = prod.database("prod").bookmark()
    folder = prod.folder / "migrations"

    edit(prod)
    (folder / "0002_create_content.sql").unlink()
    (folder / "0003_create_files.sql").rename(folder / "0003_files.sql")
    prod.write("0000_early.sql", "CREATE TABLE early (id INTEGER PRIMARY KEY);\n")
    preview = prod.pulumi("preview", "--stack", "prod", check=False)
    up = prod.up("prod", check=False)
    for refused in (preview, up):
        text = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert "nothing was applied:" in text
        assert f"migrations/{FIRST} was changed after it was applied" in text
        assert "migrations/0002_create_content.sql is applied, but its file is gone" in text
        assert "migrations/0003_files.sql has the text of 0003_create_files.sql, which is applied, so it would" in text
        assert "migrations/0000_early.sql sorts before 0003_create_files.sql" in text
        assert "Traceback" not in text
    assert prod.database("prod").bookmark() == bookmark
    plan = prod.run(sys.executable, "-m", "pulumi_d1.cli", "plan", "--stack", "prod", check=False).stdout
    assert f"migrations/{FIRST} was changed after it was applied" in plan
    assert "migrations/0003_files.sql has the text of 0003_create_files.sql, which is applied" in plan


def test_dev_is_told_until_the_change_is_undone(migrated: Project) -> None:
    original = (migrated.folder / "migrations" / FIRST).read_text()
    edit(migrated)
    warning = f"  migrations/{FIRST} was changed after it was applied"
    assert warning in migrated.preview()
    assert warning in migrated.up().stdout
    assert warning in migrated.preview(), "also after an up: the database still has the old text"
    (migrated.folder / "migrations" / FIRST).write_text(original)
    assert warning not in migrated.preview()


def test_a_stack_can_choose_for_itself(project: Project) -> None:
    project.pulumi("config", "set", "editedFiles", "ignore", "--stack", "dev")
    project.up()
    edit(project)
    assert "was changed after" not in project.preview()
    project.pulumi("config", "set", "editedFiles", "error", "--stack", "dev")
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert f"migrations/{FIRST} was changed after it was applied" in failed.stdout + failed.stderr
