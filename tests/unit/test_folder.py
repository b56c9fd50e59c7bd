"""The migrations folder is read as wrangler reads it."""

from pathlib import Path

import pytest

from infra.errors import ConfigError
from infra.migrations.folder import Migration, order, read_folder

WRANGLERS_ORDER = ["-1_neg", "0001_A", "0001_a", "2_b", "03-z", "3", "7x_y", "10_c", "ABC", "abc"]
"""Observed with wrangler 4.164.0."""


def test_files_run_in_wranglers_order() -> None:
    assert sorted(sorted(WRANGLERS_ORDER), key=order) == WRANGLERS_ORDER


def test_nested_names_are_ordered_segment_by_segment() -> None:
    names = ["1_a/migration.sql", "1_a/2.sql", "2_b", "10_a/1.sql"]
    assert sorted(names, key=order) == ["1_a/2.sql", "1_a/migration.sql", "2_b", "10_a/1.sql"]


def test_a_number_too_long_for_a_float_counts_as_none() -> None:
    assert min(["9" * 400 + "_x", "1_y"], key=order) == "1_y"


def test_only_regular_sql_files_directly_in_the_folder_count(tmp_path: Path) -> None:
    for name in ("2_b.sql", "1_a.sql", ".hidden.sql", "upper.SQL", "notes.md"):
        (tmp_path / name).write_text("SELECT 1;")
    (tmp_path / "3_folder.sql").mkdir()
    (tmp_path / "4_link.sql").symlink_to(tmp_path / "1_a.sql")
    assert [migration.name for migration in read_folder(tmp_path)] == ["1_a.sql", "2_b.sql"]


def test_line_ends_of_the_checkout_do_not_change_the_digest(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")
    (migration,) = read_folder(tmp_path)
    assert migration.sha256 == Migration("1.sql", "SELECT 1;\nSELECT 2;\n").sha256
    assert migration.sql == "SELECT 1;\r\nSELECT 2;\r\n", "a string in it may mean its CRLF"


def test_a_missing_folder_is_named_with_the_key_that_sets_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no migrations folder .*nowhere.*migrationsDir"):
        read_folder(tmp_path / "nowhere")


def test_a_file_that_is_not_text_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(b"SELECT 1;\nSELECT '\xff';\n")
    with pytest.raises(ConfigError, match=r"1\.sql:2: is not UTF-8"):
        read_folder(tmp_path)
