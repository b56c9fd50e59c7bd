"""The output that the documentation shows is what the program prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

ROWS: Final = """
    INSERT INTO users (id, email, password_hash, name) VALUES (1, 'a', '', 'Ann'), (2, 'b', '', 'Bo');
    INSERT INTO sessions (id, user_id, expires_at) VALUES ('x', 1, ''), ('y', 1, ''), ('z', 2, '');
    INSERT INTO content (author_id, slug, title) VALUES (1, 's', ''), (NULL, 't', '');
"""
REBUILD: Final = """\
PRAGMA defer_foreign_keys = ON;
CREATE TABLE users_new (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  password_hash TEXT NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME);
INSERT INTO users_new (id, email, name, password_hash, created_at, updated_at)
  SELECT id, email, name, password_hash, created_at, updated_at FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
"""
VARYING: Final = re.compile(
    r"(?P<id>\b[0-9a-f]{8}-[0-9a-f-]*…?)|(?P<time>\b20\d\d-\d\d-\d\dT[\d:]+\+00:00)|(?P<omission>…)"
)
OMITTED_LINES: Final = re.compile(r"^…\n", re.MULTILINE)
MATCHES: Final = {"id": "[0-9a-f-]+", "time": r"20[\dT:+-]+", "omission": ".*?"}


def documented(page: str) -> list[re.Pattern[str]]:
    """Return the parts of the `<!-- output -->` block, as patterns that ignore line breaks, indents, ids and times.

    A line that is only `…` separates two parts. Pulumi prints the parts of different resources in any order.
    """
    (block,) = re.findall(r"<!-- output -->\n```text\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [pattern(" ".join(part.split())) for part in OMITTED_LINES.split(block)]


def pattern(text: str) -> re.Pattern[str]:
    written, end = "", 0
    for match in VARYING.finditer(text):
        written += re.escape(text[end : match.start()]) + MATCHES[str(match.lastgroup)]
        end = match.end()
    return re.compile(written + re.escape(text[end:]))


def check(page: str, output: str) -> None:
    printed = " ".join(output.split())
    for part in documented(page):
        assert part.search(printed), f"{page} does not show what is printed:\n{output}"


@pytest.mark.thorough
def test_the_preview_of_a_rebuild(project: Project) -> None:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    project.database("prod").write(ROWS)
    project.write("0004_rebuild_users.sql", REBUILD)
    completed = project.pulumi("preview", "--stack", "prod", check=False)
    check("docs/previews.md", completed.stdout + completed.stderr)


def test_a_failed_migration(migrated: Project) -> None:
    migrated.database().write(ROWS)
    migrated.pulumi("config", "set", "rehearsalRows", "made", "--stack", "dev")  # the live rows would stop the run
    migrated.write("0004_tags.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n")
    migrated.write("0005_unique_titles.sql", "CREATE UNIQUE INDEX one_title ON content (title);\n")
    completed = migrated.up(check=False)
    check("docs/failures.md", completed.stdout + completed.stderr)


@pytest.mark.thorough
def test_a_refused_replacement(project: Project) -> None:
    project.pulumi("stack", "init", "prod")
    project.up("prod")
    project.pulumi("config", "set", "projectName", "shop", "--stack", "prod")
    completed = project.pulumi("preview", "--stack", "prod", check=False)
    check("docs/deletion.md", completed.stdout + completed.stderr)


def test_a_seed_that_fails_the_second_time(project: Project) -> None:
    project.pulumi("stack", "init", "pr-7")
    (project.folder / "seeds").mkdir()
    (project.folder / "seeds" / "01_users.sql").write_text(
        "INSERT OR REPLACE INTO users (id, email, password_hash, name) VALUES (1, 'a', '', 'Ann');\n"
    )
    (project.folder / "seeds" / "02_content.sql").write_text(
        "INSERT INTO content (author_id, slug, title) VALUES (1, 's', '');\n"
    )
    check("docs/seeds.md", project.preview("pr-7"))
