"""The user and the commit of a run; if git cannot determine them, they are empty and nothing fails."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.system.actor import Actor, find_actor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder outside of any repository, without a git configuration."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("LOGNAME", "ada")
    (tmp_path / "1.sql").write_text("SELECT 1;")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    completed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return completed.stdout.strip()


def test_outside_of_git_it_is_the_login_name(folder: Path) -> None:
    assert find_actor(folder, {}) == Actor("ada", "")


def test_without_git_nothing_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert find_actor(folder, {}) == Actor("ada", "")


def test_in_a_checkout_it_is_the_user_and_the_commit_of_git(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "config", "user.email", "grace@example.com")
    git(folder, "config", "user.name", "Grace")
    assert find_actor(folder, {}) == Actor("grace@example.com", ""), "there is no commit yet"

    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    commit = git(folder, "rev-parse", "HEAD")
    assert find_actor(folder, {}) == Actor("grace@example.com", commit)

    (folder / "2.sql").write_text("SELECT 2;")
    assert find_actor(folder, {}).commit == f"{commit}-dirty"


def test_only_changes_in_the_folder_make_the_commit_dirty(folder: Path) -> None:
    (folder / "sql").mkdir()
    (folder / "sql" / "1.sql").write_text("SELECT 1;")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "-m", "one")
    (folder / "wrangler.toml").write_text("")
    assert find_actor(folder / "sql", {}).commit == git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize("variable", ["GITHUB_ACTOR", "GITLAB_USER_LOGIN"])
def test_in_ci_it_is_the_user_who_started_the_pipeline(folder: Path, variable: str) -> None:
    assert find_actor(folder, {variable: "octocat"}).by == "octocat"
    assert find_actor(folder, {variable: ""}).by == "ada"
