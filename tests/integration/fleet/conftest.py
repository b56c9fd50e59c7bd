"""A project whose databases belong to tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tenants import LOG, Tenants

if TYPE_CHECKING:
    from tests.support.cli_project import Project


@pytest.fixture
def tenants(project: Project, monkeypatch: pytest.MonkeyPatch) -> Tenants:
    monkeypatch.chdir(project.folder)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    for file in (project.folder / "migrations").iterdir():
        file.unlink()
    project.write("0001_log.sql", LOG)
    with (project.folder / "Pulumi.prod.yaml").open("a") as settings:
        settings.write("  your-app:rehearsalRows: made\n")  # so that a file can fail because of the rows
    return Tenants(project)
