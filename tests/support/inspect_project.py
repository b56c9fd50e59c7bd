"""A project as a test inspects it: its tables, its ledger, Pulumi's output, and the files that contain a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project

FILES = ["0001_create_users_and_sessions.sql", "0002_create_content.sql", "0003_create_files.sql"]
TABLES = ["content", "d1_migrations", "files", "sessions", "users"]


def tables(project: Project, stack: str = "dev") -> list[str]:
    rows = project.database(stack).read(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*' "
        "ORDER BY name"
    )
    return [row["name"] for row in rows]


def ledger(project: Project, stack: str = "dev") -> list[str]:
    return [row["name"] for row in project.database(stack).read("SELECT name FROM d1_migrations ORDER BY id")]


def report_lines(shown: str) -> list[str]:
    """Return the lines about the migrations in the diagnostics at the end of Pulumi's output."""
    lines = [line.removeprefix("    ") for line in shown.partition("Diagnostics:")[2].splitlines()]
    start = lines.index("pending on your-app-db-dev:")
    return lines[start : lines.index("", start)]


def files_that_hold(secret: str, *folders: Path) -> list[Path]:
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    assert files
    return [file for file in files if secret.encode() in file.read_bytes()]
