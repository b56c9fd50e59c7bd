"""Seeds on the real engine: which run when, what a preview prints, and what the state keeps."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.support.inspect_project import FILES, ledger

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.thorough

USERS = """-- Two people, the second of whom is an editor.
INSERT OR REPLACE INTO users (id, email, password_hash, name) VALUES
  (1, 'a@example.com', 'x', 'A'),
  (2, 'b@example.com', 'x', 'B');
"""


def seed(project: Project, name: str, sql: str) -> None:
    (project.folder / "seeds").mkdir(exist_ok=True)
    (project.folder / "seeds" / name).write_text(sql)


def people(project: Project, stack: str = "pr-7") -> list[str]:
    return [row["name"] for row in project.database(stack).read("SELECT name FROM users ORDER BY id")]


def ran(project: Project, stack: str = "pr-7") -> list[str]:
    [found] = [item for item in project.state(stack) if item["type"].endswith("d1:Seeds")]
    return list(found["outputs"]["ran"])


def test_the_life_of_seeds(project: Project) -> None:
    seed(project, "01_users.sql", USERS)
    seed(project, "02_content.sql", "INSERT INTO content (author_id, slug, title) VALUES (2, 'x', 'X');\n")
    project.pulumi("stack", "init", "pr-7")

    shown = project.preview("pr-7")
    assert "seeds of your-app-db-pr-7:\n      01_users.sql\n      02_content.sql\n" in shown
    assert "seeds/02_content.sql:1:1: would fail if it ran again: UNIQUE constraint failed: content.slug" in shown
    assert "seeds/01_users.sql" not in shown

    project.up("pr-7")
    assert (people(project), ledger(project, "pr-7")) == (["A", "B"], FILES)
    project.up("pr-7", "--expect-no-changes")
    project.pulumi("refresh", "--stack", "pr-7", "--yes", "--skip-preview", "--expect-no-changes")
    [seeds] = [item for item in project.state("pr-7") if item["type"].endswith("d1:Seeds")]
    assert b"pulumi_d1.program.resources.seeds" in base64.b64decode(seeds["inputs"]["__provider"]), "a stored format"

    project.database("pr-7").write("DELETE FROM users WHERE id = 1; DELETE FROM content")
    seed(project, "01_users.sql", USERS.replace("'A'", "'Ann'"))
    seed(project, "03_broken.sql", "SELECT 1;\nINSERT INTO nowhere VALUES (1);\n")
    refused = project.up("pr-7", check=False)
    assert refused.returncode != 0
    assert "no seed was run:\n      seeds/03_broken.sql:2:1: no such table: nowhere" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    assert people(project) == ["B"]

    # Only the rows of the real database decide this one, so a rehearsal without them lets it pass.
    project.pulumi("config", "set", "rehearsalRows", "made", "--stack", "pr-7")
    seed(
        project, "03_broken.sql", "INSERT INTO users (id, email, password_hash, name) VALUES (2, 'c@d.e', 'x', 'C');\n"
    )
    failed = project.up("pr-7", check=False)
    assert "seed seeds/03_broken.sql failed: UNIQUE constraint failed: users.id" in failed.stdout
    assert "kept      01_users.sql (run before the failure)" in failed.stdout
    assert people(project) == ["Ann", "B"]
    assert ran(project) == ["01_users.sql", "02_content.sql"]

    (project.folder / "seeds" / "03_broken.sql").unlink()
    (project.folder / "seeds" / "02_content.sql").unlink()
    gone = project.up("pr-7")
    assert "02_content.sql (deleted from the folder: its rows stay)" in gone.stdout
    assert ran(project) == ["01_users.sql"]
    assert project.database("pr-7").read("SELECT * FROM content") == ()

    project.database("pr-7").write("DELETE FROM users")
    [urn] = [item["urn"] for item in project.state("pr-7") if item["type"].endswith("d1:Seeds")]
    project.up("pr-7", "--replace", urn)
    assert people(project) == ["Ann", "B"]
    project.pulumi("destroy", "--stack", "pr-7", "--yes", "--skip-preview")


def test_other_stacks_are_seeded_when_they_say_so_and_prod_never_is(project: Project) -> None:
    seed(project, "01_users.sql", USERS)
    project.up()
    assert people(project, "dev") == []
    project.pulumi("config", "set", "seeds", "seeds", "--stack", "dev")
    project.up()
    assert people(project, "dev") == ["A", "B"]

    project.pulumi("stack", "init", "prod")
    project.pulumi("config", "set", "seeds", "seeds", "--stack", "prod")
    refused = project.up("prod", check=False)
    assert "'seeds' is not allowed: production and protected stacks are never seeded" in refused.stdout
    assert project.state("prod") == [] or all("D1Database" not in item["type"] for item in project.state("prod"))
