"""The migrations folder is read as wrangler reads it."""

import os
from pathlib import Path

import pytest

from pulumi_d1.errors import ConfigError
from pulumi_d1.migrations.folder import Migration, MigrationsFolder, migrations_folder, read_folder, sort_key
from pulumi_d1.migrations.pattern import DEFAULT, NESTED, Pattern

WRANGLERS_ORDER = ["-1_neg", "0001_A", "0001_a", "2_b", "03-z", "3", "7x_y", "10_c", "ABC", "abc"]
"""Observed with wrangler 4.164.0."""


def test_files_run_in_wranglers_order() -> None:
    assert sorted(sorted(WRANGLERS_ORDER), key=sort_key) == WRANGLERS_ORDER


def test_nested_names_are_ordered_segment_by_segment() -> None:
    names = ["1_a/migration.sql", "1_a/2.sql", "2_b", "10_a/1.sql"]
    assert sorted(names, key=sort_key) == ["1_a/2.sql", "1_a/migration.sql", "2_b", "10_a/1.sql"]


def test_white_space_before_a_number_is_javascripts() -> None:
    numbered, unnumbered = ["\ufeff1", "\u00a02", " 3", "4"], ["\x1c6", "\x855"]
    assert sorted([*unnumbered, *numbered], key=sort_key) == [*numbered, *unnumbered]


def test_a_number_too_long_for_a_float_counts_as_none() -> None:
    assert min(["9" * 400 + "_x", "1_y"], key=sort_key) == "1_y"


def test_only_regular_sql_files_directly_in_the_folder_count(tmp_path: Path) -> None:
    for name in ("2_b.sql", "1_a.sql", ".hidden.sql", "upper.SQL", "notes.md"):
        (tmp_path / name).write_text("SELECT 1;")
    (tmp_path / "3_folder.sql").mkdir()
    (tmp_path / "4_link.sql").symlink_to(tmp_path / "1_a.sql")
    assert [migration.name for migration in read_folder(tmp_path)] == ["1_a.sql", "2_b.sql"]


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("SELECT 1;")


def test_a_pattern_reaches_into_folders_and_names_keep_their_path(tmp_path: Path) -> None:
    folder = tmp_path / "drizzle"
    write(
        folder, "20250101_init/migration.sql", "20240101_first/migration.sql", "20240101_first/snapshot.json", "0.sql"
    )
    write(folder, "20240101_first/deep/migration.sql", ".meta/migration.sql", "9/migration.SQL")
    (folder / "3_link").symlink_to(folder / "20250101_init")
    (folder / "4_file").mkdir()
    (folder / "4_file" / "migration.sql").symlink_to(folder / "0.sql")
    (folder / "5_folder" / "migration.sql").mkdir(parents=True)
    migrations = read_folder(folder, NESTED)
    assert [migration.name for migration in migrations] == [
        "20240101_first/migration.sql",
        "20250101_init/migration.sql",
    ]
    assert {migration.sql for migration in migrations} == {"SELECT 1;"}


def test_two_stars_reach_every_depth(tmp_path: Path) -> None:
    write(tmp_path, "2.sql", "1/2/3.sql", "1/1.sql")
    names = [migration.name for migration in read_folder(tmp_path, Pattern("**/*.sql"))]
    assert names == ["1/1.sql", "1/2/3.sql", "2.sql"]


@pytest.mark.parametrize("name", ["1_\n.sql", "1_\x1b.sql", os.fsdecode(b"1_\xff.sql")])
def test_an_unprintable_name_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    with pytest.raises(ConfigError, match=r"the file name '1_\\.+' is not printable: rename it") as refused:
        read_folder(tmp_path)
    assert str(refused.value).isprintable()
    (tmp_path / name).rename(tmp_path / f"{name}.txt")
    assert read_folder(tmp_path) == (), "only a migration needs a proper name"


def test_a_nested_layout_without_a_pattern_gives_a_hint(tmp_path: Path) -> None:
    def hint(pattern: Pattern = DEFAULT, name: str = "drizzle") -> str | None:
        return MigrationsFolder(name, pattern, tmp_path).layout_hint()

    (tmp_path / "drizzle").mkdir()
    assert hint() is None, "an empty folder is one that was just created"
    write(tmp_path / "drizzle", "1_a/migration.sql")
    expected = "run: pulumi config set migrationsPattern 'drizzle/*/migration.sql'"
    assert expected in (hint() or "")
    assert expected in (hint(Pattern("*.ddl"), "./drizzle/") or "")
    assert hint(NESTED) is None
    write(tmp_path / "drizzle", "1_a.sql")
    assert hint() is None


def test_the_two_settings_name_a_folder_below_the_projects(tmp_path: Path) -> None:
    write(tmp_path / "drizzle", "2_b/migration.sql", "1_a/migration.sql", "0.sql")
    folder = migrations_folder("drizzle", "drizzle/*/migration.sql", tmp_path)
    assert [migration.name for migration in folder.read()] == ["1_a/migration.sql", "2_b/migration.sql"]
    assert [migration.name for migration in migrations_folder("drizzle", root=tmp_path).read()] == ["0.sql"]
    with pytest.raises(ConfigError, match="does not start with 'drizzle/'"):
        migrations_folder("drizzle", "sql/*.sql")


def test_line_ends_of_the_checkout_do_not_change_the_digest(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(b"SELECT 1;\r\nSELECT 2;\r\n")
    (migration,) = read_folder(tmp_path)
    assert migration.sha256 == Migration("1.sql", "SELECT 1;\nSELECT 2;\n").sha256
    assert migration.sql == "SELECT 1;\r\nSELECT 2;\r\n", "a string in it may mean its CRLF"


def test_a_missing_folder_is_named_with_the_key_that_sets_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no migrations folder .*nowhere.*migrationsDir"):
        read_folder(tmp_path / "nowhere")


SQL = "SELECT 1;\nSELECT 'é';\n"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (SQL.encode("latin-1"), "1.sql:2: is not UTF-8 text: byte 18 is 0xe9: save"),
        (SQL.encode("utf-16-le"), "1.sql:1: is not UTF-8 text: it has NUL bytes (UTF-16?), the first at byte 1: save"),
        (SQL.encode("utf-16-be"), "1.sql:1: is not UTF-8 text: it has NUL bytes (UTF-16?), the first at byte 0: save"),
        (b"SELECT 1;\n\0", "1.sql:2: is not UTF-8 text: it has NUL bytes (UTF-16?), the first at byte 10: save"),
        (SQL.encode("utf-16"), "1.sql:1: is not UTF-8 text: it starts with the mark of UTF-16 or UTF-32: save"),
        (b"\xfe\xff" + SQL.encode("utf-16-be"), "it starts with the mark of UTF-16 or UTF-32: save"),
        (b"\0\0\xfe\xff" + SQL.encode("utf-32-be"), "it starts with the mark of UTF-16 or UTF-32: save"),
    ],
)
def test_case_41_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "1.sql").write_bytes(raw)
    with pytest.raises(ConfigError) as refused:
        read_folder(tmp_path)
    assert str(refused.value).endswith("save the file as UTF-8")
    assert message in str(refused.value)


def test_the_mark_of_utf_8_is_text(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text(SQL, encoding="utf-8-sig")
    assert [migration.sql for migration in read_folder(tmp_path)] == [f"\ufeff{SQL}"]
