"""The seeds that run, and the stacks that have seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.seeds.changes import compare_seeds, read_seeds
from pulumi_d1.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_new_and_changed_files_run_and_others_do_not(tmp_path: Path) -> None:
    for name in ("10_last.sql", "2_changed.sql", "1_same.sql", "notes.md"):
        (tmp_path / name).write_text(name)
    files = read_seeds(str(tmp_path))
    assert [file.name for file in files] == ["1_same.sql", "2_changed.sql", "10_last.sql"]
    plan = compare_seeds(files, {"1_same.sql": files[0].sha256, "2_changed.sql": "other", "0_gone.sql": "any"})
    assert [file.name for file in files if plan.runs(file.name)] == ["2_changed.sql", "10_last.sql"]
    assert plan.lines == (
        "0_gone.sql (deleted from the folder: its rows stay)",
        "10_last.sql",
        "2_changed.sql (changed: runs again)",
    )


def test_a_missing_folder_is_named_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no folder '.*/none-here': create it, or set the config key seeds"):
        read_seeds(str(tmp_path / "none-here"))


@pytest.mark.parametrize(
    ("stack", "config", "folder"),
    [
        ("dev", {}, ""),
        ("dev", {"seeds": "rows"}, "rows"),
        ("pr-3", {}, "seeds"),
        ("pr-3", {"seeds": "none"}, ""),
        ("pr-3", {"copyFrom": "dev"}, ""),
        ("pr-3", {"copyFrom": "dev", "seeds": "rows"}, "rows"),
        ("review", {"ttl": "1d"}, "seeds"),
        ("pr-3", {"protect": "true"}, ""),
        ("prod", {}, ""),
    ],
)
def test_ephemeral_stacks_have_seeds_by_default(stack: str, config: dict[str, str], folder: str) -> None:
    given = {f"shop:{key}": value for key, value in config.items()}
    assert read_settings(given, environment=stack, project="shop", account_id="a").seeds_dir == folder


@pytest.mark.parametrize("key", ["seeds", "copyFrom"])
@pytest.mark.parametrize(("stack", "protect"), [("prod", ""), ("production", ""), ("dev", "true")])
def test_prod_and_protected_stacks_are_never_filled(key: str, stack: str, protect: str) -> None:
    config = {f"shop:{key}": "other", "shop:protect": protect}
    with pytest.raises(ConfigError, match=f"shop:{key}: 'other' is not allowed: .*never seeded or copied into"):
        read_settings(config, environment=stack, project="shop", account_id="a")


def test_a_stack_cannot_be_a_copy_of_itself() -> None:
    with pytest.raises(ConfigError, match="a stack cannot be a copy of itself"):
        read_settings({"shop:copyFrom": "dev"}, environment="dev", project="shop", account_id="a")
