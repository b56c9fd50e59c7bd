"""`pulumi new` with the template of this repository, on the real engine."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from pulumi_d1.cloudflare.account import connect_account
from tests.support.paths import ROOT
from tests.support.pulumi_project import TOKEN, Project

if TYPE_CHECKING:
    from pathlib import Path


def test_the_template_makes_a_project_that_runs(tmp_path: Path, variables: dict[str, str]) -> None:
    project = Project(tmp_path / "shop", variables, variables["CLOUDFLARE_ACCOUNT_ID"])
    project.folder.mkdir()
    answers = ("--name", "shop", "--description", "Notes of a shop", "--yes", "--generate-only")
    project.pulumi("new", str(ROOT / "templates" / "new"), *answers)
    text = (project.folder / "Pulumi.yaml").read_text()
    assert text.startswith("name: shop\ndescription: Notes of a shop\n")
    assert (project.folder / "requirements.txt").read_text() == f"pulumi-d1~={version('pulumi-d1')}\n"

    (project.folder / ".venv").symlink_to(sys.prefix)  # 'pulumi install' would get the package from PyPI
    project.pulumi("stack", "init", "dev")
    project.up()
    (database,) = connect_account(project.account, token=TOKEN).databases()
    assert database.name == "shop-db-dev"
    assert project.outputs("dev")["last_migration"] == "0001_notes.sql"
    assert 'database_name = "shop-db-dev"' in (project.folder / "wrangler.toml").read_text()
