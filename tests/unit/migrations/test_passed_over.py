"""Files that do not count are named once, with the reason; those that count are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pulumi_d1.migrations.folder import MigrationsFolder, read_folder
from pulumi_d1.migrations.passed_over import PassedOverReason, find_passed_over
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, Pattern

if TYPE_CHECKING:
    from pathlib import Path

LINK, FOLDER, SPECIAL, HIDDEN, CASE, DEPTH, PATTERN = PassedOverReason


def found(folder: Path, pattern: Pattern = DEFAULT) -> dict[str, PassedOverReason]:
    return {file.name: file.reason for file in find_passed_over(folder, pattern)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of each kind."""
    for name in ("1_a.sql", "2_b.SQL", ".3_c.sql", "4_d/migration.sql", "4_d/deep/x.Sql", "notes.md", "5_e.sql.bak"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("SELECT 1;")
    (tmp_path / "6_f.sql").mkdir()
    (tmp_path / "7_g.sql").symlink_to(tmp_path / "1_a.sql")
    (tmp_path / "8_h.SQL").symlink_to(tmp_path / "nowhere")
    (tmp_path / "9_i").symlink_to(tmp_path / "4_d")
    os.mkfifo(tmp_path / "fifo.sql")
    for name in (".git", "node_modules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.sql").touch()
    return tmp_path


def test_case_40_each_file_of_a_flat_folder_that_does_not_count_has_its_reason(folder: Path) -> None:
    assert [migration.name for migration in read_folder(folder)] == ["1_a.sql"]
    assert found(folder) == {
        "2_b.SQL": CASE,
        ".3_c.sql": HIDDEN,
        "4_d/migration.sql": DEPTH,
        "4_d/deep/x.Sql": CASE,
        "6_f.sql": FOLDER,
        "7_g.sql": LINK,
        "8_h.SQL": LINK,
        "fifo.sql": SPECIAL,
    }


def test_the_pattern_decides_what_counts(folder: Path) -> None:
    assert [migration.name for migration in read_folder(folder, NESTED)] == ["4_d/migration.sql"]
    nested = found(folder, NESTED)
    assert (nested["1_a.sql"], nested["9_i"], nested["7_g.sql"]) == (PATTERN, LINK, LINK)
    assert not {"4_d/migration.sql", "6_f.sql", "4_d"} & set(nested)
    everything = found(folder, Pattern("**/*"))
    assert set(everything) == {".3_c.sql", "7_g.sql", "8_h.SQL", "9_i", "fifo.sql"}


def test_a_line_for_each_reason_names_each_file_once(folder: Path) -> None:
    (folder / "2_c.SQL").touch()
    (folder / "2_\x1b.SQL").touch()
    lines = MigrationsFolder("sql/", DEFAULT, folder.parent).hints()
    assert lines == (), "there is no such folder"
    folder.rename(folder.parent / "sql")
    lines = MigrationsFolder("sql/", DEFAULT, folder.parent).hints()
    expected = (
        r"passed over: sql/2_\u001b.SQL, sql/2_b.SQL, sql/2_c.SQL, sql/4_d/deep/x.Sql (only names that end in .sql, in "
        "lower case, are read: rename it)"
    )
    assert expected in lines
    assert "passed over: sql/6_f.sql (it is a folder)" in lines
    assert len(lines) == 6


def test_many_files_are_counted(tmp_path: Path) -> None:
    for number in range(1234):
        (tmp_path / f"{number:04}.SQL").touch()
    [line] = MigrationsFolder(tmp_path.name, DEFAULT, tmp_path.parent).hints()
    assert line.count(".SQL") == 20
    assert " and 1,214 more (only names" in line


def test_what_the_layout_hint_is_about_is_not_named_again(tmp_path: Path) -> None:
    for name in ("1_a/migration.sql", "2_b/migration.sql", "2_b/down.sql"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    hint, line = MigrationsFolder(tmp_path.name, DEFAULT, tmp_path.parent).hints()
    assert "run: pulumi config set migrationsPattern" in hint
    assert line.startswith(f"passed over: {tmp_path.name}/2_b/down.sql (that folder is not read")
    (tmp_path / "3_c.sql").touch()
    [line] = MigrationsFolder(tmp_path.name, DEFAULT, tmp_path.parent).hints()
    assert line.count("migration.sql") == 2
